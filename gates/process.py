"""Start every child process: no other module starts one.

Each gate runs under its own supervisor (``gates.supervisor``), which ends the gate even if this
process dies. ``run`` waits for both until no process of the gate is left. Windows has a fallback.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from gates import fault_points, process_windows, scratch, secret_values
from gates.execution import Completed, Spec, Stop
from gates.identity import Identity, identity
from gates.recovery import end_session, recover, spent_s, sweep
from gates.secret_shapes import LIBRARIES
from gates.short_command import (
    Interrupted,
    ShortCommand,
    capture,
    kill_tree,
    mark,
    orphans,
    sweep_orphans,
    watched,
)
from gates.short_command import run as run_short
from gates.supervision.lines import Lines
from gates.users_umask import of_programs

__all__ = [
    "Completed", "Identity", "Interrupted", "ShortCommand", "Spec", "Stop", "capture", "cool",
    "identity", "is_alive", "mark", "orphans", "recover", "run", "run_short", "spent_s", "sweep",
    "sweep_orphans", "warm", "watched",
]  # fmt: skip

PROGRAM = str(Path(__file__).resolve().with_name("supervisor.py"))
# An interpreter may need the first two to start; a gate gets none of them from here.
KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", fault_points.VARIABLE)
SLACK_S = 30.0  # beyond its own limits, until a silent supervisor counts as dead
SPEC_S, SAY_S, EXIT_S = 30.0, 1.0, 5.0
TOO_LATE = "its worker came too late"

Tick = Callable[[], Stop | None]


def run(spec: Spec, *, tick: Tick | None = None, tick_s: float = 0.2) -> Completed:
    """Run a gate, and wait until all its processes have ended. Never raises for what the gate does.

    ``tick`` is called about every ``tick_s`` seconds while the gate runs, and stops the gate by
    returning a ``Stop``. An exception in ``tick``, or a KeyboardInterrupt, ends the gate without
    grace and is raised here. While ``tick`` does not return, the gate's lease runs out.
    """
    begun = time.time()
    if fault := spec.fault():
        return Completed.error(fault, begun, time.time())
    if time.monotonic() > spec.not_after:
        return replace(Completed.error(TOO_LATE, begun, time.time()), ending="stopped")
    spec = replace(spec, secrets=(*spec.secrets, *secret_values.known(spec.env)))
    try:
        spec.run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sys.platform == "win32":
            return process_windows.attend(spec, subprocess.Popen, kill_tree, tick, tick_s)
        spec = _with_scratch(spec)
        supervisor, spare = _engage(spec)
    except OSError as exc:
        return Completed.error(f"cannot start: {exc.strerror or exc}", begun, time.time())
    done = None
    try:
        done = _attend(supervisor, spec, tick, tick_s)
    except BaseException:
        supervisor.say(Stop("interrupted", kill=True))
        supervisor.await_result(SLACK_S)
        raise
    finally:
        if not (done and spare and _keep(supervisor)):
            supervisor.dismiss()
        if spec.sandbox:
            scratch.clear(spec.token)
    return done or _bereaved(supervisor, spec, begun)


def _with_scratch(spec: Spec) -> Spec:
    """Give a sandboxed spec its own folder for temporary files. Raises ``OSError``."""
    if spec.sandbox is None:
        return spec
    folder = scratch.make(spec.token)
    env = {**spec.env, "TMPDIR": str(folder)}
    return replace(spec, env=env, sandbox=spec.sandbox.owning(folder))


def _attend(
    supervisor: "Supervisor", spec: Spec, tick: Tick | None, tick_s: float
) -> Completed | None:
    """Wait for the result; return None if the supervisor died or does not answer any more."""
    now = time.monotonic()
    give_up_at = now + spec.timeout_s + spec.grace_s + SLACK_S
    every_s = min(tick_s, spec.lease_s / 5)
    tick_at = now + every_s
    asked: Stop | None = None
    while supervisor.lines.open:
        for message in supervisor.lines.receive(tick_at - now):
            if "started" in message:
                supervisor.gate = message["started"]["pid"]
                fault_points.point("gate_spawned")
            elif "failed" in message:
                supervisor.last_words = f": {message['failed']}"
            elif done := Completed.from_json(message, spec.token):
                supervisor.again = message.get("again") is True
                fault_points.point("gate_exited")
                return done
        now = time.monotonic()
        if now >= give_up_at:
            return None
        if now < tick_at:
            continue
        if supervisor.gate is not None:
            fault_points.point("gate_mid_output")
        stop = tick() if tick else None
        if stop and (asked is None or (stop.kill and not asked.kill)):
            asked = stop
            supervisor.say(stop)
            give_up_at = min(give_up_at, now + spec.grace_s + SLACK_S)
        supervisor.lines.send(b"\n", wait_s=0)
        now = time.monotonic()
        tick_at = now + every_s
    return None


def _bereaved(supervisor: "Supervisor", spec: Spec, begun: float) -> Completed:
    """Return the result after the supervisor's death, once no process of the gate is alive.

    The result is an error unless the supervisor had written its result before.
    """
    if supervisor.gate is not None:
        end_session(supervisor.gate)
    done = recover(spec.run_dir, spec.token)
    sweep(spec.run_id)
    reason = "the gate's supervisor died" + supervisor.last_words
    return done or Completed.error(reason, begun, time.time())


class Supervisor:
    """One supervisor process and the two pipes to it. Raises ``OSError`` if it cannot be started.

    The supervisor reads a spec from its first line. The end of its input ends it and its gate.
    """

    gate: int | None = None
    last_words = ""
    again = False  # can take another spec

    def __init__(self) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-I", "-S", PROGRAM, str(os.getpid()), LIBRARIES],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            env={name: os.environ[name] for name in KEPT if name in os.environ},
            start_new_session=True,
            umask=of_programs(),
        )
        assert self._popen.stdin and self._popen.stdout
        self._pipes = (self._popen.stdin, self._popen.stdout)
        self.lines = Lines(*(pipe.fileno() for pipe in self._pipes))

    def waits(self) -> bool:
        """Return whether the supervisor process is alive."""
        return self._popen.poll() is None

    def say(self, stop: Stop) -> None:
        """Ask the supervisor to stop its gate."""
        line = (
            json.dumps({"stop": stop.reason, "kill": stop.kill, "idle": stop.idle}).encode() + b"\n"
        )
        self.lines.send(line, SAY_S)

    def await_result(self, wait_s: float) -> None:
        """Wait up to ``wait_s`` seconds for any result, or for the supervisor's end."""
        give_up_at = time.monotonic() + wait_s
        while self.lines.open and (now := time.monotonic()) < give_up_at:
            if any("ending" in message for message in self.lines.receive(give_up_at - now)):
                return

    def dismiss(self) -> None:
        """End the supervisor. It must have no gate, or be unable to end its gate."""
        for pipe in self._pipes:
            pipe.close()
        self._popen.kill()
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(EXIT_S)

    def disown(self) -> None:
        """Forget a supervisor that belongs to another process."""
        for pipe in self._pipes:
            pipe.close()
        self._popen.returncode = 0


_spares: list[Supervisor] = []
_lock = threading.Lock()


def _engage(spec: Spec) -> tuple[Supervisor, bool]:
    """Return a supervisor with its spec, and whether it was a spare. Raises ``OSError``."""
    with _lock:
        spare = _spares.pop() if _spares else None
    for supervisor in (spare, None):
        engaged = supervisor or Supervisor()
        if engaged.lines.send(spec.to_line(), SPEC_S):
            return engaged, spare is not None
        engaged.dismiss()
    raise OSError("the supervisor did not start")


def _keep(supervisor: Supervisor) -> bool:
    """Keep the supervisor for the next gate if it can take one and no spare exists."""
    supervisor.gate, again, supervisor.again = None, supervisor.again, False
    with _lock:
        if not again or _spares:
            return False
        _spares.append(supervisor)
        return True


def warm() -> None:
    """Start one spare supervisor, so that the next gates start at once, until ``cool``.

    If no supervisor can be started, the next gate reports the error.
    """
    if sys.platform == "win32":
        return
    with _lock:
        while _spares and not _spares[-1].waits():
            _spares.pop().dismiss()
        if not _spares:
            with suppress(OSError):
                _spares.append(Supervisor())


def cool() -> None:
    """End the spare supervisor."""
    with _lock:
        spares = _spares[:]
        _spares.clear()
    for spare in spares:
        spare.dismiss()


def _after_fork() -> None:
    """Make a forked child forget our spare supervisors and replace our lock."""
    global _lock
    _lock = threading.Lock()
    for spare in _spares:
        spare.disown()
    _spares.clear()


atexit.register(cool)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def is_alive(who: Identity) -> bool | None:
    """Return whether the process ``who`` runs; None if this process cannot know."""
    return who.is_alive()
