"""Keep deliveries as rows: queued once, claimed by one process, retried until done or failed.

The committed events decide which hook gets a delivery, so the core need not know hooks, and nothing
is lost with a process. An event is delivered at least once, always under the same id, by which a
receiver can recognise a repetition.
"""

import hashlib
import json
import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from gates import fault_points
from gates.identity import Identity, identity
from sprints.contract.hook_spec import MAX_TIMEOUT_S, MAX_WAIT_S
from sprints.contract.json_types import JsonObject, JsonValue
from sprints.hooks import KINDS, hook_changes
from sprints.hooks.delivery_values import DeliveryAttempt, Tick
from sprints.models import Delivery, Event, Head, Hook
from sprints.models.redaction import clean
from sprints.models.transitions import note
from sprints.state.delivery_result import DeliveryResult
from sprints.state.event_catalog import TEST, kinds_of, payload, point_of
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.event_format import canonical
from sprints.state.messages import message
from sprints.state.statuses import DeliveryStatus as Status

SLACK_S = 60.0  # beyond its timeout, until a process that delivers counts as dead
LIVES = 5  # attempts lost with their process, beyond the hook's own
LAG = 1000  # events that a hook's position may lag without an update


def hand_out(now: datetime) -> None:
    """Queue a delivery of each new event for each hook that subscribes to it."""
    head = Head.objects.values_list("seq", flat=True).get(pk=1)
    for hook in Hook.objects.filter(enabled=True, blocking=False, seq__lt=head):
        events = Event.objects.filter(seq__gt=hook.seq, seq__lte=head)
        wanted = events.filter(kind__in=kinds_of(hook.points)).order_by("seq")
        made = [one for event in wanted.iterator() if (one := _delivery(hook, event, now))]
        if not made and head - hook.seq < LAG:
            continue
        with transaction.atomic():
            mine = Hook.objects.filter(pk=hook.pk, seq=hook.seq, enabled=True).update(seq=head)
            if mine:
                Delivery.objects.bulk_create(made)
                _tell_dropped(hook, made)


def _delivery(hook: Hook, event: Event, now: datetime) -> Delivery | None:
    body = event.body
    point = point_of(hook.points, body)
    if point is None:
        return None
    digest = hashlib.sha256(f"{hook.pk}\n{event.hash}".encode()).hexdigest()
    made = Delivery(
        id=f"msg_{digest[:24]}",
        hook_id=hook.pk,
        point=point,
        seq=event.seq,
        sprint_id=event.sprint_id or "",
        payload=canonical(payload(point, body)),
        next_at=now,
        created_at=now,
    )
    if hook.kind == "command" and by_hook(body):
        made.status, made.finished_at = Status.DROPPED, now
        made.reason = message("outcome.own_doing")
    return made


def by_hook(event: JsonObject) -> bool:
    """Return whether a hook has caused the event, also by starting the event's sprint."""
    if event["data"].get("hook_depth"):
        return True
    starts = Event.objects.filter(
        sprint_id=event["sprint_id"], seq__lt=event["seq"], line__contains='"digest": '
    ).filter(kind="note")
    start = starts.order_by("-seq").first() if event["sprint_id"] else None
    return start is not None and bool(start.body["data"].get("hook_depth"))


def _tell_dropped(hook: Hook, made: list[Delivery]) -> None:
    """Record once for each sprint that its events are not delivered to this hook."""
    for one in made:
        dropped = Delivery.objects.filter(
            hook_id=hook.pk, sprint_id=one.sprint_id, status=Status.DROPPED, seq__lt=one.seq
        )
        dropped = dropped.filter(finished_at=F("created_at"))  # not later, with the hook
        if one.status == Status.DROPPED and not dropped.exists():
            words = message("event.hook_not_repeated", hook_id=hook.pk)
            note(EventKind.ERROR, words, *_about(one, EventCode.HOOK_NOT_REPEATED))


def due(now: datetime) -> set[str]:
    """Return the hooks with a due delivery that no process has claimed."""
    waiting = _waiting(now)
    pending = waiting.filter(status=Status.PENDING).order_by()
    lost = [one for one in waiting.filter(status=Status.RUNNING) if not _lives(one, now)]
    return {*pending.values_list("hook_id", flat=True).distinct(), *(one.hook_id for one in lost)}


def _waiting(now: datetime) -> QuerySet[Delivery]:
    longest = now + timedelta(seconds=MAX_WAIT_S)  # a later time comes from another clock
    ready = Q(status=Status.PENDING) & (Q(next_at__lte=now) | Q(next_at__gt=longest))
    return Delivery.objects.filter(ready | Q(status=Status.RUNNING), place="")


def claim(now: datetime, **which: str) -> tuple[Delivery, str] | None:
    """Claim the first due delivery of ``which`` that is free; None if there is none.

    Also return the token of the attempt that it replaces, or empty.
    """
    for row in _waiting(now).filter(**which).order_by("next_at", "seq")[:10]:
        if row.status == Status.RUNNING and _lives(row, now):
            continue
        until = now + timedelta(seconds=_timeout_s(row.hook_id) + SLACK_S)
        mine = Delivery.objects.filter(pk=row.pk, status=row.status, tries=row.tries).update(
            status=Status.RUNNING, tries=row.tries + 1, owner=str(identity()), until=until
        )
        if mine:
            before = _token(row) if row.status == Status.RUNNING else ""
            row.tries += 1
            return row, before
    return None


def give_back(row: Delivery, now: datetime) -> None:
    """Let a delivery that this process has claimed, and could not settle, be claimed again.

    Without it, the delivery waits until its claim expires: its timeout and ``SLACK_S``.
    """
    mine = Delivery.objects.filter(pk=row.pk, status=Status.RUNNING, tries=row.tries)
    mine.filter(owner=str(identity())).update(until=now)


def _timeout_s(hook_id: str) -> float:
    found = Hook.objects.filter(pk=hook_id).values_list("timeout_s", flat=True).first()
    return found or 0.0


def _lives(row: Delivery, now: datetime) -> bool:
    """Return whether another process may still be delivering."""
    longest = timedelta(seconds=MAX_TIMEOUT_S + SLACK_S)
    in_time = row.until is not None and now < row.until <= now + longest
    return in_time and Identity.parse(row.owner).is_alive() is not False


def _token(row: Delivery) -> str:
    return f"{row.pk}@{row.tries}"


def carry_out(row: Delivery, before: str, tick: Tick) -> None:
    """Deliver a claimed row, and record the result."""
    hook = Hook.objects.filter(pk=row.hook_id).first()
    folder = settings.STORE.root / "hooks" / row.pk
    if hook is None or not (hook.enabled or row.point == TEST):
        _settle(
            row,
            Status.DROPPED,
            DeliveryResult(False, message("outcome.hook_gone")),
            row.failures,
        )
        return
    if row.tries > hook.tries + LIVES:
        answer = DeliveryResult(False, message("outcome.hook_lost", times=row.tries - 1))
    else:
        answer = _bring(hook, row, before, folder, tick)
    _record(hook, row, answer)
    shutil.rmtree(folder, ignore_errors=True)


def bring_now(delivery_id: str, tick: Tick) -> Delivery:
    """Deliver a due row, or wait for the process that has claimed it; return the row."""
    row = Delivery.objects.get(pk=delivery_id)
    end = time.monotonic() + _timeout_s(row.hook_id) + SLACK_S
    while row.status in (Status.PENDING, Status.RUNNING) and time.monotonic() < end:
        if found := claim(timezone.now(), pk=delivery_id):
            carry_out(*found, tick)
            break
        time.sleep(0.1)
        row.refresh_from_db()
    row.refresh_from_db()
    return row


def _bring(hook: Hook, row: Delivery, before: str, folder: Path, tick: Tick) -> DeliveryResult:
    """Make one attempt through the hook's kind."""
    letter = DeliveryAttempt(
        hook=hook.definition,
        secret=hook.secret,
        delivery_id=row.pk,
        text=row.payload,
        payload=json.loads(row.payload),
        repo=settings.STORE.repo,
        folder=folder,
        token=_token(row),
        before=before,
    )
    fault_points.point("hook_spawned")
    try:
        answer = KINDS[hook.kind].deliver(letter, tick)
    except Exception as exc:  # an exception means not delivered; the hook's thread goes on
        answer = DeliveryResult(False, f"{type(exc).__name__}: {exc}")
    fault_points.point("hook_exited")
    return answer


def _record(hook: Hook, row: Delivery, answer: DeliveryResult) -> None:
    failures = row.failures + (not answer.delivered and not answer.stopped)
    spent = failures >= hook.tries or row.tries > hook.tries + LIVES or row.point == TEST
    if answer.delivered:
        _settle(row, Status.DELIVERED, answer, failures)
    elif spent and not answer.stopped:
        with transaction.atomic():
            if _settle(row, Status.FAILED, answer, failures) and row.point != TEST:
                about = {"hook_id": hook.pk, "point": row.point, "reason": answer.reason}
                words = message("event.hook_undelivered", **about)
                reported = _about(
                    row, EventCode.HOOK_UNDELIVERED, tries=row.tries, reason=answer.reason
                )
                note(EventKind.ERROR, words, *reported)
    else:
        wait_s = 0.0 if answer.stopped else hook.definition.wait_s(failures)
        _settle(row, Status.PENDING, answer, failures, max(wait_s, answer.retry_after_s))
        if answer.retry_after_s:
            _put_off(hook, answer.retry_after_s)
    if answer.gone and hook.enabled:
        hook_changes.disable(hook.pk, answer.reason)


def _put_off(hook: Hook, wait_s: float) -> None:
    """Let every pending delivery of the hook wait: its receiver has asked for it."""
    until = timezone.now() + timedelta(seconds=wait_s)
    waiting = Delivery.objects.filter(hook_id=hook.pk, status=Status.PENDING, next_at__lt=until)
    waiting.filter(place="").exclude(point=TEST).update(next_at=until)


def _settle(
    row: Delivery, status: Status, answer: DeliveryResult, failures: int, wait_s: float = 0.0
) -> bool:
    """Record the attempt; return False if another process has claimed the delivery since."""
    now = timezone.now()
    ended = status != Status.PENDING
    mine = Delivery.objects.filter(pk=row.pk, status=Status.RUNNING, tries=row.tries)
    return bool(
        mine.update(
            status=status,
            failures=failures,
            reason=clean(answer.reason)[:500],
            exit_code=answer.exit_code,
            http_status=answer.http_status,
            output=answer.output,
            duration_s=answer.duration_s,
            next_at=None if ended else now + timedelta(seconds=wait_s),
            finished_at=now if ended else None,
            owner="",
            until=None,
        )
    )


def _about(row: Delivery, code: EventCode, **more: JsonValue) -> tuple[datetime, JsonObject]:
    """Return the time, and the data of an event about a failed delivery."""
    about = {"hook_id": row.hook_id, "point": row.point, "seq": row.seq, "undelivered": row.pk}
    return timezone.now(), {"code": code.value, **about, "sprint_id": row.sprint_id, **more}
