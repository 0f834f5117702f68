"""Build the result of a run: its ending, a reason in one line, and the numbers."""

import json
import os
import signal
import time

from gates import fault_points
from gates.supervision.output import FULL, write
from gates.supervision.run import Order, Run

NO_ROOM = "no space left on the disk for its output"


def report(run: Run) -> dict[str, object]:
    """Return the result of an ended run, cut to its cap; store it in its folder if it is wanted."""
    run.output.end()
    out, err, dropped = run.output.cut()
    duration_s = (run.ended_at or time.monotonic()) - run.begun
    ending, code, reason = run.fault or _ending(run, duration_s, dropped)
    if left := run.left():
        reason += f"; {left} of its processes could not be killed"
    result = {
        **failure(run.order, reason, run.started_at, confined=run.confined),
        "ending": ending,
        "exit_code": code,
        "duration_s": round(duration_s, 6),
        "stdout_bytes": out,
        "stderr_bytes": err,
        "dropped_bytes": dropped,
        "strays_killed": len(run.strays),
        "sandbox": run.sandbox,
        **({"network": network} if (network := run.network()) else {}),
    }
    if run.wanted:
        _store(run, result)
    return result


def failure(order: Order, reason: str, started_at: float, *, confined: bool) -> dict[str, object]:
    """Return the result of a run that could not start."""
    return {
        "token": order.token,
        "run_id": order.run_id,
        "ending": "error",
        "exit_code": None,
        "reason": reason,
        "duration_s": 0.0,
        "stdout_bytes": 0,
        "stderr_bytes": 0,
        "dropped_bytes": 0,
        "strays_killed": 0,
        "confined": confined,
        "started_at": started_at,
        "finished_at": time.time(),
    }


def _ending(run: Run, duration_s: float, dropped: int) -> tuple[str, int | None, str]:
    code = run.exit_code
    death = _death(run)
    stopped = f"stopped after {duration_s:.1f} s ({death})"
    if run.cause == "timed_out":
        return run.cause, code, stopped
    if run.cause in ("stopped", "idle"):
        return run.cause, code, f"{run.why}; {stopped}"
    if run.cause == "error":
        return run.cause, code, f"{NO_ROOM}; {stopped}"
    if run.cause == "too_loud" or dropped:
        loud = f"printed more than {_size(run.order.cap_bytes)}"
        return "too_loud", code, f"{loud}; {stopped if run.cause else death}"
    if run.output.disk_full():
        return "error", code, f"{NO_ROOM}; {death}"
    if code is not None and code < 0:
        return "signalled", code, f"killed by {death}"
    return "exited", code, death


def _death(run: Run) -> str:
    code = run.exit_code
    if code is None:
        return "it could not be killed"
    if code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"{name}, as it ignored SIGTERM" if run.ignored_sigterm and code == -9 else name


def _size(count: int) -> str:
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count % unit == 0:
            return f"{count // unit} {name}"
    return f"{count} bytes"


def _store(run: Run, result: dict[str, object]) -> None:
    try:
        run.output.sync()
        write(run.folder, "result.json", json.dumps(result).encode() + b"\n", lasting=True)
        fault_points.point("result_stored")
    except OSError as exc:
        if exc.errno in FULL and result["ending"] in ("exited", "signalled"):
            result["ending"], result["reason"] = "error", f"{NO_ROOM}; {result['reason']}"
        elif not os.fstat(run.folder).st_nlink:
            result["reason"] = f"{result['reason']}; the folder of its output is gone"
        else:
            result["reason"] = f"{result['reason']}; result not stored: {exc.strerror}"
