"""A sandboxed program uses in HOME what it needs, and no credentials or other checkouts."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gates import process
from gates.process import Spec
from gates.sandbox import PROGRAM_FOLDERS, Sandbox, programs_in
from tests.gates.test_sandbox import confines

# What a program could do in a HOME, by name: the path, and how it opens it.
READS = {
    "ssh key": ".ssh/id_ed25519",
    "gpg key": ".gnupg/key",
    "netrc": ".netrc",
    "git credentials": ".git-credentials",
    "forge token": ".config/gh/hosts.yml",
    "cloud key": ".aws/credentials",
    "cluster key": ".kube/config",
    "registry login": ".docker/config.json",
    "crate token": ".cargo/credentials.toml",
    "database password": ".pgpass",
    "browser profile": ".mozilla/firefox/logins.json",
    "shell history": ".bash_history",
    "other agent's login": ".codex/auth.json",
}
WRITES = {
    "startup file": ".bashrc",
    "hook of another checkout": "other/.git/hooks/pre-commit",
    "file of another checkout": "other/main.py",
    "config of another gateway": "second/.studio_gateway/config.json",
    "database of another gateway": "second/.studio_gateway/gateway.sqlite3",
    "editor's startup": ".config/nvim/init.lua",
    "package manager's settings": ".npmrc",
    "program on PATH": ".cargo/bin/tool",
    "toolchain": ".nvm/nvm.sh",
    "other agent's settings": ".codex/config.toml",
    "document": "Documents/letter.txt",
}
KEPT_OPEN = {
    "own login": ".claude/.credentials.json",
    "own state": ".claude.json",
    "cache": ".cache/pip/x",
    "packages": ".npm/_cacache/x",
    "crates": ".cargo/registry/x",
    "engine's settings": ".config/unity3d/x",
}
PROBE = """
import json, sys
def tried(path, mode):
    try:
        with open(path, mode) as file:
            file.read(1) if mode == "r" else file.write("+")
        return "done"
    except OSError as exc:
        return type(exc).__name__
print(json.dumps({name: tried(path, mode) for name, path, mode in json.loads(sys.argv[1])}))
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A HOME in which each of these files is, and which is that of the gateway's user."""
    for name in (*READS.values(), *WRITES.values(), *KEPT_OPEN.values()):
        path = tmp_path / "home" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("kept")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def probe(tmp_path: Path, home: Path) -> Callable[..., dict[str, str]]:
    """Try those doors in a sandbox for that command; gives what came of each."""

    def tried(
        doors: dict[str, str],
        mode: str,
        command: tuple[str, ...] = (),
        declared: tuple[str, ...] = (),
    ) -> dict[str, str]:
        own = tmp_path / "clone"
        own.mkdir(exist_ok=True)
        sandbox = Sandbox(own=(own,), writable=tuple(home / name for name in declared))
        env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
        words = json.dumps([(name, str(home / path), mode) for name, path in doors.items()])
        done = process.run(
            spec := Spec(
                argv=(sys.executable, "-I", "-S", "-c", PROBE, words),
                cwd=own,
                env=env,
                run_dir=tmp_path / "run",
                run_id="probe",
                token="probe.1",
                timeout_s=60.0,
                sandbox=sandbox.at_home(env, programs_in(command)),
            )
        )
        assert done.exit_code == 0, (spec.run_dir / "stderr.txt").read_text()
        said: dict[str, str] = json.loads((spec.run_dir / "stdout.txt").read_text())
        return said

    return tried


@confines
def test_credentials_are_closed_to_reads(probe):
    assert set(probe(READS, "r", ("claude", "-p")).values()) == {"PermissionError"}


@confines
def test_nothing_of_a_person_can_be_written(probe, home):
    assert set(probe(WRITES | READS, "a", ("claude", "-p")).values()) == {"PermissionError"}
    assert {(home / path).read_text() for path in WRITES.values()} == {"kept"}


@confines
def test_a_program_has_its_own_folder_and_the_caches(probe):
    assert set(probe(KEPT_OPEN, "r", ("/opt/bin/claude", "-p")).values()) == {"done"}
    assert set(probe(KEPT_OPEN, "a", ("/opt/bin/claude", "-p")).values()) == {"done"}


@confines
def test_a_gate_has_no_agents_login(probe):
    logins = {"claude": ".claude/.credentials.json", "codex": ".codex/auth.json"}

    assert set(probe(logins, "r", ("pytest", "-q")).values()) == {"PermissionError"}


@confines
def test_a_new_entry_of_the_cache_can_be_made(probe, home):
    (home / ".cache" / "opencode").mkdir()

    assert probe({"new": ".cache/fresh"}, "w", ("pytest",)) == {"new": "done"}


@confines
@pytest.mark.parametrize("declared", [".ssh", ".config", ".codex/sessions", "other"])
def test_a_declared_path_opens_what_it_names(probe, home, declared):
    doors = {".ssh": ".ssh/id_ed25519", ".config": ".config/gh/hosts.yml"}
    path = doors.get(declared, f"{declared}/x")
    (home / path).parent.mkdir(exist_ok=True)
    (home / path).write_text("kept")

    assert probe({"it": path}, "r", ("pytest",), (declared,)) == {"it": "done"}
    written = "PermissionError" if declared == ".ssh" else "done"  # which git and ssh trust
    assert probe({"it": path}, "a", ("pytest",), (declared,)) == {"it": written}


@confines
def test_the_whole_of_home_declared_still_opens_no_credentials(probe):
    assert set(probe(READS, "r", (), ("",)).values()) == {"PermissionError"}
    assert probe({"document": "Documents/letter.txt"}, "a", (), ("",)) == {"document": "done"}


@confines
def test_a_home_of_its_own_is_writable(probe, home, monkeypatch, tmp_path):
    monkeypatch.setattr("gates.sandbox.user_home", lambda: str(home))
    (tmp_path / "agents-home" / "tool").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "agents-home"))

    assert probe({"new": "../agents-home/tool/new"}, "w") == {"new": "done"}
    assert probe({"startup": "../agents-home/.bashrc"}, "w") == {"startup": "PermissionError"}
    assert set(probe(READS, "r").values()) == {"PermissionError"}


def test_without_a_home_nothing_more_is_writable():
    sandbox = Sandbox(own=(Path("/clone"),)).at_home({}, ())

    assert sandbox.writable == ()
    assert all(path.is_absolute() for path in sandbox.kept)


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (("/usr/bin/codex", "exec"), {"codex"}),
        (("env", "X=1", "claude", "-p"), {"claude"}),
        (("python", "agent.py"), set()),
    ],
)
def test_programs_are_found_by_a_word_of_the_command(command, found):
    assert programs_in(command) == found
    assert found <= PROGRAM_FOLDERS.keys()
