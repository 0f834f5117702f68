"""Verify the journal as a whole."""

from dataclasses import asdict, replace

from django.utils import timezone

from sprints.journal import chain_check_process
from sprints.journal import verify as mirror_verify
from sprints.journal.checked_events import Difference, Tell
from sprints.journal.verify import Report
from sprints.models.transitions import note
from sprints.operations.adopt import newer
from sprints.operations.store import store
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.messages import message

verify_file = mirror_verify.verify_file
is_one_chain = chain_check_process.is_one_chain


def verify(tell: Tell | None = None, *, outputs: bool = True) -> Report:
    """Compare chain, rows and files as they are, with ``outputs`` also the stored outputs.

    A record without a difference must have every release that its repository has of it. Writes
    nothing. Raises ``StoreError`` and ``OSError``.
    """
    found = mirror_verify.verify(store(), tell, read_outputs=outputs)
    if found.difference is None and (lacks := newer()).is_certain:
        found = replace(found, difference=Difference("repository", lacks.text or ""))
    return found


def record_verified(found: Report) -> None:
    """Record a ``verified`` event, or an ``error`` event with the difference."""
    data = {key: value for key, value in asdict(found).items() if key != "difference"}
    data["place"] = store().place
    if found.difference:
        words = message("event.verify_failed", difference=found.difference.text)
        data |= {"code": EventCode.VERIFY_FAILED.value, "difference": asdict(found.difference)}
        note(EventKind.ERROR, words, timezone.now(), data)
    else:
        words = message("event.verified", events=found.events)
        note(EventKind.VERIFIED, words, timezone.now(), data)
