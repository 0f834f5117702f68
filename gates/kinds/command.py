"""Judge by the exit code of a command, never by its output."""

import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from gates import private_home, process
from gates.definition import Definition, is_hidden, resolved
from gates.gate_environment import allowed
from gates.sandbox import Sandbox, programs_in
from gates.verdict import Judgement, Verdict

VERDICTS = {
    "exited": Verdict.FAILED,
    "signalled": Verdict.FAILED,
    "missing": Verdict.ERROR,
    "not_executable": Verdict.ERROR,
    "too_loud": Verdict.ERROR,
    "error": Verdict.ERROR,
    "timed_out": Verdict.TIMED_OUT,
    "stopped": Verdict.CANCELLED,
    "idle": Verdict.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Place:
    """The folder and the limits of one run.

    ``cwd`` is the tree under test, ``run_dir`` receives the output, and ``token`` identifies this
    run. The gate does not start after ``not_after`` (monotonic). ``apart``: the tree is its own
    clone, and git must not find a repository above it. ``sandbox`` is the sandbox of the gate.
    """

    cwd: Path
    run_dir: Path
    token: str
    timeout_s: float
    not_after: float = math.inf
    apart: bool = False
    sandbox: Sandbox | None = None


Tick = Callable[[], process.Stop | None]


def judge(gate: Definition, place: Place, tick: Tick) -> Judgement:
    """Run the gate's command to its end. Never raises for anything that the command does."""
    ours = allowed(os.environ) if place.apart else os.environ
    env = environment(ours, resolved(gate.env, os.environ), place.cwd if place.apart else None)
    begun = time.time()
    try:
        env, sandbox = _sandboxed(gate, place, env)
    except OSError as exc:
        fault = f"cannot start: {exc.strerror}: {exc.filename}"
        return judgement(process.Completed.error(fault, begun, time.time()))
    spec = process.Spec(
        argv=resolve(gate.command, env.get("PATH")),
        cwd=place.cwd,
        env=env,
        run_dir=place.run_dir,
        run_id=place.token,
        token=place.token,
        timeout_s=place.timeout_s,
        grace_s=gate.grace_s,
        cap_bytes=gate.cap_bytes,
        not_after=place.not_after,
        sandbox=sandbox,
    )
    return judgement(process.run(spec, tick=tick))


def _sandboxed(
    gate: Definition, place: Place, env: dict[str, str]
) -> tuple[dict[str, str], Sandbox | None]:
    """Return environment and sandbox of the gate, with its HOME. Raises ``OSError``."""
    sandbox = place.sandbox
    if sandbox is None:
        return env, None
    if sandbox.home and "HOME" not in gate.env:
        argv = resolve(gate.command, env.get("PATH"))
        env, sandbox = private_home.for_gate(argv, env, gate.env, sandbox)
    else:
        sandbox = sandbox.at_home(env, programs_in(gate.command))
    return env, sandbox.reaching(gate.network)


def judgement(done: process.Completed) -> Judgement:
    """Return the judgement for an ended process: only exit code 0 without outside stop passes."""
    green = done.ending == "exited" and done.exit_code == 0
    return Judgement(
        verdict=Verdict.PASSED if green else VERDICTS[done.ending],
        exit_code=done.exit_code,
        reason=done.reason,
        duration_s=done.duration_s,
        strays_killed=done.strays_killed,
        dropped_bytes=done.dropped_bytes,
        confined=done.sandbox,
        cause=done.cause,
        network=done.network,
    )


def environment(
    ours: Mapping[str, str], own: Mapping[str, str], clone: Path | None = None
) -> dict[str, str]:
    """Return our environment without hidden keys, git, screen and sound, updated by ``own``.

    Git sets variables such as ``GIT_DIR`` for its hooks. With them, a program that we start from a
    hook would commit to the user's repository. For a program in a ``clone``, git finds no
    repository above it.
    """
    env = {name: value for name, value in without_git(ours).items() if not is_hidden(name)}
    env.setdefault("SDL_VIDEODRIVER", "dummy")
    env.setdefault("SDL_AUDIODRIVER", "dummy")
    return env | ceiling(clone) | dict(own)


def without_git(ours: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without those of git."""
    return {name: value for name, value in ours.items() if not name.startswith("GIT_")}


def ceiling(clone: Path | None) -> dict[str, str]:
    """Return the variable with which git finds no repository above the clone, if there is one."""
    return {"GIT_CEILING_DIRECTORIES": str(clone.parent)} if clone else {}


def resolve(command: tuple[str, ...], path: str | None) -> tuple[str, ...]:
    """Replace a leading ``python`` by our own interpreter where PATH has none."""
    if command[0] == "python" and which("python", path=path) is None:
        return (sys.executable, *command[1:])
    return command
