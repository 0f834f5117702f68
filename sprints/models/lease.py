"""Who carries a sprint: one process at a time, proved by a token that only rises.

A lease runs out unless its holder renews it, so a holder that is frozen or cut off loses it. On the
holder's own machine that is judged by the clock that counts from boot, which nobody sets;
elsewhere by the database's clock, which is the same for all.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from gates.identity import Identity, identity
from sprints.models.event import Head
from sprints.models.sprint import Sprint

TTL_S = 15.0
BEAT_S = 4.0


class Held(Exception):
    """Another living process carries the sprint; the message says which."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A right to carry ``sprint_id``, as long as the row still shows ``token``."""

    sprint_id: str
    token: int


class Full(Held):
    """The repository is another sprint's for now; the message says which."""


@transaction.atomic
def take(sprint_id: str, owner: Identity, *, beside: bool = False) -> Lease:
    """Take the lease: free, run out, or of a process that is provably dead. Raises ``Held``, and
    ``Full`` while another sprint is carried: gates run in the repository as it lies, and two
    sprints in one tree would judge each other's work. ``beside`` is for a cancel: it runs nothing.
    """
    Head.objects.select_for_update().get(pk=1)  # one taker at a time
    row = Sprint.objects.defer("contract", "meta").get(pk=sprint_id)
    if row.lease_owner and _lives(row):
        raise Held(
            f"sprint {sprint_id} is being carried by {_name(row.lease_owner)}; "
            f"to stop it: studio-gateway sprint cancel {sprint_id}"
        )
    for other in _held().exclude(pk=sprint_id):
        if not beside and _lives(other):
            raise Full(
                f"sprint {other.pk} is in this repository, carried by {_name(other.lease_owner)}; "
                f"to wait for it: studio-gateway sprint run {sprint_id} --queue"
            )
    taken = Sprint.objects.filter(pk=sprint_id, lease_token=row.lease_token).update(
        lease_owner=str(owner), lease_token=F("lease_token") + 1, **_renewed()
    )
    if not taken:
        raise Held(f"sprint {sprint_id} was just taken by another process")
    return Lease(sprint_id, row.lease_token + 1)


def _renewed() -> dict[str, Any]:
    return {"lease_until": Now() + timedelta(seconds=TTL_S), "lease_beat": time.monotonic()}


def _lives(row: Sprint) -> bool:
    alive = Identity.parse(row.lease_owner).is_alive()
    if alive is None:  # another host or boot: only the clock can tell, and no lease is longer
        now = _database_clock()
        return bool(row.lease_until and now < row.lease_until <= now + timedelta(seconds=TTL_S))
    return alive and row.lease_beat is not None and time.monotonic() < row.lease_beat + TTL_S


def _database_clock() -> datetime:
    now: datetime = Head.objects.values_list(Now(), flat=True).get(pk=1)
    return now


def _name(owner: str) -> str:
    who = Identity.parse(owner)
    return f"process {who.pid} on {who.host}"


def holder(row: Sprint) -> str | None:
    """The living process that carries the sprint, in words; None when nobody does."""
    return _name(row.lease_owner) if row.lease_owner and _lives(row) else None


def _held() -> QuerySet[Sprint]:
    return Sprint.objects.exclude(lease_owner="").defer("contract", "meta")


def unheld() -> Sprint | None:
    """The running sprint that has waited longest for somebody to carry it; None where there is
    none, or where there is no room for another.
    """
    if any(_lives(row) for row in _held()):
        return None
    running = Sprint.objects.filter(status=Sprint.Status.RUNNING)
    paused = running.filter(cancel_by="", meta__automation_paused=True)
    running = running.exclude(pk__in=paused.values("pk"))  # a missing key is neither true nor false
    return running.order_by("started_at").defer("contract", "meta").first()


def held_here() -> int:
    """How many sprints living processes of this host carry."""
    here = Identity.parse(str(identity())).host
    return sum(Identity.parse(row.lease_owner).host == here and _lives(row) for row in _held())


def renew(lease: Lease) -> bool:
    """Put its end off; False when the lease is another's by now."""
    rows = Sprint.objects.filter(pk=lease.sprint_id, lease_token=lease.token)
    return bool(rows.update(**_renewed()))


def release(lease: Lease) -> None:
    """Give the lease back; harmless when it is another's by now."""
    Sprint.objects.filter(pk=lease.sprint_id, lease_token=lease.token).update(
        lease_owner="", lease_until=None, lease_beat=None
    )
