"""Verify the journal as a whole, with the evidence and the gateway's own clone."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

from django.utils import timezone

from sprints.git import bundle, integrity, repair
from sprints.git.git import GitError
from sprints.journal import chain_check_process
from sprints.journal import verify as mirror_verify
from sprints.journal.checked_events import Difference, Tell
from sprints.journal.recorded_work import RecordedWork
from sprints.journal.verify import Report
from sprints.models.transitions import note
from sprints.operations.adopt import newer
from sprints.operations.store import store
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.messages import message
from sprints.store.layout import altered_shield

verify_file = mirror_verify.verify_file
is_one_chain = chain_check_process.is_one_chain


def verify(tell: Tell | None = None, *, outputs: bool = True) -> Report:
    """Compare chain, rows and files as they are, with ``outputs`` also the stored outputs and work.

    A record without a difference must have every release that its repository has of it. Writes
    nothing. Raises ``StoreError`` and ``OSError``.
    """
    found, words = (_whole if outputs else _events)(tell)
    if found.difference is None and words:
        return replace(found, difference=Difference("git", words))
    if found.difference is None and (lacks := newer()).is_certain:
        return replace(found, difference=Difference("repository", lacks.text or ""))
    return found


def _events(tell: Tell | None) -> tuple[Report, str]:
    return mirror_verify.verify(store(), tell, read_outputs=False), ""


def _whole(tell: Tell | None) -> tuple[Report, str]:
    """Return the report, and what is wrong with the gateway's own files of git."""
    work = RecordedWork()
    with ThreadPoolExecutor(1, "own-clone") as pool:
        clone = pool.submit(_damage)
        found = mirror_verify.verify(store(), tell, work=work)
        words = clone.result()
    return found, altered_shield(store()) or words or _lost(work)


def _damage() -> str:
    """Return what is wrong with the gateway's own clone, in words; empty if nothing is."""
    own = repair.own_of(store().root)
    return repair.damaged(own) if own else ""


def _lost(work: RecordedWork) -> str:
    """Return which recorded work is not in the gateway's own clone; empty if all is."""
    own = repair.own_of(store().root)
    if own is None:
        is_gone = work.heads and not bundle.is_there(store().root)
        return "git/own.git is not there" if is_gone else ""
    try:
        return integrity.lost_work(own, work.heads)
    except GitError as exc:
        return f"git/own.git cannot be read: {exc}"


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
