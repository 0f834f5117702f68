"""The table of docs/sandbox.md says which doors are open, as this kernel shows it."""

import json
import os
import pty
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from gates import private_home, process
from gates.kinds.command import environment
from gates.network import NONE
from gates.process import Spec
from gates.sandbox import Sandbox, programs_in
from sprints.agents.agent_home import housed
from sprints.contract.agent_spec import AgentDefinition
from sprints.contract.sandbox import SandboxSettings, sandbox_for
from sprints.store.layout import FOLDER, Store
from tests.gates.test_sandbox import release
from tests.world import ROOT

PROBE = ROOT / "tests" / "gates" / "hostile" / "doors.py"
PAGE = ROOT / "docs" / "sandbox.md"
CLOSED = {"EACCES", "EPERM", "ENETUNREACH", "ECONNREFUSED", "ENOENT"}
LEAST_ABI = 6

# Each file is made with harmless content. A second checkout and a second gateway are of this user.
FILES = """
other/main.py other/.git/hooks/pre-commit other/.git/config
other/.studio_gateway/config.json other/.studio_gateway/gateway.sqlite3
repo/README repo/.git/config repo/.studio_gateway/config.json repo/.studio_gateway/gateway.sqlite3
repo/.studio_gateway/git/own.git/HEAD repo/.studio_gateway/work/wk2/theirs
repo/.studio_gateway/homes/agent_02/.codex/auth.json
user/.bashrc user/.claude/settings.json user/.claude/.credentials.json user/.codex/config.toml
user/.codex/auth.json user/.npmrc user/.cargo/bin/tool user/.config/nvim/init.lua
user/.config/autostart/x.desktop user/.local/bin/tool user/.cache/pip/x user/.ssh/id_ed25519
user/.aws/credentials user/.netrc user/.git-credentials user/Documents/letter user/.bash_history
user/.gitconfig data/x
""".split()


def rows() -> dict[str, tuple[str, ...]]:
    """The table: by door, what stands in the columns without a sandbox, gate and agent."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {door: tuple(found) for _, door, *found in cells if found[0] in ("open", "closed")}


class Scene:
    """Two checkouts with a gateway each, a HOME, other data, and what this process offers."""

    def __init__(self, root: Path, stack: ExitStack) -> None:
        self.root, self.repo, self.user = root, root / "repo", root / "user"
        for name in FILES:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("harmless\n")
        self.clone = self.repo / FOLDER / "work" / "wk1"
        self.clone.mkdir()
        memory = Path("/dev/shm", f"sgw-test-{secrets.token_hex(4)}")
        memory.write_text("harmless\n")
        stack.callback(memory.unlink)
        ours, terminal = pty.openpty()
        stack.callback(os.close, ours)
        stack.callback(os.close, terminal)
        name = f"sgw-test-{secrets.token_hex(4)}"
        addresses = (str(root / "s"), f"\0{name}", ("127.0.0.1", 0))
        for address in addresses:
            family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
            listener = stack.enter_context(socket.socket(family))
            listener.bind(address)
            listener.listen(16)
        us = os.getpid()
        self.doors = {
            "read a file of another checkout": ("read", root / "other/main.py"),
            "change a file of another checkout": ("write", root / "other/main.py"),
            "change a hook of another checkout": ("write", root / "other/.git/hooks/pre-commit"),
            "make a hook of another checkout": ("make", root / "other/.git/hooks/pre-push"),
            "change `.git/config` of another checkout": ("write", root / "other/.git/config"),
            "read `config.json` of another gateway": (
                "read", root / "other" / FOLDER / "config.json",
            ),
            "change `config.json` of another gateway": (
                "write", root / "other" / FOLDER / "config.json",
            ),
            "read the database of another gateway": (
                "read", root / "other" / FOLDER / "gateway.sqlite3",
            ),
            "change the database of another gateway": (
                "write", root / "other" / FOLDER / "gateway.sqlite3",
            ),
            "read the own checkout": ("read", self.repo / "README"),
            "change the own checkout": ("write", self.repo / "README"),
            "change `.git/config` of the own checkout": ("write", self.repo / ".git/config"),
            "read the token of the own gateway": ("read", self.repo / FOLDER / "config.json"),
            "change the own gateway's database": (
                "write", self.repo / FOLDER / "gateway.sqlite3",
            ),
            "change the gateway's repository": (
                "write", self.repo / FOLDER / "git/own.git/HEAD",
            ),
            "read the clone of another sprint": ("read", self.repo / FOLDER / "work/wk2/theirs"),
            "read the private `HOME` of another agent": (
                "read", self.repo / FOLDER / "homes/agent_02/.codex/auth.json",
            ),
            "change `~/.bashrc`": ("write", self.user / ".bashrc"),
            "change `~/.gitconfig`": ("write", self.user / ".gitconfig"),
            "change `~/.claude/settings.json`": ("write", self.user / ".claude/settings.json"),
            "change `~/.codex/config.toml`": ("write", self.user / ".codex/config.toml"),
            "change `~/.npmrc`": ("write", self.user / ".npmrc"),
            "change a program in `~/.cargo/bin`": ("write", self.user / ".cargo/bin/tool"),
            "change a program in `~/.local/bin`": ("write", self.user / ".local/bin/tool"),
            "change an editor's start-up file": ("write", self.user / ".config/nvim/init.lua"),
            "change a program that starts with the desktop": (
                "write", self.user / ".config/autostart/x.desktop",
            ),
            "make a new file in `~`": ("make", self.user / ".new"),
            "change `~/.cache`": ("write", self.user / ".cache/pip/x"),
            "read `~/.ssh`": ("read", self.user / ".ssh/id_ed25519"),
            "list the names in `~/.ssh`": ("list", self.user / ".ssh"),
            "read `~/.aws`": ("read", self.user / ".aws/credentials"),
            "read `~/.netrc`": ("read", self.user / ".netrc"),
            "read `~/.git-credentials`": ("read", self.user / ".git-credentials"),
            "read `~/.bash_history`": ("read", self.user / ".bash_history"),
            "read `~/.npmrc`": ("read", self.user / ".npmrc"),
            "read the sign-in of another agent program": (
                "read", self.user / ".codex/auth.json",
            ),
            "read a document in `~`": ("read", self.user / "Documents/letter"),
            "read data outside of `~`": ("read", root / "data/x"),
            "change the mode of a file outside": ("mode", root / "data/x"),
            "make a file in `/tmp`": ("make", f"/tmp/{name}"),
            "write to an open terminal": ("write", os.ttyname(terminal)),
            "open a new terminal": ("write", "/dev/ptmx"),
            "read shared memory of another program": ("read", memory),
            "read the environment of the gateway": ("read", f"/proc/{us}/environ"),
            "list the open files of the gateway": ("list", f"/proc/{us}/fd"),
            "read the command line of the gateway": ("read", f"/proc/{us}/cmdline"),
            "send a signal to the gateway": ("signal", us),
            "connect to a socket in the file system": ("local", root / "s"),
            "connect to an abstract socket": ("abstract", name),
            "connect to a port of this machine": ("tcp", listener.getsockname()[1]),
        }  # fmt: skip

    def env(self) -> dict[str, str]:
        """The environment that a program starts with."""
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.user)}

    def sandbox(self, *, agent: bool) -> Sandbox:
        """The sandbox of a command in the clone."""
        terms, store = SandboxSettings(), self.repo / FOLDER
        artifacts = (store / "artifacts" / "wk1",) if agent else ()
        found = sandbox_for(terms, self.repo, (store,), self.clone, shown=artifacts)
        assert found
        return found

    def tried(self, env: dict[str, str], sandbox: Sandbox | None) -> dict[str, str]:
        """What came of each door: open or closed."""
        (self.root / "doors.json").write_text(
            json.dumps({door: (how, str(what)) for door, (how, what) in self.doors.items()})
        )
        spec = Spec(
            argv=(sys.executable, "-I", "-S", str(PROBE)),
            cwd=self.clone,
            env=env,
            run_dir=self.root / "run",
            run_id="doors",
            token="doors.1",
            timeout_s=120.0,
            stdin=self.root / "doors.json",
            sandbox=sandbox,
        )
        done = process.run(spec)
        assert done.exit_code == 0, (spec.run_dir / "stderr.txt").read_text()
        said = json.loads((spec.run_dir / "stdout.txt").read_text())
        assert {*said.values()} <= {"open", *CLOSED}, said
        return {door: "open" if what == "open" else "closed" for door, what in said.items()}


@pytest.fixture
def scene(tmp_path: Path, settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with ExitStack() as stack:
        found = Scene(tmp_path, stack)
        settings.STORE = Store(found.repo)
        monkeypatch.setenv("HOME", str(found.user))
        yield found
        process.cool()


def column(number: int) -> dict[str, str]:
    return {door: found[number] for door, found in rows().items()}


holds = pytest.mark.skipif(release() < LEAST_ABI, reason="NOT TESTED: no Landlock ABI 6")


def test_the_table_has_at_least_forty_doors_and_all_that_are_tried(scene):
    assert len(rows()) >= 40
    assert [*rows()] == [*scene.doors]


def test_without_a_sandbox_the_doors_are_as_the_table_says(scene):
    assert scene.tried(scene.env(), None) == column(0)


@holds
def test_for_a_gate_in_a_clone_the_doors_are_as_the_table_says(scene):
    sandbox = scene.sandbox(agent=False).at_home(scene.env(), programs_in(("pytest",)))

    assert scene.tried(environment({}, scene.env()), sandbox.reaching(NONE)) == column(1)


@holds
def test_for_a_gate_with_a_private_home_the_doors_are_as_the_table_says(scene):
    found = replace(
        scene.sandbox(agent=False), home=scene.repo / FOLDER / "homes" / "gates",
        readable=(scene.repo,),
    )  # fmt: skip
    words = (sys.executable, str(PROBE))
    env, sandbox = private_home.for_gate(words, environment({}, scene.env()), {}, found)

    assert scene.tried(env, sandbox.reaching(NONE)) == column(2)


@holds
def test_for_an_agent_with_a_private_home_the_doors_are_as_the_table_says(scene):
    agent = AgentDefinition("agent_01", "L", "R", "M", "command", ("claude", "-p"))
    words = (sys.executable, str(PROBE))
    home = housed(agent, scene.env(), words, scene.sandbox(agent=True))

    assert scene.tried(home.env, home.sandbox) == column(3)
