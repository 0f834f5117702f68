"""A program with a private HOME has its own sign-in there, and reads only what is listed."""

import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gates import private_home, process, toolchains
from gates.process import Spec
from gates.sandbox import Sandbox
from gates.supervision import landlock
from tests.gates.test_sandbox import confines, release
from tests.gates.test_sandbox_home import KEPT_OPEN, PROBE, READS, WRITES

WHO = ('agent_01 "Lead"', "agent_01@studio-gateway.invalid")
LOGIN = ".claude/.credentials.json"


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A HOME of the gateway's user, with each of these files in it."""
    for name in (*READS.values(), *WRITES.values(), *KEPT_OPEN.values()):
        path = tmp_path / "user" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("kept")
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    return tmp_path / "user"


def prepared(user: Path, *programs: str, **env: str) -> private_home.PrivateHome:
    return private_home.prepare(user.parent / "homes" / "agent_01", user, programs, env, WHO)


@pytest.fixture
def tried(tmp_path: Path, user: Path) -> Callable[..., dict[str, str]]:
    """Open those paths in a private HOME, relative to it; gives what came of each."""

    def probe(doors: dict[str, str], mode: str, *programs: str, declared: str = "") -> dict:
        own = tmp_path / "clone"
        own.mkdir(exist_ok=True)
        home = prepared(user, *programs)
        path = os.environ["PATH"]
        readable = toolchains.readable(path, [sys.executable], user)
        sandbox = Sandbox(own=(own,), writable=(Path(declared),) if declared else ())
        words = json.dumps([(name, str(user / door), mode) for name, door in doors.items()])
        done = process.run(
            spec := Spec(
                argv=(sys.executable, "-I", "-S", "-c", PROBE, words),
                cwd=own,
                env={"PATH": path, "HOME": str(home.folder)},
                run_dir=tmp_path / "run",
                run_id="probe",
                token="probe.1",
                timeout_s=60.0,
                sandbox=sandbox.in_private_home(home.folder, readable, home.links.values()),
            )
        )
        private_home.settle(home)
        assert done.exit_code == 0, (spec.run_dir / "stderr.txt").read_text()
        assert done.sandbox == landlock.state(release(), listed=True)
        said: dict[str, str] = json.loads((spec.run_dir / "stdout.txt").read_text())
        return said

    return probe


def denied(said: dict[str, str]) -> bool:
    return set(said.values()) == {"PermissionError"}


@confines
def test_nothing_of_the_users_home_is_read_or_written_but_the_programs_own_sign_in(tried, user):
    others = {name: path for name, path in KEPT_OPEN.items() if path != LOGIN}

    assert denied(tried(READS | WRITES | others, "r", "claude"))
    assert denied(tried(READS | WRITES | others, "a", "claude"))
    assert tried({"own": LOGIN}, "a", "claude") == {"own": "done"}
    assert (user / LOGIN).read_text() == "kept+"
    assert denied(tried({"own": LOGIN}, "r"))
    assert denied(tried({"own": LOGIN}, "r", "codex"))


@confines
def test_data_outside_of_home_is_closed_and_the_system_is_not(tried, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x").write_text("kept")
    doors = {"data": "../data/x", "shadow": "/etc/shadow", "temporary": "/tmp"}
    system = {"certificates": "/etc/passwd", "kernel": "/proc/cpuinfo", "null": "/dev/null"}

    assert denied({name: said for name, said in tried(doors, "r").items() if name != "temporary"})
    assert set(tried(system, "r").values()) == {"done"}


@confines
def test_terminals_are_closed(tried):
    doors = {"own": "/dev/tty", "multiplexer": "/dev/ptmx", "others": "/dev/pts/ptmx"}
    doors = {name: path for name, path in doors.items() if Path(path).exists()}

    assert doors
    assert denied(tried(doors, "w"))


@confines
def test_a_declared_path_is_open_and_what_is_closed_in_it_is_not(tried, user, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x").write_text("kept")

    assert tried({"it": "../data/x"}, "a", declared=str(tmp_path / "data")) == {"it": "done"}
    assert tried({"it": ".npmrc"}, "r", declared=str(user)) == {"it": "done"}
    assert denied(tried({"it": ".ssh/id_ed25519"}, "r", declared=str(user)))
    assert tried({"it": ".ssh/id_ed25519"}, "r", declared=str(user / ".ssh")) == {"it": "done"}


def test_a_home_is_made_once_and_for_its_owner_alone(user):
    home = prepared(user, "claude", "codex")
    (home.folder / ".gitconfig").write_text("mine")

    again = prepared(user, "claude", "codex")

    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((home.folder / ".claude").stat().st_mode) == 0o700
    assert (home.folder / ".gitconfig").read_text() == "mine"
    assert again.links == {LOGIN: user / LOGIN, ".codex/auth.json": user / ".codex/auth.json"}


def test_git_finds_an_identity_in_it(user):
    home = prepared(user)

    text = (home.folder / ".gitconfig").read_text()

    assert 'name = "agent_01 \\"Lead\\""' in text
    assert "email = agent_01@studio-gateway.invalid" in text


def test_a_sign_in_that_comes_later_is_found_and_one_that_goes_is_not(user):
    (user / LOGIN).unlink()
    assert not private_home.is_signed_in(prepared(user, "claude"), "claude")

    (user / LOGIN).write_text("new")
    assert private_home.is_signed_in(prepared(user, "claude"), "claude")

    (user / LOGIN).unlink()
    assert not private_home.is_signed_in(prepared(user, "claude"), "claude")


def test_a_sign_in_lies_where_the_variable_of_its_program_says(user, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "auth.json").write_text("x")

    home = prepared(user, "codex", CODEX_HOME=str(tmp_path / "elsewhere"))

    assert home.links == {".codex/auth.json": tmp_path / "elsewhere" / "auth.json"}


def test_a_sign_in_that_replaced_the_link_goes_to_the_user_and_is_linked_again(user):
    home = prepared(user, "claude")
    (home.folder / "new").write_text("renewed")
    (home.folder / "new").replace(home.folder / LOGIN)

    private_home.settle(home)

    assert (user / LOGIN).read_text() == "renewed"
    assert stat.S_IMODE((user / LOGIN).stat().st_mode) == 0o600
    assert (home.folder / LOGIN).readlink() == user / LOGIN


def renewed(user: Path, text: str = "renewed") -> private_home.PrivateHome:
    """A HOME whose program has replaced the link, after which nobody came to settle it."""
    home = prepared(user, "claude")
    (home.folder / LOGIN).unlink()
    (home.folder / LOGIN).write_text(text)
    return home


@pytest.mark.parametrize("next_program", ["claude", "codex"])
def test_a_sign_in_renewed_before_a_crash_goes_to_the_user_at_the_next_start(user, next_program):
    home = renewed(user)

    again = prepared(user, next_program)

    assert (user / LOGIN).read_text() == "renewed"
    assert (home.folder / LOGIN).readlink() == user / LOGIN
    assert (LOGIN in again.links) == (next_program == "claude")


def test_a_user_who_signs_in_after_a_crash_keeps_that_and_the_agent_gets_it(user):
    home = renewed(user)
    (user / LOGIN).write_text("anew")
    later = (home.folder / LOGIN).stat().st_mtime + 60
    os.utime(user / LOGIN, (later, later))

    prepared(user, "claude")

    assert (user / LOGIN).read_text() == "anew"
    assert (home.folder / LOGIN).readlink() == user / LOGIN


def test_a_user_who_has_signed_out_is_not_signed_in_again(user):
    home = renewed(user)
    (user / LOGIN).unlink()

    private_home.settle(home)
    prepared(user, "claude")

    assert not (user / LOGIN).exists()


@pytest.mark.parametrize("text", ["", "[]", '{"a": 5}', "\0"])
def test_a_damaged_note_of_the_links_is_as_none(user, text):
    home = renewed(user)
    (note,) = home.folder.parent.glob(".agent_01.*")
    note.write_text(text)

    assert prepared(user, "claude").links == {}
    assert (user / LOGIN).read_text() == "kept"


def test_an_own_sign_in_stays_the_agents(user):
    home = prepared(user)
    (home.folder / ".claude").mkdir()
    (home.folder / LOGIN).write_text("its own")

    private_home.settle(again := prepared(user, "claude"))

    assert again.links == {}
    assert private_home.is_signed_in(again, "claude")
    assert ((home.folder / LOGIN).read_text(), (user / LOGIN).read_text()) == ("its own", "kept")


@pytest.mark.parametrize("trap", [".claude", LOGIN, ".gitconfig"])
def test_links_that_a_program_has_left_lead_the_gateway_nowhere(user, trap):
    home = prepared(user)
    (home.folder / trap).unlink(missing_ok=True)
    (home.folder / trap).parent.mkdir(exist_ok=True)
    (home.folder / trap).symlink_to(user / ".ssh")
    before = sorted(path.name for path in (user / ".ssh").iterdir())

    private_home.settle(prepared(user, "claude"))

    assert sorted(path.name for path in (user / ".ssh").iterdir()) == before
    assert (user / LOGIN).read_text() == "kept"


def test_a_pipe_in_place_of_a_sign_in_holds_no_one_up(user):
    home = prepared(user, "claude")
    (home.folder / LOGIN).unlink()
    os.mkfifo(home.folder / LOGIN)

    private_home.settle(home)

    assert (user / LOGIN).read_text() == "kept"


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (("/usr/bin/codex", "exec"), {"codex"}),
        (("sh", "-c", "cd x && claude -p"), {"claude"}),
        (("python", "claude-like.py"), set()),
    ],
)
def test_programs_are_named_in_commands_for_a_shell_too(command, found):
    assert private_home.named_in(command) == found


def test_each_agent_program_has_a_sign_in_in_its_own_folders():
    assert private_home.SIGN_INS.keys() == private_home.PROGRAM_FOLDERS.keys()
    for program, (files, command, _) in private_home.SIGN_INS.items():
        folders = private_home.PROGRAM_FOLDERS[program]
        assert all(any(Path(file).is_relative_to(one) for one in folders) for file in files)
        assert command.startswith(program)


def gates_home(user: Path, *command: str, **own: str) -> tuple[dict[str, str], Sandbox]:
    """What a gate with that command and environment of its own gets."""
    home = user.parent / "homes" / "gates"
    found = Sandbox(own=(Path("/clone"),), home=home, readable=(Path("/checkout"),))
    env = {"PATH": "/usr/bin", "HOME": str(user), "XDG_CACHE_HOME": str(user / ".cache"), **own}
    return private_home.for_gate(command, env, own, found)


def test_gates_find_the_filled_caches_in_their_home(user):
    env, sandbox = gates_home(user, "npm", "test")

    home = user.parent / "homes" / "gates"
    assert env == {"PATH": "/usr/bin", "HOME": str(home)}
    assert (home / ".npm").readlink() == user / ".npm"
    assert (home / ".cargo" / "registry" / "x").read_text() == "kept"
    assert user / ".npm" in sandbox.writable
    assert not os.path.lexists(home / ".m2")  # the user has none


def test_a_gate_keeps_a_variable_of_its_own(user):
    env, _ = gates_home(user, "true", XDG_CACHE_HOME="/srv/cache")

    assert env["XDG_CACHE_HOME"] == "/srv/cache"


@pytest.mark.parametrize(
    ("command", "is_read"),
    [
        (("{}",), True),
        (("sh", "-c", "cd x && '{}' -q"), True),
        (("sh", "-c", "echo", "{}"), True),
        (("python", "-c", "open('{}')"), False),
        (("sh", "-c", "'{}"), False),
    ],
)
def test_a_gate_reads_the_files_that_its_command_names(user, command, is_read):
    script = user / "Documents" / "letter.txt"

    _, sandbox = gates_home(user, *(word.format(script) for word in command))

    assert (script in sandbox.readable) == is_read
    assert Path("/checkout") in sandbox.readable


def test_what_lies_in_the_way_of_a_cache_stays(user):
    home = user.parent / "homes" / "gates"
    (home / ".npm").mkdir(parents=True)
    (home / ".cache").symlink_to(user / ".ssh")

    gates_home(user, "true")

    assert (home / ".npm").is_dir()
    assert not (home / ".npm").is_symlink()
    assert (home / ".cache").readlink() == user / ".cache"
