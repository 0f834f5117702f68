"""Nobody is silent: what a sprint that has not ended waits for, who is asked, and since when."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from gates.models import GateRun
from sprints.models import Event, Sprint
from sprints.models.event import stamp
from sprints.models.host import living
from sprints.models.lease import holder
from sprints.switches import switches


def waiting_for(row: Sprint) -> dict[str, Any] | None:
    """``what``, ``who``, ``since_ts`` and ``until_ts`` (when it is overdue, None where nothing says
    so); None for a sprint that has ended.
    """
    if row.status == Sprint.Status.CREATED:
        return _answer("a start", "an operator", row.created_at)
    if row.status != Sprint.Status.RUNNING:
        return None
    who = holder(row)
    run = GateRun.objects.filter(round__sprint=row, status=GateRun.RUNNING).first()
    if run and who:
        cancelled = f" to end, cancelled by {row.cancel_by}" if row.cancel_by else ""
        what = f"gate {run.gate_id}{cancelled}"
        return _answer(what, who, run.started_at, _overdue(row, run))
    if row.meta.get("automation_paused") is True and not row.cancel_by:
        paused = row.meta.get("paused_ts")
        by = row.meta.get("paused_by", "its settings")
        return _answer(f"a resume; paused by {by}", "an operator", row.started_at, since_ts=paused)
    last = Event.objects.filter(sprint_id=row.pk).order_by("-seq").values_list("ts", flat=True)
    if who:
        return _answer("its next step", who, last.first())
    if switches().automation_paused and not row.cancel_by:
        what = "automation to go on; automation_paused is set"
        return _answer(what, "an operator", last.first())
    host = living(row.home)
    worker = f"a worker of {host}" if host else "a worker"
    return _answer(_turn(row), worker, last.first())


def _turn(row: Sprint) -> str:
    """What a sprint that nobody carries waits for."""
    others = Sprint.objects.exclude(lease_owner="").exclude(pk=row.pk)
    others = others.filter(home=row.home or settings.STORE.place)
    before = next((other for other in others if holder(other)), None)
    return f"its turn; sprint {before.pk} is in the repository" if before else "its next step"


def _overdue(row: Sprint, run: GateRun) -> datetime | None:
    """When the gate must have ended, by the contract that it runs under."""
    for gate in (row.contract or {}).get("gates", []):
        if gate["gate_id"] == run.gate_id:
            return run.started_at + timedelta(seconds=gate["timeout_s"] + gate["grace_s"])
    return None


def _answer(
    what: str,
    who: str,
    since: datetime | None,
    until: datetime | None = None,
    since_ts: str | None = None,
) -> dict[str, Any]:
    return {
        "what": what,
        "who": who,
        "since_ts": since_ts or (since and stamp(since)),
        "until_ts": until and stamp(until),
    }
