"""Steer a sprint on its way: pause, resume, answer, set its budget, cancel."""

import time
from datetime import datetime

from django.conf import settings
from django.db import transaction

from gates.definition import is_text
from gates.problem import Problem, ProblemCode
from sprints.contract.budget import AgentBudget, Spending, problems
from sprints.contract.json_types import JsonObject
from sprints.core import budget, commands, questions, queue_place
from sprints.core.budget import spent
from sprints.models import Sprint
from sprints.models.host import living
from sprints.models.lease import holder
from sprints.operations.lifecycle import record_act, run_here
from sprints.queries.sprints import get
from sprints.queue import enqueue
from sprints.runner.runner import StopRequest
from sprints.state.messages import message
from sprints.state.refusals import NotNow, RefusalCode, Refused
from sprints.state.snapshot import Snapshot
from sprints.state.transitions import Transition

LONGEST_ANSWER = 8000  # the choices with their questions, and 4000 characters of free text


def pause(sprint_id: str, by: str, why: str = "") -> None:
    """Hold the sprint at its next step. Raises ``Refused``."""
    if len(why) > 200 or not why.isprintable():
        text = message("refused.reason", longest=200)
        raise Refused(problems=[Problem("why", ProblemCode.WRONG_FORMAT, text)])
    get(sprint_id)
    record_act(sprint_id, lambda snapshot, at: commands.pause(snapshot, by, why, at))


def resume(sprint_id: str, by: str) -> None:
    """Let a paused sprint go on, and wake the workers. Raises ``Refused``."""
    get(sprint_id)
    with transaction.atomic():
        after = record_act(sprint_id, lambda snapshot, at: commands.resume(snapshot, by))
        if after.sprint.status == Sprint.Status.RUNNING:
            enqueue.ask(sprint_id)


def move_first(sprint_id: str, by: str) -> None:
    """Move a queued sprint to the head of the queue, and wake the workers.

    Raises ``Refused`` for a sprint that is not queued.
    """
    row = get(sprint_id)
    if holder(row):
        raise NotNow(message("refused.not_queued", sprint_id=sprint_id, status=row.status))
    with transaction.atomic():
        record_act(sprint_id, lambda snapshot, at: queue_place.move_first(snapshot, by, at))
        enqueue.ask(sprint_id)


def answer(sprint_id: str, text: str, by: str, question: str = "") -> None:
    """Give an agent the answer to its question, and wake the workers.

    ``question`` is the name of the question, as in ``R0_SETUP/lead_agent_01/1``: then no other is
    answered. Raises ``Refused``.
    """
    get(sprint_id)
    if not text.strip() or len(text) > LONGEST_ANSWER or not is_text(text):
        words = message("refused.answer", longest=LONGEST_ANSWER)
        raise Refused(problems=[Problem("text", ProblemCode.WRONG_FORMAT, words)])
    with transaction.atomic():
        record_act(
            sprint_id,
            lambda snapshot, at: questions.answer(snapshot, text.strip(), by, at, question),
        )
        enqueue.ask(sprint_id)


def set_budget(
    sprint_id: str,
    by: str,
    launches: int | None = None,
    minutes: float | None = None,
    tokens: int | None = None,
    usd: float | None = None,
) -> Spending | None:
    """Set the total launches, minutes, tokens and dollars of the sprint's agent commands.

    A sprint blocked by its budget goes on. Return the spending. Raises ``Refused``.
    """
    get(sprint_id)
    given = {"launches": launches, "minutes": minutes, "tokens": tokens, "usd": usd}
    wished = AgentBudget(**{"launches": 1, "minutes": 1.0, **_given(given)})
    if found := problems(wished):
        raise Refused(problems=found)
    with transaction.atomic():
        before = get(sprint_id).status
        after = record_act(
            sprint_id,
            lambda snapshot, at: budget.grant(snapshot, launches, minutes, by, at, tokens, usd),
        )
        if before == Sprint.Status.BLOCKED and after.sprint.status == Sprint.Status.RUNNING:
            enqueue.ask(sprint_id)
    return spent(after)


def _given(amounts: JsonObject) -> JsonObject:
    return {key: value for key, value in amounts.items() if value is not None}


def cancel(sprint_id: str, by: str, wait_s: float = 60.0) -> str:
    """End the sprint and return its status: ``cancelled`` only when nothing of it runs.

    A process that runs it is asked to stop, and given ``wait_s`` seconds. If no process runs it,
    its leftovers are ended here. Raises ``Refused``.
    """
    get(sprint_id)
    record_act(sprint_id, lambda snapshot, at: _cancelled(snapshot, by, at))
    end = time.monotonic() + wait_s
    while (sprint := get(sprint_id)).status == "running":
        if holder(sprint) is None and not _is_elsewhere(sprint):
            run_here(sprint_id, StopRequest(), one_round=False, retry=False, beside=True)
        elif time.monotonic() > end:
            text = message("refused.still_stopping", sprint_id=sprint_id)
            raise Refused(text, RefusalCode.STILL_STOPPING)
        else:
            time.sleep(0.1)
    return sprint.status


def ask_to_cancel(sprint_id: str, by: str) -> None:
    """Record the cancel, and leave it to the runner or the workers to end the sprint.

    Raises ``Refused``.
    """
    get(sprint_id)
    with transaction.atomic():
        after = record_act(sprint_id, lambda snapshot, at: _cancelled(snapshot, by, at))
        if after.sprint.status == Sprint.Status.RUNNING:
            enqueue.ask(sprint_id)


def _cancelled(snapshot: Snapshot, by: str, at: datetime) -> Transition | None:
    """Return the cancel; None if the sprint has been asked to stop already, which is recorded once.

    Raises ``MoveRefused``.
    """
    is_asked = snapshot.sprint.status == "running" and snapshot.sprint.cancel_by
    return None if is_asked else commands.cancel(snapshot, by, at)


def _is_elsewhere(sprint: Sprint) -> bool:
    """Return whether the sprint's files are on another living host, which will see the cancel."""
    return sprint.home not in ("", settings.STORE.place) and living(sprint.home) is not None
