"""Supervise one gate, from its start until none of its processes is left."""

import json
import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from gates import fault_points, process_table
from gates.redaction import redactor
from gates.supervision import landlock, namespace
from gates.supervision.event_loop import EventLoop
from gates.supervision.launch import cut_off
from gates.supervision.output import Output, write

if TYPE_CHECKING:
    from gates.supervision.proxy import Proxy

SETTLE_S, SWEEP_S = (
    0.05,
    0.5,
)  # outliving processes: time to end, time before SIGKILL
KILL_S = 10.0  # processes that survive this are left and reported


class Order:
    """The spec as the worker sends it in a line; see ``gates.execution.Spec``."""

    def __init__(self, line: bytes) -> None:
        data = json.loads(line)
        self.argv = [word.encode("latin-1") for word in data["argv"]]
        self.cwd = data["cwd"].encode("latin-1")
        self.env = {k.encode("latin-1"): v.encode("latin-1") for k, v in data["env"].items()}
        self.run_dir = data["run_dir"].encode("latin-1")
        self.run_id: str = data["run_id"]
        self.token: str = data["token"]
        self.timeout_s: float = data["timeout_s"]
        self.grace_s: float = data["grace_s"]
        self.cap_bytes: int = data["cap_bytes"]
        self.lease_s: float = data["lease_s"]
        self.not_after: float | None = data["not_after"]
        self.stdin = data["stdin"].encode("latin-1")
        self.secrets = tuple(data["secrets"])
        self.sandbox = data["sandbox"]


class TooLate(Exception):
    """The gate was not started, because its worker may have lost the right to run it."""


class Run:
    """The gate of one order. Raises ``OSError`` if its folder or its outputs cannot be opened.

    ``cause`` is the ending of a gate that was stopped, else empty, and ``why`` is the reason in
    words. ``wanted`` is false once the gate was stopped for a reason outside the gate and its
    worker. ``ended_at`` (monotonic) and ``exit_code`` belong to the gate itself, not to its
    descendants. ``sandbox`` is the sandbox used. ``again`` is false once something of the gate
    may be left in this process.
    """

    def __init__(self, order: Order, ears: EventLoop, *, confined: bool) -> None:
        self.order, self.confined = order, confined
        self._ears = ears
        self.folder = os.open(order.run_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        with suppress(FileNotFoundError):
            os.unlink("result.json", dir_fd=self.folder)
        self.output = Output(self.folder, order.cap_bytes, redactor(order.secrets), ears)
        self.fault: tuple[str, int | None, str] | None = None
        self.cause = self.why = self.sandbox = ""
        self.wanted = True
        self.ended_at: float | None = None
        self.exit_code: int | None = None
        self.strays: set[int] = set()
        self.again = True
        self._proxy: Proxy | None = None
        self._childless = False
        self._graced = False
        self._kill_at: float | None = None
        self._killing_since: float | None = None

    def start(self) -> dict[str, object]:
        """Store the gate's identity on disk, then start it; return the identity.

        Raises ``OSError`` and ``TooLate``.
        """
        order = self.order
        self.started_at, self.begun = time.time(), time.monotonic()
        rules, self.sandbox = landlock.put_up(order.sandbox)
        try:
            self._launch, told = cut_off(
                order.sandbox,
                argv=order.argv,
                cwd=order.cwd,
                env=order.env,
                stdin=order.stdin,
                outputs=self.output.descriptors,
                rules=rules,
            )
            self.sandbox += told
        finally:
            if rules is not None:
                os.close(rules)
        self.pid = self._launch.pid
        self.output.begin()
        fault_points.point("gate_launched")
        gate, us = process_table.look(self.pid), process_table.look(os.getpid())
        identity: dict[str, object] = {
            "pid": self.pid,
            "pgid": self.pid,
            "start_time": gate.start if gate else None,
            "boot_id": process_table.boot_id(),
            "supervisor_pid": os.getpid(),
            "supervisor_start_time": us.start if us else None,
            "run_id": order.run_id,
            "token": order.token,
        }
        try:
            write(self.folder, "process.json", json.dumps(identity).encode())
            if order.not_after is not None and time.monotonic() > order.not_after:
                raise TooLate
        except (OSError, TooLate):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            raise
        self._open_network()
        self._launch.go()
        return identity

    def attend(self) -> None:
        """Return when no process of the gate is left, or the rest cannot be killed."""
        while not self._over():
            self._ears.listen(self._patience())
            self.output.pour()
            self._reap()
            self._obey()
            if self.ended_at is None:
                self._watch()
            now = time.monotonic()
            if self._kill_at is not None:
                if now >= self._kill_at:
                    self._kill()
            elif self.ended_at is not None and now >= self.ended_at + SETTLE_S:
                self._terminate()
                self._kill_at = self.ended_at + SWEEP_S

    def _open_network(self) -> None:
        """Let the gate reach the hosts of its network. Raises ``OSError``."""
        cut, files = self._launch.cut, self._launch.files
        if cut is None or not cut.hosts:
            return
        from gates.supervision.proxy import Proxy  # most gates need none

        given = cut.ports if cut.how == namespace.NAMESPACE else ()
        forwards = [*zip(given, files[cut.proxied :], strict=False)]
        shown = redactor(self.order.secrets).clean
        self._proxy = Proxy(cut.hosts, files[0] if cut.proxied else None, forwards, shown)

    def network(self) -> dict[str, object]:
        """Return what the gate reached, or tried in vain to reach; empty if it is not cut off."""
        cut, files = self._launch.cut, self._launch.files
        by_namespace = cut is not None and cut.how == namespace.NAMESPACE
        missed = namespace.missed(files[-1]) if by_namespace else {}
        found: dict[str, object] = {"missed": missed} if missed else {}
        if self._proxy:
            self.again = self._proxy.close()
            found |= self._proxy.record()
        return found

    def left(self) -> int:
        """Return the number of processes that could not be killed."""
        return 0 if self._childless else len(process_table.descendants(os.getpid()))

    def close(self) -> None:
        """Close its folder, its outputs and what it left of its network."""
        os.close(self.folder)
        for file in self._launch.files:
            os.close(file)
        self.output.close()

    @property
    def ignored_sigterm(self) -> bool:
        """Return whether the gate was asked to end and then had to be killed."""
        return self._killing_since is not None and self._graced

    def _over(self) -> bool:
        if self._killing_since and time.monotonic() > self._killing_since + KILL_S:
            return True
        return self._childless and (self.confined or not self._group(0))

    def _patience(self) -> float:
        """Return the seconds until the next timed duty."""
        if self._killing_since is not None:
            return 0.005
        moments = [] if self._kill_at is None else [self._kill_at]
        if self.ended_at is None:
            moments.append(self.output.look_at)
            if self._kill_at is None:
                moments.append(self.begun + self.order.timeout_s)
                moments.append(self._ears.heard_at + self.order.lease_s)
        elif self._kill_at is None:
            moments.append(self.ended_at + SETTLE_S)
        wait_s = min(moments) - time.monotonic()
        return wait_s if self.confined or self.ended_at is None else min(wait_s, 0.02)

    def _reap(self) -> None:
        try:
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self.pid:
                    fault_points.point("gate_ended")
                    self.ended_at = time.monotonic()
                    self.exit_code = os.waitstatus_to_exitcode(ended[1])
                    self.fault = self._launch.fault()
        except ChildProcessError:
            self._childless = True

    def _obey(self) -> None:
        for line in self._ears.lines:
            asked = json.loads(line)
            ending = "idle" if asked.get("idle") else "stopped"
            self._stop(ending, asked["stop"], kill=asked["kill"])
        self._ears.lines.clear()

    def _watch(self) -> None:
        """Stop a gate that breaks a limit or has lost its worker."""
        now, order, ears = time.monotonic(), self.order, self._ears
        seen = self.output.look() if now >= self.output.look_at else None
        if seen:
            self._stop(seen, "", kill=True)
        if self._kill_at is not None:
            return
        if now >= self.begun + order.timeout_s:
            self._stop("timed_out", "", kill=False)
        elif ears.deserted:
            self._abandon("its worker has ended")
        elif ears.terminated:
            self._abandon("its supervisor was told to end")
        elif now >= ears.heard_at + order.lease_s:
            self._abandon(f"its worker gave no sign of life for {order.lease_s:g} s")

    def _abandon(self, why: str) -> None:
        self.wanted = False
        self._stop("stopped", why, kill=False)

    def _stop(self, cause: str, why: str, *, kill: bool) -> None:
        """Stop the gate. The first call sets the reason; later calls can only cut the grace."""
        now = time.monotonic()
        if self._kill_at is None and self.ended_at is None:
            self.cause, self.why = cause, why
            self._graced = not kill
            self._kill_at = now + self.order.grace_s
            if not kill:
                self._terminate()
        if kill and self._kill_at is not None:
            self._kill_at = min(self._kill_at, now)

    def _terminate(self) -> None:
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGCONT)  # a stopped process receives SIGTERM only now

    def _signal(self, signum: int) -> None:
        whole_group = self._group(signum)
        for process in process_table.descendants(os.getpid()):
            self._count_stray(process.pid)
            if not (whole_group and process.group == self.pid):
                process_table.send(process, signum)

    def _kill(self) -> None:
        """SIGKILL the group and our children; orphans become our children and are next."""
        self._killing_since = self._killing_since or time.monotonic()
        self._group(signal.SIGKILL)
        for pid in process_table.children(os.getpid()):  # not reaped, so their pids are not reused
            self._count_stray(pid)
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)

    def _group(self, signum: int) -> bool:
        """Signal the gate's group, while its number cannot belong to another group."""
        if self.ended_at is not None and self.confined:
            return False
        try:
            os.killpg(self.pid, signum)
        except OSError:
            return False
        return True

    def _count_stray(self, pid: int) -> None:
        if self.ended_at is not None and not self.cause:
            process = process_table.look(pid)
            if process and not process.dead:
                self.strays.add(pid)
