"""Is an agent's program there, does it answer, and does it keep to its clone? Tried for real."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gates import process
from gates.kinds.command import resolve
from sprints.agent_definition import AgentDefinition
from sprints.agents.command import ask, environment
from sprints.agents.exchange import Question
from sprints.agents.prompts import trial
from sprints.agents.replies import plain

GIT_S, VERSION_S = 120.0, 10.0
LONGEST = 80  # characters of a version, and of a Status
NAMED = 3  # files that changed outside
# Our own calls of git hear nobody's settings: neither the user's nor those of the environment.
GIT_ENV = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}

Seen = dict[str, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Trial:
    """How it went, in words, and what the program says to ``--version``. ``outside`` names what
    changed beside its clone, some files of it.
    """

    answered: bool
    text: str
    version: str
    outside: tuple[str, ...] = ()


@contextmanager
def clones(repo: Path) -> Iterator["Place"]:
    """A place for trials, removed in the end."""
    with tempfile.TemporaryDirectory(prefix="studio-gateway-", ignore_cleanup_errors=True) as name:
        yield Place(repo, Path(name).resolve())


class Place:
    """Where agents are tried: each in a clone of its own of ``repo``."""

    def __init__(self, repo: Path, root: Path) -> None:
        self._repo, self._root, self._count = repo, root, 0

    def fresh(self) -> tuple[Path, bool]:
        """A new clone, and whether it is one: where there is no commit to clone, it is an empty
        repository. It knows no way back to where it came from. Raises ``OSError``.
        """
        self._count += 1
        here = self._root / str(self._count) / "clone"
        here.parent.mkdir()
        source = ["--no-hardlinks", "--no-tags", "--quiet", "--", str(self._repo), str(here)]
        code, said = self._git("clone", *source)
        if code == 0:
            self._git("-C", str(here), "remote", "remove", "origin")
            return here, True
        if "dubious ownership" in said:
            raise OSError(f"git does not clone it: {said.strip()[-300:]}")
        shutil.rmtree(here, ignore_errors=True)
        code, said = self._git("init", "--quiet", "--", str(here))
        if code:
            raise OSError(f"git makes no repository: {said.strip()[-200:]}")
        return here, False

    def _git(self, *argv: str) -> tuple[int, str]:
        env = GIT_ENV | {k: os.environ[k] for k in ("PATH", "HOME") if k in os.environ}
        fixed = ["git", "-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false"]
        return process.capture([*fixed, *argv], timeout_s=GIT_S, env=env)


def _version(agent: AgentDefinition, cwd: Path) -> str:
    """What its program says to ``--version``, in a line; empty where that is nothing."""
    env = environment(os.environ, agent)
    program = resolve(agent.command, env.get("PATH"))[0]
    code, said = process.capture([program, "--version"], timeout_s=VERSION_S, cwd=cwd, env=env)
    words = [" ".join(line.split()) for line in plain(said.encode()).splitlines()]
    return next((line for line in words if line), "")[:LONGEST] if code == 0 else ""


def probe(agent: AgentDefinition, cwd: Path, repo: Path, store: Path, timeout_s: float) -> Trial:
    """Ask the agent in ``cwd`` for its version and a trivial question, and look what changed around
    it and in ``repo``, but for ``store``, which the gateway itself writes.
    """
    folder = cwd.parent / "exchange"
    before = {**seen(repo, store), **seen(cwd.parent, cwd, folder)}
    told = _version(agent, cwd)
    said = ask(
        Question(
            agent.agent_id,
            "trial",
            agent,
            prompt=trial(),
            cwd=cwd,
            folder=folder,
            token=f"trial of {agent.agent_id} in {cwd.parent}",
            timeout_s=min(timeout_s, agent.timeout_s),
        ),
        lambda: None,
    )
    outside = changed(before, {**seen(repo, store), **seen(cwd.parent, cwd, folder)})
    if said.reply is None:
        tail = f": {said.tail}" if said.tail else ""
        return Trial(False, f"did not answer: {said.reason}{tail}", told, outside)
    text = f"answered in {said.duration_s or 0:.1f} s: {said.reply.status[:LONGEST]}"
    return Trial(True, text, told, outside)


def seen(root: Path, *but: Path) -> Seen:
    """Mode, size and time of change of each file below ``root``, by its path; without what lies in
    ``but``. A folder counts by its mode, for its time is that of its files.
    """
    found: Seen = {}
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if Path(folder, name) not in but]
        for name in (*names, *files):
            path = Path(folder, name)
            try:
                about = path.lstat()
            except OSError:
                continue
            is_folder = stat.S_ISDIR(about.st_mode)
            sizes = (0, 0) if is_folder else (about.st_size, about.st_mtime_ns)
            found[str(path)] = (about.st_mode, *sizes)
    return found


def changed(before: Seen, after: Seen) -> tuple[str, ...]:
    """What is new, gone or another, some names of it."""
    names = sorted(name for name in before | after if before.get(name) != after.get(name))
    return tuple(names[:NAMED])
