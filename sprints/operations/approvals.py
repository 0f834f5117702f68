"""Record a human's decision on a sprint's approval request: approve, reject."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from gates.definition import is_text
from gates.problem import Problem, ProblemCode
from sprints.core import approval_decisions
from sprints.operations.lifecycle import record_act
from sprints.queries.sprints import get
from sprints.queue import approval_timeouts, enqueue
from sprints.state.messages import message
from sprints.state.refusals import Refused
from sprints.state.snapshot import Snapshot
from sprints.state.transitions import Transition

LONGEST_WHY = 300


def approve(sprint_id: str, by: str, why: str = "", ask: str = "") -> None:
    """Let the sprint go on with the subject of its request, and wake the workers.

    ``ask`` is the name of the request, as in ``before_ship/2``: then no other is approved. Raises
    ``Refused``.
    """
    _decide(
        sprint_id,
        why,
        lambda snapshot, at: approval_decisions.approve(snapshot, by, why, at, ask),
        goes=True,
    )


def reject(sprint_id: str, by: str, why: str, ask: str = "") -> None:
    """End the sprint as failed; a retry repeats its round and asks again. Raises ``Refused``."""
    if not why.strip():
        text = message("refused.no_reason")
        raise Refused(problems=[Problem("why", ProblemCode.REQUIRED, text)])
    _decide(
        sprint_id, why, lambda snapshot, at: approval_decisions.reject(snapshot, by, why, at, ask)
    )


def _decide(
    sprint_id: str,
    why: str,
    make: Callable[[Snapshot, datetime], Transition],
    *,
    goes: bool = False,
) -> None:
    if len(why) > LONGEST_WHY or not is_text(why) or not why.isprintable():
        text = message("refused.reason", longest=LONGEST_WHY)
        raise Refused(problems=[Problem("why", ProblemCode.WRONG_FORMAT, text)])
    get(sprint_id)
    approval_timeouts.carry_out()  # the deadline holds even if no worker has looked
    with transaction.atomic():
        record_act(sprint_id, make)
        if goes:
            enqueue.ask(sprint_id)
