"""A sandboxed program cannot read or write outside its sandbox, on this machine's kernel."""

import json
import os
import sqlite3
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from gates import process, scratch
from gates.process import Spec
from gates.sandbox import Sandbox
from gates.supervision import landlock

HOSTILE = Path(__file__).with_name("hostile") / "outside.py"
ERRORS = {"EACCES", "EPERM", "EXDEV"}


def release() -> int:
    """Of the Landlock that is here; 0 without one."""
    try:
        return landlock.abi()
    except OSError:
        return 0


confines = pytest.mark.skipif(
    release() < 3, reason="NOT TESTED: this kernel has no Landlock that keeps all its promises"
)


class Scene:
    """A checkout with its store, and in that a clone and another's."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.checkout, self.home = root / "checkout", root / "home"
        self.store = self.checkout / ".studio_gateway"
        self.clone, self.other = self.store / "work" / "mine", self.store / "work" / "other"
        for folder in (self.clone, self.other, self.checkout / ".git", self.home / ".cache"):
            folder.mkdir(parents=True)
        (self.checkout / "kept.txt").write_text("kept")
        (self.other / "theirs.txt").write_text("theirs")
        (self.store / "config.json").write_text('{"auth_token": "a-very-secret-token"}')
        with sqlite3.connect(self.store / "gateway.sqlite3") as database:
            database.execute("CREATE TABLE t (x)")
        self.sandbox = Sandbox(
            own=(self.clone,),
            writable=(self.home,),
            closed=(self.store,),
            kept=(self.checkout,),
        )

    def seen(self) -> dict[str, Any]:
        """All of it but for the clone: each path with its mode and what it holds."""
        return {
            str(path): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
            for path in sorted(self.root.rglob("*"))
            if not path.is_relative_to(self.clone) and not path.is_relative_to(self.root / "run")
        }


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.fixture
def gate(scene: Scene) -> Iterator[Callable[..., Spec]]:
    """The spec of a gate that runs the words in the clone, behind the scene's sandbox."""
    name = f"test-{uuid.uuid4().hex}"

    def spec(*argv: str, **changes: Any) -> Spec:
        plain = Spec(
            argv=argv,
            cwd=scene.clone,
            env={"PATH": os.environ["PATH"], "HOME": str(scene.home)},
            run_dir=scene.root / "run",
            run_id=name,
            token=f"{name}.1",
            timeout_s=60.0,
            sandbox=scene.sandbox,
        )
        return replace(plain, **changes)

    yield spec
    process.cool()


def printed(spec: Spec) -> str:
    return "".join((spec.run_dir / f"{name}.txt").read_text() for name in ("stdout", "stderr"))


@confines
def test_what_a_program_tries_outside_its_fence_is_refused_and_nothing_has_changed(
    scene, gate, monkeypatch
):
    monkeypatch.setenv("SECRET_KEY", "the-gateway's-own")
    before = scene.seen()
    words = (str(scene.checkout), str(scene.store), str(os.getpid()))
    spec = gate(sys.executable, "-I", str(HOSTILE), *words)

    done = process.run(spec)

    tried = json.loads(printed(spec))
    got_through = {name: said for name, said in tried.items() if said not in ERRORS}
    allowed = {"signal the gateway": "done"} if release() < 6 else {}
    assert got_through == allowed
    assert (done.ending, done.exit_code) == ("exited", 0)
    assert done.sandbox == f"landlock abi {release()}"
    assert scene.seen() == before
    assert not Path("/tmp/studio-gateway-was-here").exists()


def test_without_a_fence_the_same_program_gets_through(scene, gate):
    words = (str(scene.checkout), str(scene.store), str(os.getpid()))

    done = process.run(gate(sys.executable, "-I", str(HOSTILE), *words, sandbox=None))

    tried = json.loads((scene.root / "run" / "stdout.txt").read_text())
    Path("/etc/studio-gateway-was-here").unlink(missing_ok=True)
    Path("/tmp/studio-gateway-was-here").unlink(missing_ok=True)
    assert done.sandbox == "off"
    assert tried["read the key"] == tried["write the checkout"] == "done"
    assert tried["read the gateway's environment"] == "done"


@confines
def test_the_modes_of_files_outside_can_be_changed_but_not_what_they_hold(scene, gate):
    program = (
        f"chmod 666 {scene.checkout}/kept.txt; echo x > {scene.checkout}/kept.txt;"
        f" chmod 644 {scene.store}/config.json; cat {scene.store}/config.json"
    )

    process.run(spec := gate("sh", "-c", program))

    assert (scene.checkout / "kept.txt").read_text() == "kept"
    assert "a-very-secret-token" not in printed(spec)


@confines
def test_ordinary_work_goes_on_inside(scene, gate):
    (scene.clone / "Makefile").write_text(
        "all:\n\tcp a.txt b.txt && mkdir -p out && mv b.txt out/c\n"
    )
    (scene.clone / "a.txt").write_text("a")
    (scene.clone / "test_it.py").write_text(
        "import multiprocessing, subprocess, tempfile\n"
        "def test_it(tmp_path):\n"
        "    (tmp_path / 'x').write_text('x')\n"
        "    tempfile.TemporaryFile().write(b'x')\n"
        "    multiprocessing.Lock()\n"
        "    assert multiprocessing.Manager().list([1])[0] == 1\n"
        "    subprocess.run('echo x > /dev/null; echo y > /dev/stderr', shell=True, check=True)\n"
    )
    work = (
        "set -ex\n"
        "git init -q . && git config user.name n && git config user.email n@example.com\n"
        "git add -A && git commit -qm one && git checkout -qb two && git gc -q && git status\n"
        "git clone -q . ../mine/again && git worktree add -q wt && ls / .. ~ > /dev/null\n"
        "make && test -f out/c\n"
        f"{sys.executable} -m pytest -q -p no:cacheprovider test_it.py\n"
        f"{sys.executable} -m venv --without-pip env && env/bin/python -c 'print(1)'\n"
        'echo x > "$HOME/.cache/x" && echo x > "$HOME/new" && mktemp && test -d "$TMPDIR"\n'
    )

    done = process.run(spec := gate("sh", "-c", work))

    assert done.exit_code == 0, printed(spec)
    assert not scratch.scratch_of(spec.token).exists()


@confines
def test_a_home_that_leads_to_the_checkout_is_writable_but_for_that(scene, gate):
    sandbox = replace(scene.sandbox, writable=(scene.root,))
    (scene.root / ".tool").mkdir()
    work = f"echo x > {scene.root}/.tool/x; echo x > {scene.checkout}/x; echo x > {scene.root}/new"

    process.run(gate("sh", "-c", work, sandbox=sandbox))

    assert (scene.root / ".tool" / "x").exists()
    assert not (scene.checkout / "x").exists()
    assert not (scene.root / "new").exists()


@confines
def test_what_is_shown_may_be_read_and_not_written(scene, gate):
    sandbox = replace(scene.sandbox, own=(), shown=(scene.clone, scene.other / "theirs.txt"))
    (scene.clone / "a.txt").write_text("hello")
    work = f"cat a.txt {scene.other}/theirs.txt; echo x > b.txt; echo x >> a.txt; rm a.txt"

    process.run(spec := gate("sh", "-c", work, sandbox=sandbox))

    assert printed(spec).startswith("hellotheirs")
    assert [path.name for path in scene.clone.iterdir()] == ["a.txt"]
    assert (scene.clone / "a.txt").read_text() == "hello"


@confines
def test_a_link_beside_the_way_to_the_store_opens_nothing(scene, gate):
    (scene.root / "shortcut").symlink_to(scene.store)

    process.run(spec := gate("cat", str(scene.root / "shortcut" / "config.json")))

    assert "Permission denied" in printed(spec)


@confines
def test_the_gateway_itself_and_its_next_program_are_free(scene, gate):
    process.warm()
    process.run(gate("true"))

    done = process.run(gate("sh", "-c", f"echo x > {scene.checkout}/free", sandbox=None, token="2"))

    assert (done.exit_code, done.sandbox) == (0, "off")
    assert (scene.checkout / "free").exists()
    (scene.checkout / "also").write_text("x")


@confines
def test_temporary_files_go_with_a_run_that_nobody_attends_any_more(scene, gate):
    spec = gate("true")
    folder = scratch.make(spec.token)
    (folder / "left").write_text("x")
    spec.run_dir.mkdir()

    assert process.recover(spec.run_dir, spec.token) is None

    assert not folder.exists()


def test_a_kernel_without_landlock_is_said_or_refused(scene, monkeypatch):
    def absent() -> int:
        raise OSError(38, "this kernel has no Landlock")

    monkeypatch.setattr(landlock, "abi", absent)

    assert landlock.put_up(None) == (None, "off")
    said = landlock.put_up(scene.sandbox.to_json())
    assert said == (None, "unavailable: this kernel has no Landlock")
    with pytest.raises(OSError, match="the sandbox is required, and this kernel has no Landlock"):
        landlock.put_up(replace(scene.sandbox, required=True).to_json())


@confines
def test_a_kernel_that_has_it_and_fails_runs_nothing(scene, monkeypatch):
    def full(sandbox: Any, release: int) -> int:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(landlock, "rules", full)

    with pytest.raises(OSError, match="the sandbox failed: Cannot allocate memory"):
        landlock.put_up(scene.sandbox.to_json())


def test_the_rules_name_all_but_the_store(scene):
    (scene.root / "beside").mkdir()
    rules = dict(landlock.allowed(scene.sandbox.to_json()))

    def may(path: Path) -> int:
        inside = [access for p, access in rules.items() if landlock.is_within(bytes(path), p)]
        return reduce(int.__or__, inside, 0)

    assert may(scene.store / "config.json") == landlock.READ_DIR
    assert may(scene.other) == landlock.READ_DIR
    assert may(scene.checkout / "kept.txt") == landlock.READ
    assert may(scene.root / "beside") == landlock.READ
    assert may(scene.clone) & landlock.WRITE_FILE
    assert may(scene.home) & landlock.WRITE_FILE


def test_each_release_is_asked_for_no_more_than_it_knows():
    asked = [landlock.handled(n) for n in (1, 2, 3, 7)]

    assert [n.bit_length() for n in asked] == [13, 14, 15, 15]


def test_a_folder_that_may_only_be_passed_through_hides_no_way(scene, monkeypatch):
    real: Callable[[Any], list[Any]] = os.listdir

    def shut(path: Any) -> list[Any]:
        if path == bytes(scene.root):
            raise PermissionError(13, "no")
        return real(path)

    monkeypatch.setattr(landlock.os, "listdir", shut)
    places = [*landlock.beside(bytes(scene.root), [bytes(scene.store)])]

    assert bytes(scene.checkout / "kept.txt") in places
    assert bytes(scene.home) not in places
