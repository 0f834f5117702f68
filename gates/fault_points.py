"""Inject faults for tests: named points at which a test breaks the process that reaches them.

``STUDIO_FAULT="after_db_commit:3:sigkill"`` kills a process when it reaches that point for the
third time. The form is ``point:nth:action[:argument][@marker]``. Every process counts separately.
Where a marker is named, only the first process that creates this file has the fault. Without the
variable a point costs one comparison.

This module stands on the lowest floor: the supervisor imports it in a bare interpreter.
"""

import errno
import os
import signal
import sys
import time

# Every point, and whether the code has it today; a test compares both.
POINTS = {
    # the database and the queue
    "before_db_commit": True,
    "after_db_commit": True,
    "before_enqueue": True,
    "after_enqueue": True,
    "migration_step": True,  # before and after each migration
    # the files of the store; the state points also hold for config.json
    "before_event_append": True,
    "mid_event_append": True,  # half of it is written
    "after_event_append": True,
    "before_state_fsync": True,
    "before_state_rename": True,
    "after_state_rename": True,
    "import_placed": True,  # the evidence is in place, the rows are not committed
    # the runner of a sprint
    "task_started": True,
    "lease_taken": True,
    "gate_spawned": True,
    "gate_mid_output": True,  # whenever the runner looks after its gate
    "gate_exited": True,
    "verdict_committed": True,
    # the supervisor of a gate
    "gate_launched": True,  # forked, waiting for go
    "network_cut": True,  # in the child: neither the namespace nor the rules are there
    "gate_ended": True,
    "result_stored": True,
    # a delivery to a hook
    "hook_spawned": True,  # the attempt is recorded
    "hook_exited": True,  # the result is not recorded
    # a question to an agent command
    "agent_spawned": True,  # the attempt is recorded
    "agent_exited": True,  # the result is not recorded
    # the clone of a sprint with agent commands
    "base_fetched": True,  # no branch begins there yet
    "clone_made": True,
    "clone_renewed": True,  # the old .git is moved away, the new one is not in place
    "clone_cleared": True,  # the clone is renamed, not yet removed
    "clones_named": True,  # the store names a new folder for the clones, which may have to move
    "clones_copied": True,  # to another file system, not yet in place
    "clones_moved": True,  # the store still names both folders
    "work_kept": True,  # the branch has the work, the clone does not
    # shipping of passed work
    "merge_started": True,
    "merge_committed": True,
    "revert_made": True,  # no sprint has the commit yet
    "push_started": True,
    "push_returned": True,  # the remote has the merge, nothing here is changed
    "checkout_locked": True,  # no file is changed
    "checkout_changed": True,  # the files are changed, the branch is not
    "ref_updated": True,  # branch and tag are moved, the checkout's index is not
    "tag_made": True,  # not recorded yet
}
SIGNALS = ("sigkill", "sigterm", "sigstop")
ERRORS = {"enospc": errno.ENOSPC, "eio": errno.EIO, "erofs": errno.EROFS}
ACTIONS = (*SIGNALS, *ERRORS, "exit", "sleep", "short_write", "skip_fsync")
VARIABLE = "STUDIO_FAULT"


class Fault:
    """One fault as ``STUDIO_FAULT`` requests it. Raises ``ValueError`` for malformed text."""

    def __init__(self, text: str) -> None:
        spec, _, self.marker = text.partition("@")
        parts = spec.split(":")
        if not 3 <= len(parts) <= 4:
            raise ValueError(f"{spec!r} is no fault")
        self.point, nth, self.action = parts[:3]
        if not POINTS.get(self.point):
            raise ValueError(f"no point {self.point!r}")
        if self.action not in ACTIONS:
            raise ValueError(f"no action {self.action!r}")
        self.left = int(nth)
        self.number = float(parts[3]) if len(parts) == 4 else 1.0

    def due(self, name: str) -> bool:
        """Count this visit to point ``name``; return True if the fault is due now."""
        if name != self.point or self.left <= 0:
            return False
        self.left -= 1
        return self.left == 0 and self._first()

    def happen(self) -> None:
        """Break the process as the fault says; raise ``OSError`` for the fault of an error.

        The last two actions work only in ``write`` and ``fsync``.
        """
        if self.action in SIGNALS:
            os.kill(os.getpid(), signal.Signals[self.action.upper()])
        elif self.action == "exit":
            os._exit(int(self.number))
        elif self.action == "sleep":
            time.sleep(self.number)
        elif self.action in ERRORS:
            raise OSError(ERRORS[self.action], os.strerror(ERRORS[self.action]))

    def _first(self) -> bool:
        if not self.marker:
            return True
        try:
            descriptor = os.open(self.marker, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        os.write(descriptor, str(os.getpid()).encode())
        os.close(descriptor)
        return True


def point(name: str) -> None:
    """Mark a place where a test may kill, freeze or delay the process, or raise an ``OSError``."""
    if _fault is not None and _fault.due(name):
        _fault.happen()


def write(name: str, descriptor: int, data: bytes) -> int:
    """Call ``os.write``, with a fault point after half of the data."""
    if _fault is None or not _fault.due(name):
        return os.write(descriptor, data)
    if _fault.action in ERRORS:
        _fault.happen()
    short = _fault.action == "short_write"
    count = os.write(descriptor, data[: int(_fault.number) if short else len(data) // 2])
    _fault.happen()
    return count if short else count + os.write(descriptor, data[count:])


def fsync(name: str, descriptor: int) -> None:
    """Call ``os.fsync``, with a fault point before it."""
    if _fault is not None and _fault.due(name):
        _fault.happen()
        if _fault.action == "skip_fsync":
            return
    os.fsync(descriptor)


def _asked_for() -> Fault | None:
    text = os.environ.get(VARIABLE)
    if text is None:
        return None
    try:
        return Fault(text)
    except ValueError as exc:
        sys.stderr.write(f"error: {VARIABLE}: {exc}; it is point:nth:action[:argument][@marker]\n")
        sys.exit(2)


_fault = _asked_for()
