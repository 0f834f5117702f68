"""Compute the wait of a sprint that has not ended: for what, for whom, and since when."""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

from django.conf import settings
from django.db.models import OuterRef, Subquery

from sprints.models import Event, Host, Sprint
from sprints.models.host import living_places
from sprints.models.lease import held, holder
from sprints.state.actors import GATEWAY, OPERATOR, WORKER
from sprints.state.event_format import stamp
from sprints.state.wait_reason import Wait, WaitCode, WaitReason
from sprints.store.config_values import current_config


def waiting_for(row: Sprint) -> Wait | None:
    """Return ``what``, ``who``, ``since_ts`` and ``until_ts``; None for an ended sprint.

    ``until_ts`` is when the wait is overdue, or None. The recorded wait (``Sprint.waiting``) comes
    with the present runner. Without one, the wait is for the next step, or for another sprint.
    """
    return waits_of([row])[row.pk]


def waits_of(rows: Iterable[Sprint]) -> dict[str, Wait | None]:
    """Return the waits of many sprints by id, by a fixed number of queries."""
    rows = list(rows)
    around = _Around([row.pk for row in rows])
    return {row.pk: _wait_of(row, around) for row in rows}


class _Around:
    """Queries about other rows, each made at most once and only when needed."""

    def __init__(self, ids: list[str]) -> None:
        self._ids = ids

    @cached_property
    def last_at(self) -> dict[str, datetime]:
        """Return the time of each sprint's last event."""
        events = Event.objects.filter(sprint_id=OuterRef("pk")).order_by("-seq")
        rows = Sprint.objects.filter(pk__in=self._ids, status=Sprint.Status.RUNNING).order_by()
        return dict(rows.values_list("pk", Subquery(events.values("ts")[:1])))

    @cached_property
    def hosts(self) -> dict[str, str]:
        """Return the name of the living host of each place."""
        places = living_places()
        return {row.place: row.name for row in Host.objects.filter(place__in=places)}

    @cached_property
    def running(self) -> list[tuple[str, str]]:
        """Return place and id of each sprint that a living process runs."""
        return sorted((row.home, row.pk) for row in held() if holder(row))

    @cached_property
    def paused(self) -> bool:
        """Return this store's setting ``automation_paused``."""
        return current_config().automation_paused


def _wait_of(row: Sprint, around: _Around) -> Wait | None:
    if row.status == Sprint.Status.CREATED:
        return WaitReason(WaitCode.START, OPERATOR, stamp(row.created_at)).to_json()
    if row.is_foreign and row.status in (Sprint.Status.RUNNING, Sprint.Status.BLOCKED):
        return WaitReason(WaitCode.FOREIGN, OPERATOR, stamp(row.created_at)).to_json()
    if row.status == Sprint.Status.BLOCKED:
        blocked: Wait | None = row.waiting
        return blocked
    if row.status != Sprint.Status.RUNNING:
        return None
    carrier = holder(row)
    waiting: Wait | None = row.waiting
    if waiting and waiting["who"] != GATEWAY:
        return waiting
    if waiting and carrier:
        return waiting | {"who": carrier}
    since = stamp(around.last_at.get(row.pk) or row.created_at)
    if carrier:
        return WaitReason(WaitCode.NEXT_STEP, carrier, since).to_json()
    if around.paused and not row.cancel_by:
        return WaitReason(WaitCode.ALL_PAUSED, OPERATOR, since).to_json()
    host = around.hosts.get(row.home)
    who = f"{WORKER} of {host}" if host else WORKER
    before = _turn(row, around)
    code = WaitCode.TURN if before else WaitCode.NEXT_STEP
    return WaitReason(code, who, since, before=before).to_json()


def _turn(row: Sprint, around: _Around) -> str:
    """Return which sprint is in the repository of one that no process runs; empty for none."""
    place = row.home or settings.STORE.place
    return next((pk for home, pk in around.running if home == place and pk != row.pk), "")
