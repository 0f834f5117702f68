"""Test that ``verify`` finds and names every changed bit and every changed file of the record."""

import json
import random
import shutil
import subprocess
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from sprints.git.gateway_repo import home_of
from sprints.state.event_format import FIRST_PREV, canonical, chain
from sprints.store.layout import Store
from tests import studio
from tests.checkout import commit, git
from tests.conftest import NewStore
from tests.database import Image
from tests.faults.table import KILLS, SEED, SHORT, trial
from tests.world import MARK

FLIPS = 100 if SHORT else KILLS * 8  # 4,000 for the default of ``make test-faults``

# Not the record: docs/operations.md says why, and what looks at each of them.
FREE = ("work/", "hooks/", "calls/", "backups/", "home/", "homes/")
FREE_NAMES = (".gitignore", "config.json", "clones.json", ".state.json.seal", "agent_logs.seq")


@dataclass(frozen=True)
class Furnished:
    """A store and its database."""

    store: Store
    image: Image


@pytest.fixture(scope="module")
def made(
    empty_database: Image,
    new_store: NewStore,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Furnished]:
    """A store with a sprint of every ending, agents, hooks, shipped work and an archived sprint."""
    from gates import process

    repo = tmp_path_factory.mktemp("tampering") / "repo"
    store = Store(repo)
    commit_first(repo)
    with (
        django_db_blocker.unblock(),
        override_settings(STORE=store),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv(MARK, str(repo))
        shutil.copytree(new_store.folder, store.root)
        new_store.image.restore()
        studio.initialise()
        furnish()
        studio.settle_files()
        process.cool()
        image = Image()
        empty_database.restore()
    with closing(image):
        yield Furnished(store, image)


@pytest.fixture
def furnished(made: Furnished, transactional_db: None) -> Iterator[Store]:
    """That store, in use."""
    made.image.restore()
    with override_settings(STORE=made.store):
        assert studio.verify().difference is None
        yield made.store
        assert studio.verify().difference is None


def commit_first(repo: Path) -> None:
    repo.mkdir()
    commit(repo, {"README": "of the project\n", "src/a": "a\n" * 40})


def furnish() -> None:
    """Make sprints end in every way."""
    studio.configure("enable_auto_merge", "true", "test")
    studio.gate("sh", "-c", "echo out; echo err >&2")
    studio.hook("guard", "command", ("round_done",), ("true",), blocking=True)
    studio.speaker("replies")
    studio.create("shipped")
    assert studio.run("shipped").sprint.status == "succeeded"
    assert studio.events("shipped")
    studio.speaker("directional")
    studio.create("asks", brief="A question first.")
    assert studio.run("asks").sprint.status == "blocked"
    studio.speaker("exits3")
    studio.create("broken")
    assert studio.run("broken").sprint.status in ("blocked", "failed")
    studio.silence()
    for name, command in (("failed", "false"), ("old", "true"), ("cancelled", "true")):
        studio.gate(command)
        studio.create(name)
        if name == "cancelled":
            studio.run(name, one_round=True)
            studio.cancel(name, "test")
        else:
            studio.run(name)
    studio.create("pending")
    studio.archive(["old"], "test")


def recorded(store: Store) -> list[Path]:
    """The files of the record, which have a byte at least."""
    found = []
    for path in sorted(store.root.rglob("*")):
        name = path.relative_to(store.root).as_posix()
        is_git = name.startswith("git/") and not name.startswith("git/own.git/")
        is_free = name in FREE_NAMES or name.startswith(FREE) or name.endswith(".lock") or is_git
        is_database = name.startswith(store.database.name)
        if path.is_file() and path.stat().st_size and not (is_free or is_database):
            found.append(path)
    return found


def names_of(store: Store, path: Path) -> list[str]:
    """The words of which one names the file in a finding: every link to it, or its sprint."""
    same = [path, *(one for one in store.artifacts.rglob(path.name) if one.samefile(path))]
    names = [str(one.relative_to(store.root)).removeprefix("artifacts/") for one in same]
    own = home_of(store.root) / "own.git"
    if path.is_relative_to(own / "refs"):
        names += [path.relative_to(own).as_posix(), f"git/own.git lacks the work of {path.name}"]
    if path.parent == own:
        names.append("git/own.git is not there")
    return names


def changes_nothing(path: Path, before: bytes, after: bytes) -> bool:
    """Whether a compressed object of git has the same content in other bits."""
    if "objects" not in path.parts or path.parent.name == "pack":
        return False
    inflate = zlib.decompressobj()
    try:
        same = inflate.decompress(after) == zlib.decompress(before)
    except zlib.error:
        return False
    return same and inflate.eof and not inflate.unused_data


def write(path: Path, data: bytes) -> None:
    """Write in place, also what git has made read-only."""
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.write(data)


def test_every_flipped_bit_is_found_and_its_file_named(furnished):
    files, chance = recorded(furnished), random.Random(SEED)
    sizes = [path.stat().st_size for path in files]
    alike = 0

    for number in range(FLIPS):
        # Half of them by bytes, half of them by files: most bytes are in few files.
        (path,) = chance.choices(files, sizes if number % 2 else None)
        was = path.read_bytes()
        bit = chance.randrange(len(was) * 8)
        now = bytearray(was)
        now[bit // 8] ^= 1 << bit % 8
        with trial("a bit flipped", furnished.root):
            write(path, bytes(now))
            found = studio.verify().difference
            write(path, was)
            if found is None:
                assert changes_nothing(path, was, bytes(now)), f"bit {bit} of {path}"
                alike += 1
            else:
                named = any(name in found.text for name in names_of(furnished, path))
                assert named, f"bit {bit} of {path}: {found.text}"

    assert alike <= FLIPS / 50


def the(store: Store, pattern: str) -> Path:
    """The first file of that name below the store."""
    return min(path for path in store.root.glob(pattern) if path.is_file())


def lines(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Path], object]:
    """A change of the lines of a file."""
    return lambda path: path.write_bytes(
        b"".join(change(path.read_bytes().splitlines(keepends=True)))
    )


def text(old: str, new: str) -> Callable[[Path], object]:
    """A change of a word in a file."""
    return lambda path: path.write_text(path.read_text().replace(old, new, 1))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def delete_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def forge(path: Path) -> None:
    """Put another file in its place, as an editor does."""
    size = path.stat().st_size
    path.unlink()
    path.write_bytes(b"all is well".ljust(size, b"."))


def other_history(path: Path) -> None:
    """Change an event, and every hash after it so that the chain holds."""
    prev, said = FIRST_PREV, []
    for line in path.read_text().splitlines():
        event = {k: v for k, v in json.loads(line).items() if k != "hash"} | {"prev": prev}
        event["message"] = event["message"].replace("failed", "passed")
        prev = chain(prev, event)
        said.append(canonical(event | {"hash": prev}) + "\n")
    path.write_text("".join(said))


def swap(path: Path) -> None:
    """Put the result of another run in its place."""
    others = path.parents[3].rglob(path.name)
    other = next(one for one in others if one.read_bytes() != path.read_bytes())
    forge(path)
    path.write_bytes(other.read_bytes())


def link(path: Path) -> None:
    kept = path.rename(path.with_name("kept"))
    path.symlink_to(kept)


def lose_work(path: Path) -> None:
    """Delete the newest commit of an agent."""
    head = path.read_text().strip()
    (path.parents[3] / "objects" / head[:2] / head[2:]).unlink()


def put_back(path: Path) -> None:
    """Let a branch name an older commit, which is there."""
    own = path.parents[3]
    path.write_text(git(own, "rev-parse", f"{path.read_text().strip()}^") + "\n")


EVENTS, STATE, BRANCHES = "events.jsonl", "state.json", "git/own.git/refs/heads/sg/"
RUN, GATE = "artifacts/broken/agents/*/*/runs/1/", "artifacts/failed/gates/*/"
SHIPPED = "artifacts/shipped/"
TAMPERINGS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "the last line is cut": (EVENTS, lines(lambda all: all[:-1])),
    "half of the lines are cut": (EVENTS, lines(lambda all: all[: len(all) // 2])),
    "the events are emptied": (EVENTS, empty),
    "the events are deleted": (EVENTS, Path.unlink),
    "a line is dropped": (EVENTS, lines(lambda all: all[:5] + all[6:])),
    "two lines are swapped": (EVENTS, lines(lambda all: [all[1], all[0], *all[2:]])),
    "a line is doubled": (EVENTS, lines(lambda all: [*all, all[-1]])),
    "another history is told": (EVENTS, other_history),
    "the state is emptied": (STATE, empty),
    "the state is deleted": (STATE, Path.unlink),
    "the state is forged": (STATE, text('"failed"', '"succeeded"')),
    "a prompt is emptied": (f"{RUN}prompt.txt", empty),
    "a prompt is replaced": (f"{RUN}prompt.txt", forge),
    "a result is deleted": (f"{RUN}result.json", Path.unlink),
    "a result of another run is shown": (f"{SHIPPED}agents/*/*/runs/1/result.json", swap),
    "a process is replaced": (f"{SHIPPED}gates/*/runs/1/process.json", forge),
    "an output is cut": (f"{SHIPPED}gates/*/runs/1/stdout.txt", text("out", "")),
    "an output is a link": (f"{GATE}runs/1/stderr.txt", link),
    "the latest output is forged": (f"{SHIPPED}gates/*/stdout.txt", forge),
    "the latest output is deleted": (f"{GATE}stdout.txt", Path.unlink),
    "what a hook got is forged": (f"{SHIPPED}hooks/*/1/stdin.json", forge),
    "an archived run is deleted": ("artifacts/old/gates/*/runs/1/process.json", delete_folder),
    "a commit of an agent is deleted": (f"{BRANCHES}asks", lose_work),
    "a branch is deleted": (f"{BRANCHES}shipped", Path.unlink),
    "a branch is put back": (f"{BRANCHES}shipped", put_back),
    "a setting of git is added": ("git/own.git/config", text("[core]", "[alias]\n[core]")),
    "the commits of agents are deleted": ("git/own.git/HEAD", delete_folder),
}


def test_every_file_that_somebody_has_tampered_with_is_found_and_named(furnished, tmp_path):
    kept = tmp_path / "kept"
    copy(furnished.root, kept)

    for what, (pattern, tamper) in TAMPERINGS.items():
        path = the(furnished, pattern)
        names = names_of(furnished, path)
        with trial("a file tampered with", furnished.root):
            tamper(path)
            found = studio.verify().difference
            assert found is not None, what
            assert any(name in found.text for name in names), f"{what}: {found.text}"
        shutil.rmtree(furnished.root)
        copy(kept, furnished.root)


def copy(source: Path, target: Path) -> None:
    """Copy a store with its hard links."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
