"""What a human decides of what a sprint asks: approve, reject."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from gates.definition import is_text
from sprints.core import approval_decisions
from sprints.operations.lifecycle import record_act
from sprints.queries.sprints import get
from sprints.queue import approval_timeouts, enqueue
from sprints.state.refusals import Refused
from sprints.state.snapshot import Snapshot
from sprints.state.transitions import Transition

LONGEST_WHY = 300


def approve(sprint_id: str, by: str, why: str = "", ask: str = "") -> None:
    """Let the sprint go on with what it asks about, and ask the workers to. ``ask`` is the name of
    that, as in ``before_ship/2``: then nothing else is approved. Raises ``Refused``.
    """
    _decide(
        sprint_id,
        why,
        lambda snapshot, at: approval_decisions.approve(snapshot, by, why, at, ask),
        goes=True,
    )


def reject(sprint_id: str, by: str, why: str, ask: str = "") -> None:
    """End the sprint as failed; a retry does its round anew, and asks again. Raises ``Refused``."""
    if not why.strip():
        raise Refused("a rejection says why: whoever tries again has to know")
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
        raise Refused(f"a reason is one line of at most {LONGEST_WHY} characters")
    get(sprint_id)
    approval_timeouts.carry_out()  # no yes comes too late, whether or not a worker has looked
    with transaction.atomic():
        record_act(sprint_id, make)
        if goes:
            enqueue.ask(sprint_id)
