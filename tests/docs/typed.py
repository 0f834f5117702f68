"""Type the commands of a page into a shell, in a new repository, and compare the output."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests import forked
from tests.docs.pages import Step
from tests.world import ROOT, Said, environment

LONGEST_S = 600
PORT = "18790"  # of the pages; another one here, where it may be in use


def scene(folder: Path) -> Path:
    """A repository with one commit, a suite and a smoke test, both green; returns its folder."""
    repo = folder / "kingdom"
    files = {
        "kingdom.py": "def castles():\n    return 3\n",
        "test_kingdom.py": "import unittest\n\nfrom kingdom import castles\n\n\n"
        "class Kingdom(unittest.TestCase):\n    def test_castles(self):\n"
        "        self.assertEqual(castles(), 3)\n",
        "tools/qa_smoke.py": "print('smoke: all is well')\n",
        ".gitignore": "__pycache__/\n.pytest_cache/\n",
    }
    for name, text in files.items():
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text(text)
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-C", str(repo)]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "Begin"]):
        subprocess.run([*git, *words], check=True, stdin=subprocess.DEVNULL)
    return repo


def type_all(steps: list[Step], repo: Path) -> list[Said | None]:
    """What each command answered, typed one after the other into one shell; None for those to which
    that did not come any more. Nothing that they started is left.
    """
    out = repo.parent / "said"
    (repo.parent / "bin").mkdir()
    out.mkdir()
    program = repo.parent / "bin" / "studio-gateway"
    script = repo.parent / "typed.sh"
    script.write_text("\n".join(_lines(steps, out)))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    script.write_text(script.read_text().replace(PORT, port))
    with forked.served(repo.parent) as quickly:
        _write_program(program, quickly)
        shell = subprocess.Popen(
            ["bash", script], cwd=repo, env=_env(repo, program.parent), stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            shell.wait(LONGEST_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            _end(shell.pid)
            shell.wait()
    return [_said(out / str(n), port) for n in range(len(steps))]


def _write_program(program: Path, quickly: list[str]) -> None:
    """Write ``studio-gateway``. What goes on in the background is a child of the shell, which ends
    it; all else is forked from a loaded gateway.
    """
    slowly = [sys.executable, "-m"]
    words = shlex.join(slowly), shlex.join(quickly if forked.ON else slowly)
    program.write_text(
        '#!/bin/sh\ncase "$1" in\n'
        f'serve|worker) exec {words[0]} studio_gateway "$@" ;;\n'
        f'*) exec {words[1]} studio_gateway "$@" ;;\nesac\n'
    )
    program.chmod(0o755)


def _lines(steps: list[Step], out: Path) -> list[str]:
    return [
        f'exec >"{out}/{n}" 2>&1\n{step.command}\necho $? >"{out}/{n}.code"'
        for n, step in enumerate(steps)
    ]


def _env(repo: Path, programs: Path) -> dict[str, str]:
    env = {k: v for k, v in environment(repo).items() if k != "STUDIO_GATEWAY_REPO"}
    path = (str(programs), str(Path(sys.executable).parent), env["PATH"])
    who = {"NAME": "Ada", "EMAIL": "ada@example.org"}
    for role in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{role}_{key}": value for key, value in who.items()}
    home = {"HOME": str(repo.parent), "COLUMNS": "100", "PYTHONPATH": str(ROOT)}
    return env | home | {"PATH": os.pathsep.join(path)}


def _end(group: int) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            return


def _said(path: Path, port: str) -> Said | None:
    code = path.with_name(f"{path.name}.code")
    if not code.exists():
        return None
    return Said(int(code.read_text()), path.read_text().replace(port, PORT), "")


def is_like(printed: str, shown: str) -> bool:
    """Whether that was printed: ``…`` stands for anything, also for lines; spaces at a line's end
    count for nothing.
    """
    parts = [re.escape(part) for part in _plain(shown).split("…")]
    return re.fullmatch(".*".join(parts), _plain(printed), re.DOTALL) is not None


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
