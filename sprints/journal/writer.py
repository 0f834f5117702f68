"""Write state.json and events.jsonl as a function of the rows; nothing else writes them.

**Guarantee.** ``events.jsonl`` gets each event right after its commit. ``state.json`` follows
within half a second, or later if the file is so large that a write takes long. Both files are
complete and on disk once a command has returned. In between a file may be behind, but never
wrong: each replacement is whole, and each line is a committed event. The next start repairs a
torn tail and catches up.

**Cost.** An event costs one append. A new ``state.json`` costs one copy of its bytes: only the
sprints that have changed are read from the rows (``state_file``).
"""

import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from sprints.journal import agent_logs, events_file, state_file
from sprints.models import Event, Head
from sprints.models.transitions import note
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.messages import message
from sprints.store.config_values import current_config
from sprints.store.file_lock import PATIENCE_S, Busy, locked
from sprints.store.layout import Store, StoreError
from sprints.store.log_and_retry import is_news, one_line

AT_MOST_EVERY_S = 0.5


# state.json may take this share of the time; above it, it is written less often.
SHARE = 0.05


class Pace:
    """Since when state.json is behind (0 if it is not), and the seconds of its last writing.

    Both are monotonic.
    """

    behind_since = 0.0
    took = 0.0


def on_events(sender: object, events: list[Event], **kwargs: object) -> None:
    """Append the events of ``event_committed``, and rewrite state.json if that is due."""
    Pace.behind_since = Pace.behind_since or time.monotonic()
    _drain(whole=_due(), fresh=[(event.seq, event.line) for event in events])


def on_waiting(sender: object, *, resting: bool = False, **kwargs: object) -> None:
    """Rewrite state.json on ``runner_idle`` if that is due; before a rest always."""
    if resting:
        flush()
    elif Pace.behind_since and _due():
        _drain(whole=True)


def _due() -> bool:
    patience_s = max(AT_MOST_EVERY_S, Pace.took / SHARE)
    return time.monotonic() - Pace.behind_since > patience_s


def flush() -> None:
    """Bring both files up to the last committed event, on disk.

    Waits for another writer, but not for one that is frozen.
    """
    _drain(whole=True, patience_s=PATIENCE_S)
    with suppress(StoreError):
        if current_config().agent_logs:
            _keep_agent_logs()


def _keep_agent_logs() -> None:
    try:
        agent_logs.keep(settings.STORE)
    except Head.DoesNotExist:
        return
    except (OSError, StoreError, ValueError, DatabaseError) as exc:
        sys.stderr.write(f"the logs of the agents are behind: {exc}\n")


def _drain(*, whole: bool, patience_s: float = 0, fresh: Sequence[tuple[int, str]] = ()) -> None:
    """Write until nothing newer is committed.

    Without ``patience_s``, leave the work to another writer that holds the lock: it looks once more
    after release. ``fresh`` are the lines just committed.
    """
    store: Store = settings.STORE
    try:
        while True:
            with locked(store.root / "mirror.lock", patience_s=patience_s):
                # Read first: state.json is sealed at no event that events.jsonl may lack.
                head = Head.objects.get(pk=1) if whole else None
                seq = events_file.catch_up(store.events, fresh, durable=whole)
                if head:
                    _write_state(store, head)
                    seq = head.seq
            last, fault = _head()
            if fault and whole:  # an append does not prove that state.json can be written
                _mended(fault)
            elif last <= seq:
                return
    except Head.DoesNotExist:
        return  # not initialised yet: there is nothing to write
    except Busy as exc:
        if patience_s:
            sys.stderr.write(f"the files are behind: {exc}, then: studio-gateway init\n")
    except (OSError, events_file.Ahead) as exc:
        _fault(exc)
    except DatabaseError as exc:
        if is_news(text := f"the files are behind: {one_line(exc)}\n"):
            sys.stderr.write(text)


def _write_state(store: Store, head: Head) -> None:
    began = time.monotonic()
    state_file.write(store.state, head)
    Pace.took = time.monotonic() - began
    Pace.behind_since = 0.0


def _fault(exc: Exception) -> None:
    """Report a write error once, as an event and on stderr; the files catch up later."""
    if isinstance(exc, OSError):
        text = f"{exc.strerror or exc}: {exc.filename2 or exc.filename or ''}".rstrip(": ")
    else:
        text = str(exc)
    try:
        recorded = Head.objects.filter(pk=1, mirror_fault="").update(mirror_fault=text[:300])
        if recorded:
            sys.stderr.write(f"the files of the store cannot be written: {text}\n")
            data = {"code": EventCode.JOURNAL_FAILED.value, "reason": text}
            words = message("event.journal_failed", reason=text)
            note(EventKind.ERROR, words, timezone.now(), data)
    except DatabaseError:
        sys.stderr.write(f"the files of the store cannot be written: {text}\n")


def _head() -> tuple[int, str]:
    """Return the last committed seq and the recorded fault. Plain SQL: runs after every append."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT seq, mirror_fault FROM {Head._meta.db_table} WHERE id = 1")
        seq, fault = cursor.fetchone() or (0, "")
    return seq, fault


def _mended(fault: str) -> None:
    cleared = Head.objects.filter(pk=1, mirror_fault=fault).update(mirror_fault="")
    if cleared:
        data = {"code": EventCode.JOURNAL_WRITTEN.value}
        note(EventKind.NOTE, message("event.journal_written"), timezone.now(), data)
