"""Try an agent's command: does it exist, does it answer, does it stay in its clone?"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from gates import process
from gates.kinds.command import resolve
from sprints.agents.command_runner import ask, environment
from sprints.contract.agent_spec import AgentDefinition
from sprints.prompts.exchange import Question
from sprints.prompts.prompts import trial
from sprints.prompts.reply_format import plain

VERSION_S = 10.0
LONGEST = 80  # characters of a version, and of a Status
NAMED = 3  # changed files that are named
Seen = dict[str, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of a trial, in words, and the command's answer to ``--version``.

    ``outside`` names some of the files that changed outside the clone.
    """

    answered: bool
    text: str
    version: str
    outside: tuple[str, ...] = ()


def _version(agent: AgentDefinition, cwd: Path) -> str:
    """Return the command's answer to ``--version``, in one line; empty if none."""
    env = environment(os.environ, agent, cwd)
    program = resolve(agent.command, env.get("PATH"))[0]
    code, said = process.capture([program, "--version"], timeout_s=VERSION_S, cwd=cwd, env=env)
    words = [" ".join(line.split()) for line in plain(said.encode()).splitlines()]
    return next((line for line in words if line), "")[:LONGEST] if code == 0 else ""


def probe(agent: AgentDefinition, cwd: Path, repo: Path, store: Path, timeout_s: float) -> Trial:
    """Ask the agent in ``cwd`` for its version and a trivial answer, and find changed files.

    Changes are sought around ``cwd`` and in ``repo``, but not in ``store``, which the gateway
    writes.
    """
    folder = cwd.parent / "exchange"
    before = {**seen(repo, store), **seen(cwd.parent, cwd, folder)}
    reported = _version(agent, cwd)
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
            apart=True,
        ),
        lambda: None,
    )
    outside = changed(before, {**seen(repo, store), **seen(cwd.parent, cwd, folder)})
    if said.reply is None:
        tail = f": {said.tail}" if said.tail else ""
        return Trial(False, f"did not answer: {said.reason}{tail}", reported, outside)
    text = f"answered in {said.duration_s or 0:.1f} s: {said.reply.status[:LONGEST]}"
    return Trial(True, text, reported, outside)


def seen(root: Path, *but: Path) -> Seen:
    """Return mode, size and time of each file below ``root``, by path, except in ``but``.

    A folder has only its mode, because its time changes with its files.
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
    """Return some names of files that are new, gone or changed."""
    names = sorted(name for name in before | after if before.get(name) != after.get(name))
    return tuple(names[:NAMED])
