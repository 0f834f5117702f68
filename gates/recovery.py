"""Recover the runs of an earlier process: read the result of an ended run, end a running one."""

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from gates import process_table, scratch
from gates.execution import COOKIE, Completed
from gates.process_table import Process
from gates.untrusted_file import open_regular

GRACE_S = 1.0
KILL_S = 10.0
POLL_S = 0.01
LONGEST_BYTES = 1 << 20


def recover(run_dir: Path, token: str) -> Completed | None:
    """Return the result of a run that has ended, if the result bears ``token``.

    Otherwise end every process of the run and return None. Call this only when no supervisor or
    worker can still watch the run. Damaged files count as absent. Its temporary files are deleted.
    """
    try:
        return _recovered(run_dir, token)
    finally:
        scratch.clear(token)


def _recovered(run_dir: Path, token: str) -> Completed | None:
    done = Completed.from_json(_read(run_dir / "result.json"), token)
    if done:
        return done
    left = _read(run_dir / "process.json")
    run_ids = {token}  # the only id left if the gate damaged that file
    if isinstance(left, dict):
        run_ids.add(str(left.get("run_id")))
        if left.get("boot_id") == process_table.boot_id():
            _end_tree(
                _named(left, "pid", "start_time"),
                _named(left, "supervisor_pid", "supervisor_start_time"),
            )
    for run_id in run_ids:
        sweep(run_id)
    return None


def spent_s(run_dir: Path) -> float | None:
    """Return the seconds of CPU that a running gate has used; None if they cannot be read.

    Only living processes and those already waited for are counted.
    """
    left = _read(run_dir / "process.json")
    if not isinstance(left, dict) or left.get("boot_id") != process_table.boot_id():
        return None
    supervisor = _named(left, "supervisor_pid", "supervisor_start_time")
    if supervisor is None:
        return None
    ticks = sum(process.ticks for process in process_table.descendants(supervisor.pid))
    return float(ticks / os.sysconf("SC_CLK_TCK"))


def sweep(run_id: str) -> int:
    """Kill all processes with the cookie of the run ``run_id``; return their number."""
    return _kill_all(lambda: process_table.with_variable(COOKIE, run_id))


def end_session(session: int) -> int:
    """Kill all processes of a session whose leader lived a moment ago; return their number."""
    if not process_table.LINUX:
        with suppress(OSError):
            os.killpg(session, signal.SIGKILL)
    return _kill_all(lambda: _members(session))


def _read(path: Path) -> Any:
    """Return the JSON in one of our files; None if it is absent, damaged or not a plain file."""
    try:
        with open_regular(path) as file:
            return json.loads(file.read(LONGEST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None


def _named(left: dict[str, Any], pid: str, start: str) -> Process | None:
    """Return the process with the recorded pid and start time; None if it has ended."""
    if isinstance(left.get(pid), int) and isinstance(left.get(start), int):
        return process_table.find(left[pid], left[start])
    return None


def _end_tree(gate: Process | None, supervisor: Process | None) -> None:
    """End the gate's processes with SIGTERM, a grace and SIGKILL, then its supervisor."""
    reported: set[tuple[int, int]] = set()
    kill_at = time.monotonic() + GRACE_S
    tree = _tree(gate, supervisor, [])
    while tree and (now := time.monotonic()) < kill_at + KILL_S:
        for process in tree:
            if now >= kill_at:
                process_table.send(process, signal.SIGKILL)
            elif (process.pid, process.start) not in reported:
                reported.add((process.pid, process.start))
                process_table.send(process, signal.SIGTERM)
                process_table.send(process, signal.SIGCONT)
        time.sleep(POLL_S)
        tree = _tree(gate, supervisor, tree)
    for signum in (signal.SIGTERM, signal.SIGKILL):
        patience = time.monotonic() + GRACE_S
        while supervisor and _lives(supervisor) and time.monotonic() < patience:
            process_table.send(supervisor, signum)
            time.sleep(POLL_S)


def _tree(gate: Process | None, supervisor: Process | None, before: list[Process]) -> list[Process]:
    """Return the gate's living processes; ``before`` is the previous answer."""
    tree: dict[int, Process] = {}
    if supervisor and _lives(supervisor):
        tree = {process.pid: process for process in process_table.descendants(supervisor.pid)}
    # A session's number is not reused while one of its members lives.
    if gate and any(_lives(one) for one in (gate, *before) if one.session == gate.session):
        tree |= {process.pid: process for process in _members(gate.session)}
    return list(tree.values())


def _members(session: int) -> list[Process]:
    return [process for process in process_table.living() if process.session == session]


def _lives(process: Process) -> bool:
    return process_table.find(process.pid, process.start) is not None


def _kill_all(find: Callable[[], list[Process]]) -> int:
    """SIGKILL the processes that ``find`` returns until it returns none; return their number."""
    killed: set[tuple[int, int]] = set()
    give_up_at = time.monotonic() + KILL_S
    while (found := find()) and time.monotonic() < give_up_at:
        killed |= {(one.pid, one.start) for one in found if process_table.send(one, signal.SIGKILL)}
        time.sleep(POLL_S)
    return len(killed)
