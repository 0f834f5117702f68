"""What is done with the record as a whole: verified, by who asks for it and every night."""

from dataclasses import asdict

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from sprints import queue
from sprints.cron import machine_zone, next_after
from sprints.lock import Busy
from sprints.mirror import verify as mirror_verify
from sprints.mirror.verify import Report, Tell
from sprints.models import Host
from sprints.models.moves import note
from sprints.operations.store_acts import store

NIGHTLY = "0 3 * * *"  # by this machine's clock

verify_file = mirror_verify.verify_file


def verify(tell: Tell | None = None, *, outputs: bool = True) -> Report:
    """Compare chain, rows and files as they lie, and with ``outputs`` what gates and agents
    printed; writes nothing. Raises ``StoreError``, ``OSError``.
    """
    return mirror_verify.verify(store(), tell, read_outputs=outputs)


def record_verified(found: Report) -> None:
    """Put it on record: a ``verified`` event, or an ``error`` that says what differs."""
    data = {key: value for key, value in asdict(found).items() if key != "difference"}
    if found.difference:
        words = f"the record does not agree: {found.difference.text}"
        note("error", words, timezone.now(), data | {"difference": asdict(found.difference)})
    else:
        note("verified", f"{found.events} events verified", timezone.now(), data)


def verify_when_due() -> None:
    """Ask the workers of this store to verify it where its night has come; once, whoever asks."""
    now = timezone.now()
    ours = Host.objects.filter(place=settings.STORE.place)
    if not ours.filter(verify_at__lte=now).exists() and not ours.filter(verify_at=None).exists():
        return
    following = next_after(NIGHTLY, machine_zone(), now)
    ours.filter(verify_at=None).update(verify_at=following)
    with transaction.atomic():
        if ours.filter(verify_at__lte=now).update(verify_at=following):
            queue.ask_to_verify()


def verify_nightly(place: str) -> None:
    """What a worker does then: the result is an event. Another store's is left to its workers."""
    if place != settings.STORE.place:
        return
    try:
        record_verified(verify())
    except (Busy, OSError) as exc:
        note("error", f"the record could not be verified: {exc}", timezone.now())
