"""Log failed sign-ins, and record as an event that one address fails often."""

import logging
from collections.abc import Iterable

from axes.helpers import get_client_ip_address
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Sum
from django.http import HttpRequest
from django.utils import timezone

from gateway_project.accounts.sign_in_limits import COOLOFF, FAILURES
from sprints.models import Event, Head
from sprints.models.transitions import note
from sprints.state.event_codes import EventKind
from sprints.state.messages import message

AGAIN = 10  # an attack is recorded again when it has that many times more failures
SHOWN = 10  # user names in an event

log = logging.getLogger("sprints.sign_in")


def report(request: HttpRequest, username: str) -> None:
    """Log the failure with its address and the name of a known user; record an attack once.

    A name that no user has is left out: it may be a password, typed into the wrong field.
    """
    address = get_client_ip_address(request) or "?"
    known = User.objects.filter(username=username).exists() if username else False
    log.warning("sign-in failed: %s from %s", repr(username) if known else "no user", address)
    recent = AccessAttempt.objects.filter(
        ip_address=address, attempt_time__gte=timezone.now() - COOLOFF
    )
    failures = recent.aggregate(whole=Sum("failures_since_start"))["whole"] or 0
    if failures < FAILURES:
        return
    with transaction.atomic():
        head = Head.objects.select_for_update().first()  # one process records it
        if head and failures >= _recorded(address) * AGAIN:
            _record(address, failures, recent.values_list("username", flat=True).distinct())


def _recorded(address: str) -> float:
    """Return the failures in the last event about the address; a fraction without a recent one."""
    events = Event.objects.filter(
        kind=EventKind.SIGN_IN_ATTACK, ts__gte=timezone.now() - COOLOFF
    ).order_by("-seq")
    bodies = (event.body["data"] for event in events)
    return next((data["failures"] for data in bodies if data["address"] == address), 1 / AGAIN)


def _record(address: str, failures: int, names: Iterable[str]) -> None:
    users = User.objects.filter(username__in=names).order_by("username")
    data = {
        "address": address,
        "failures": failures,
        "users": [*users.values_list("username", flat=True)[:SHOWN]],
    }
    minutes = f"{COOLOFF.total_seconds() / 60:.0f}"
    words = message("event.sign_in_attack", minutes=minutes, **data)
    note(EventKind.SIGN_IN_ATTACK, words, timezone.now(), data)
