"""Nobody is silent: what a sprint that has not ended waits for, who is asked, and since when."""

from typing import Any

from django.conf import settings

from sprints.models import Event, Sprint
from sprints.models.event import stamp
from sprints.models.host import living
from sprints.models.lease import held, holder
from sprints.models.sprint import GATEWAY
from sprints.switches import switches


def waiting_for(row: Sprint) -> dict[str, Any] | None:
    """``what``, ``who``, ``since_ts`` and ``until_ts`` (when it is overdue, None where nothing says
    so); None for a sprint that has ended.

    What stands on record (``Sprint.waiting``), with whoever carries the sprint now; else which step
    it waits for, and whose turn that is.
    """
    if row.status == Sprint.Status.CREATED:
        return _answer("a start", "an operator", stamp(row.created_at))
    if row.status == Sprint.Status.BLOCKED:
        blocked: dict[str, Any] | None = row.waiting
        return blocked
    if row.status != Sprint.Status.RUNNING:
        return None
    carrier = holder(row)
    waiting: dict[str, Any] | None = row.waiting
    if waiting and waiting["who"] != GATEWAY:
        return waiting
    if waiting and carrier:
        return waiting | {"who": carrier}
    last = Event.objects.filter(sprint_id=row.pk).order_by("-seq").values_list("ts", flat=True)
    since = stamp(last[0])
    if carrier:
        return _answer("its next step", carrier, since)
    if switches().automation_paused and not row.cancel_by:
        return _answer("a resume; automation_paused is set", "an operator", since)
    host = living(row.home)
    return _answer(_turn(row), f"a worker of {host}" if host else "a worker", since)


def _turn(row: Sprint) -> str:
    """What a sprint that nobody carries waits for."""
    others = held().filter(home=row.home or settings.STORE.place).exclude(pk=row.pk)
    before = next((other for other in others if holder(other)), None)
    return f"its turn; sprint {before.pk} is in the repository" if before else "its next step"


def _answer(what: str, who: str, since_ts: str) -> dict[str, Any]:
    return {"what": what, "who": who, "since_ts": since_ts, "until_ts": None}
