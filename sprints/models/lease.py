"""Grant the lease on a sprint: one process at a time, proved by a fencing token that only rises.

A lease expires unless its holder renews it, so a holder that is frozen or cut off loses it. On the
holder's own machine, the clock since boot measures the expiry, because it cannot be set. Elsewhere
the database's clock does, because it is the same for all.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Now

from gates.identity import Identity
from sprints.models.event import Head
from sprints.models.host import living, living_places
from sprints.models.sprint import Sprint
from sprints.state.engine_meta import FIRST
from sprints.store.config_values import current_config

# The order of turns: what was moved to the head of the queue, the last one first, then by start.
MOVED_AT = KeyTextTransform(FIRST, "meta")
TURNS = (MOVED_AT.desc(nulls_last=True), "started_at", "pk")
TTL_S = 15.0
BEAT_S = 4.0


class LeaseUnavailable(Exception):
    """Another living process runs the sprint; the message names it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to run ``sprint_id``, as long as the row still has ``token``.

    ``came_from`` is the sprint's home before; ``since`` is when the lease was taken (monotonic,
    seconds).
    """

    sprint_id: str
    token: int
    came_from: str = ""
    since: float = field(default_factory=time.monotonic, compare=False)


class Full(LeaseUnavailable):
    """There is no room for another sprint now; the message says why."""


@transaction.atomic
def take(sprint_id: str, owner: Identity, *, beside: bool = False) -> Lease:
    """Take the lease if it is free, has expired, or belongs to a process that is provably dead.

    The sprint's home is here from then on.

    Raises ``LeaseUnavailable`` while the sprint's home is another living host, and ``Full`` if
    there is no room. Gates run in the repository's own files, and two sprints in one tree would
    judge each other's work. A cancel runs nothing and needs no room: ``beside``, or a recorded
    cancel, skips this check.
    """
    row = Sprint.objects.select_for_update().defer("contract", "meta").get(pk=sprint_id)
    Head.objects.select_for_update().get(pk=1)  # one taker at a time; after the row, as ``record``
    if row.lease_owner and _lives(row):
        raise LeaseUnavailable(
            f"{_name(row.lease_owner)} runs sprint {sprint_id}; "
            f"to stop it: studio-gateway sprint cancel {sprint_id}"
        )
    here = settings.STORE.place
    if row.home not in ("", here) and (host := living(row.home)):
        raise LeaseUnavailable(
            f"the files of sprint {sprint_id} are on host {host}, which lives; run it there"
        )
    if not (beside or row.cancel_by) and (why := _no_room(sprint_id)):
        raise Full(f"{why}; to wait: studio-gateway sprint run {sprint_id} --queue")
    since = time.monotonic()
    taken = Sprint.objects.filter(pk=sprint_id, lease_token=row.lease_token).update(
        lease_owner=str(owner), lease_token=F("lease_token") + 1, home=here, **_renewed()
    )
    if not taken:
        raise LeaseUnavailable(f"sprint {sprint_id} was just taken by another process")
    return Lease(sprint_id, row.lease_token + 1, row.home, since)


def _no_room(sprint_id: str = "") -> str:
    """Return why no other sprint may run here now; empty if one may."""
    carried = [row for row in held().exclude(pk=sprint_id) if _lives(row)]
    for row in carried:
        if row.home == settings.STORE.place:
            return f"{_name(row.lease_owner)} runs sprint {row.pk} in this repository"
    most = current_config().max_concurrent_global
    if (count := len(carried)) >= most:
        return f"{count} of {most} sprints run already (max_concurrent_global in config.json)"
    return ""


def _renewed() -> dict[str, Combinable | float]:
    return {"lease_until": Now() + timedelta(seconds=TTL_S), "lease_beat": time.monotonic()}


def _lives(row: Sprint) -> bool:
    alive = Identity.parse(row.lease_owner).is_alive()
    if alive is None:  # another host or boot: only the clock decides, and no lease is longer
        now = database_clock()
        return bool(row.lease_until and now < row.lease_until <= now + timedelta(seconds=TTL_S))
    return alive and row.lease_beat is not None and time.monotonic() < row.lease_beat + TTL_S


def database_clock() -> datetime:
    """Return the time of the database, which is the same for all hosts."""
    now: datetime = Head.objects.values_list(Now(), flat=True).get(pk=1)
    return now


def _name(owner: str) -> str:
    who = Identity.parse(owner)
    return f"process {who.pid} on {who.host}"


def holder(row: Sprint) -> str | None:
    """Return the living process that runs the sprint, in words; None if there is none."""
    return _name(row.lease_owner) if row.lease_owner and _lives(row) else None


def held() -> QuerySet[Sprint]:
    """Return the sprints with a lease, expired ones included, in no order.

    With an order SQLite would not use their index and would read every sprint.
    """
    return Sprint.objects.exclude(lease_owner="").order_by().defer("contract", "meta")


def without_runner() -> Sprint | None:
    """Return the running sprint that waits longest for a runner here; None if there is none.

    A sprint to be cancelled comes first. Without room for another sprint, only such a sprint is
    returned.
    """
    ending = _begun().exclude(cancel_by="").order_by("started_at", "pk")
    return _free(ending) or next_in_order()


def next_in_order() -> Sprint | None:
    """Return the sprint whose turn it is here; None if none waits or there is no room."""
    if current_config().automation_paused or _no_room():
        return None
    return _free(in_order())


def in_order() -> QuerySet[Sprint]:
    """Return the sprints that want a runner or have one, in the order of their turns."""
    wanted = _begun().filter(cancel_by="")
    paused = wanted.filter(meta__automation_paused=True)  # a missing key is neither true nor false
    return wanted.exclude(pk__in=paused.values("pk")).order_by(*TURNS)


def _begun() -> QuerySet[Sprint]:
    return Sprint.objects.filter(status=Sprint.Status.RUNNING, started_at__isnull=False)


def _free(rows: QuerySet[Sprint]) -> Sprint | None:
    elsewhere = living_places() - {settings.STORE.place}
    found = rows.exclude(home__in=elsewhere).defer("contract", "meta")
    return next((row for row in found if not row.lease_owner or not _lives(row)), None)


def held_here() -> int:
    """Return how many sprints living processes run in this store."""
    return sum(_lives(row) for row in held().filter(home=settings.STORE.place))


def renew(lease: Lease) -> bool:
    """Extend the lease; return False if another process holds it by now."""
    rows = Sprint.objects.filter(pk=lease.sprint_id, lease_token=lease.token)
    return bool(rows.update(**_renewed()))


def release(lease: Lease, *, unused: bool = False) -> None:
    """Release the lease; do nothing if another process holds it by now.

    ``unused``: nothing was done under the lease, so the sprint's home stays where it was.
    """
    home = {"home": lease.came_from} if unused else {}
    Sprint.objects.filter(pk=lease.sprint_id, lease_token=lease.token).update(
        lease_owner="", lease_until=None, lease_beat=None, **home
    )
