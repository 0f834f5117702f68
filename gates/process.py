"""The only door to child processes.

A gate runs under a supervisor of its own (``gates.supervisor``), which ends it whatever happens to
us; ``run`` stays with both until nothing of the gate is left. Windows has a fallback.
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

from gates import faults, process_windows, scratch, secret_values
from gates.execution import Completed, Spec, Stop
from gates.identity import Identity, identity
from gates.recovery import end_session, recover, spent_s, sweep
from gates.secret_shapes import LIBRARIES
from gates.short_command import ShortCommand, capture, kill_tree
from gates.short_command import run as run_short
from gates.supervision.lines import Lines

__all__ = [
    "Completed", "Identity", "ShortCommand", "Spec", "Stop", "capture", "cool", "identity",
    "is_alive", "recover", "run", "run_short", "spent_s", "sweep", "warm",
]  # fmt: skip

PROGRAM = str(Path(__file__).resolve().with_name("supervisor.py"))
# An interpreter may not start without the first two; a gate gets none of them from here.
KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", faults.VARIABLE)
SLACK_S = 30.0  # beyond its own limits, until a supervisor that says nothing is taken for dead
SPEC_S, SAY_S, EXIT_S = 30.0, 1.0, 5.0
TOO_LATE = "its worker came too late"

Tick = Callable[[], Stop | None]


def run(spec: Spec, *, tick: Tick | None = None, tick_s: float = 0.2) -> Completed:
    """Run a gate to its end, and what it started with it. Never raises for what the gate does.

    ``tick`` is called about every ``tick_s`` while it runs, and stops it by returning why; what
    it raises ends the gate without grace and is raised here, as a KeyboardInterrupt is. While
    ``tick`` does not return, the gate's lease runs out.
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
        supervisor.hear_out(SLACK_S)
        raise
    finally:
        if not (done and spare and _keep(supervisor)):
            supervisor.dismiss()
        if spec.fence:
            scratch.clear(spec.token)
    return done or _bereaved(supervisor, spec, begun)


def _with_scratch(spec: Spec) -> Spec:
    """One with a fence has its temporary files in a folder of its own. Raises ``OSError``."""
    if spec.fence is None:
        return spec
    folder = scratch.make(spec.token)
    env = {**spec.env, "TMPDIR": str(folder)}
    return replace(spec, env=env, fence=spec.fence.owning(folder))


def _attend(
    supervisor: "Supervisor", spec: Spec, tick: Tick | None, tick_s: float
) -> Completed | None:
    """Wait for the result; None when the supervisor died without one, or seems to have."""
    now = time.monotonic()
    give_up_at = now + spec.timeout_s + spec.grace_s + SLACK_S
    every_s = min(tick_s, spec.lease_s / 5)
    tick_at = now + every_s
    asked: Stop | None = None
    while supervisor.lines.open:
        for message in supervisor.lines.receive(tick_at - now):
            if "started" in message:
                supervisor.gate = message["started"]["pid"]
                faults.point("gate_spawned")
            elif "failed" in message:
                supervisor.last_words = f": {message['failed']}"
            elif done := Completed.from_json(message, spec.token):
                supervisor.again = message.get("again") is True
                faults.point("gate_exited")
                return done
        now = time.monotonic()
        if now >= give_up_at:
            return None
        if now < tick_at:
            continue
        if supervisor.gate is not None:
            faults.point("gate_mid_output")
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
    """What remains when the supervisor is dead: its result if it had come to that, or an error
    once nothing of the gate is alive.
    """
    if supervisor.gate is not None:
        end_session(supervisor.gate)
    done = recover(spec.run_dir, spec.token)
    sweep(spec.run_id)
    reason = "the gate's supervisor died" + supervisor.last_words
    return done or Completed.error(reason, begun, time.time())


class Supervisor:
    """One supervisor process and the two pipes to it. Raises ``OSError`` where none can be had.

    It waits for a spec, as the first line; its end of file ends it, and its gate.
    """

    gate: int | None = None
    last_words = ""
    again = False  # it takes another spec

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
        )
        assert self._popen.stdin and self._popen.stdout
        self._pipes = (self._popen.stdin, self._popen.stdout)
        self.lines = Lines(*(pipe.fileno() for pipe in self._pipes))

    def waits(self) -> bool:
        """Whether it is there at all."""
        return self._popen.poll() is None

    def say(self, stop: Stop) -> None:
        """Ask it to stop its gate."""
        line = json.dumps({"stop": stop.reason, "kill": stop.kill}).encode() + b"\n"
        self.lines.send(line, SAY_S)

    def hear_out(self, wait_s: float) -> None:
        """Wait for a result, whatever it is, or for its end."""
        give_up_at = time.monotonic() + wait_s
        while self.lines.open and (now := time.monotonic()) < give_up_at:
            if any("ending" in message for message in self.lines.receive(give_up_at - now)):
                return

    def dismiss(self) -> None:
        """End it. It must have no gate any more, or be past ending it."""
        for pipe in self._pipes:
            pipe.close()
        self._popen.kill()
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(EXIT_S)

    def disown(self) -> None:
        """Forget one that is another's."""
        for pipe in self._pipes:
            pipe.close()
        self._popen.returncode = 0


_spares: list[Supervisor] = []
_lock = threading.Lock()


def _engage(spec: Spec) -> tuple[Supervisor, bool]:
    """A supervisor that has its spec, and whether there was a spare. Raises ``OSError``."""
    with _lock:
        spare = _spares.pop() if _spares else None
    for supervisor in (spare, None):
        engaged = supervisor or Supervisor()
        if engaged.lines.send(spec.to_line(), SPEC_S):
            return engaged, spare is not None
        engaged.dismiss()
    raise OSError("the supervisor did not start")


def _keep(supervisor: Supervisor) -> bool:
    """Have it wait for the next gate, if it can and none waits yet."""
    supervisor.gate, again, supervisor.again = None, supervisor.again, False
    with _lock:
        if not again or _spares:
            return False
        _spares.append(supervisor)
        return True


def warm() -> None:
    """Have one supervisor waiting, so that the next gate starts at once, and the one after that,
    until ``cool``. Where none can be had, the gate will say so.
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
    """End the supervisor that waits."""
    with _lock:
        spares = _spares[:]
        _spares.clear()
    for spare in spares:
        spare.dismiss()


def _after_fork() -> None:
    """A forked child leaves our supervisor to us, and does not trip over our lock."""
    global _lock
    _lock = threading.Lock()
    for spare in _spares:
        spare.disown()
    _spares.clear()


atexit.register(cool)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def is_alive(who: Identity) -> bool | None:
    """Whether that process runs; None where that cannot be told from here."""
    return who.is_alive()
