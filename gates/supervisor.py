"""Supervise a worker's gates, one after another, and end each gate even if the worker dies.

The worker starts it as ``python -I -S supervisor.py PID LIBRARIES``. PID is the worker's, and
LIBRARIES is the folder of the one library needed here, which ``site`` would find only slowly.
Standard input brings lines: a spec, then empty ones as a sign of life, or ``{"stop": why, "kill":
bool}``. Its end, or a silence longer than the lease, stops the gate. Standard output takes
``{"started": identity}`` and then the result, with ``again`` where another spec may follow.
``result.json`` holds the result by then. Only a run that was stopped without a request has none,
and is repeated.
"""

import json
import os
import sys
import time

if __name__ == "__main__":  # with -I -S neither our folder nor site-packages is on the path
    sys.path += [__file__.rpartition("/gates/")[0], sys.argv[2]]

from gates import process_table
from gates.supervision.event_loop import EventLoop
from gates.supervision.launch import PR_SET_CHILD_SUBREAPER, PR_SET_DUMPABLE, prctl
from gates.supervision.report import failure, report
from gates.supervision.run import Order, Run, TooLate

LOOK_ROUND_S = 5.0


def main() -> None:
    """Run specs and report their results until the worker is gone."""
    prctl(PR_SET_DUMPABLE, 0)  # a gate must not read, trace or act as its supervisor
    confined = prctl(PR_SET_CHILD_SUBREAPER, 1) and bool(process_table.look(os.getpid()))
    ears = EventLoop(worker=int(sys.argv[1]))
    again = True
    while again and (order := next_order(ears)):
        result, again = supervise(order, ears, confined=confined)
        tell({**result, "again": again})


def next_order(ears: EventLoop) -> Order | None:
    """Return the next spec to run; None if the worker is gone or we are asked to end.

    A stop that arrives between two gates belonged to the earlier one and is ignored.
    """
    while not (ears.deserted or ears.terminated):
        while ears.lines:
            line = ears.lines.pop(0)
            if "argv" in json.loads(line):
                return Order(line)
        ears.listen(LOOK_ROUND_S)
    return None


def supervise(order: Order, ears: EventLoop, *, confined: bool) -> tuple[dict[str, object], bool]:
    """Run one order to its end; return the result, and whether another order may follow."""
    started_at = time.time()
    try:
        run = Run(order, ears, confined=confined)
        identity = run.start()
    except OSError as exc:
        about = f"{exc.filename}: " if exc.filename else ""
        reason = f"cannot start: {about}{exc.strerror}"
        return failure(order, reason, started_at, confined=confined), False
    except TooLate:
        late = failure(order, "its worker came too late", started_at, confined=confined)
        return {**late, "ending": "stopped"}, False
    tell({"started": identity})
    run.attend()
    result = report(run)
    run.close()
    return result, run.wanted and run.again and not run.left()


def tell(message: dict[str, object]) -> None:
    """Send the worker a line, if the worker is still there."""
    line = json.dumps(message).encode() + b"\n"
    try:
        while line:
            line = line[os.write(1, line) :]
    except BrokenPipeError:
        pass


if __name__ == "__main__":
    try:
        main()
    except Exception as exc:
        tell({"failed": repr(exc)})
    finally:
        os._exit(0)
