"""Continue the record of a store that was restored from a backup and is older than its repository.

The repository, events.jsonl and the receivers of hooks may have seen events that the record does
not have, and whose numbers it gives once more. So the events after an adoption carry the id of a
new incarnation.
"""

import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone

from sprints.health.newer_releases import Newer
from sprints.health.newer_releases import newer as newer_releases
from sprints.journal import events_file, state_file
from sprints.journal.events_file import Kept
from sprints.models import Head
from sprints.models.transitions import note
from sprints.operations.store import store
from sprints.state.event_codes import EventKind
from sprints.state.messages import Message, message
from sprints.store.file_lock import locked


@dataclass(frozen=True, slots=True)
class Adopted:
    """The result: the record continues after event ``seq`` as ``incarnation``.

    ``kept`` is the earlier events.jsonl, if it had events that the record lacks.
    """

    seq: int
    incarnation: str
    newer: Newer
    kept: Kept


def newer() -> Newer:
    """Return what the repository has of this record and the record lacks."""
    return newer_releases(store())


def older_than_file() -> Message | None:
    """Return the sentence that events.jsonl has events which the database lacks; None if not.

    Of a file that cannot be read nothing is known, and ``doctor`` says why.
    """
    with suppress(OSError):
        if events_file.is_ahead(store().events):
            return message("notice.older_record.file", file=store().events.name)
    return None


def adopt(by: str) -> Adopted:
    """Begin a new incarnation of the record, and record what the record lacks.

    An events.jsonl with other events is kept under another name. May be repeated. Raises ``Busy``
    and ``OSError``.
    """
    found = newer()
    with locked(store().root / "init.lock"):
        with locked(store().root / "mirror.lock"):
            kept = events_file.set_aside(store().events)
            if kept.name:
                state_file.unseal(store().state)
        incarnation = secrets.token_hex(8)
        with transaction.atomic():
            head = Head.objects.select_for_update().get(pk=1)
            Head.objects.filter(pk=1).update(incarnation=incarnation)
            data = {
                "by": by,
                "after_seq": head.seq,
                "after_hash": head.hash,
                "before": head.incarnation,
                "certificates": {**found.tags, **found.unsure},
                "sprints": [*found.sprints],
                "kept": asdict(kept),
            }
            about = {"by": by, "seq": head.seq, "incarnation": incarnation}
            words = message("event.record_adopted", **about)
            note(EventKind.RECORD_ADOPTED, words, timezone.now(), data)
    return Adopted(head.seq, incarnation, found, kept)
