"""Check, store and record the hooks that a user edits, and their deliveries."""

import base64
import secrets
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from gates.problem import Problem, ProblemCode
from sprints.contract.hook_spec import HookDefinition
from sprints.contract.json_types import JsonObject
from sprints.hooks import KINDS
from sprints.hooks.hook_changes import drop_deliveries, record_change
from sprints.ids import BadId, check_id
from sprints.models import Delivery, Head, Hook
from sprints.models.transitions import note
from sprints.state.event_catalog import NAMES, TEST, payload_of_a_test
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.event_format import canonical, stamp
from sprints.state.messages import message
from sprints.state.refusals import RefusalCode, Refused, Unknown

MOST = 32
SHOWN = (
    "id hook_id point seq sprint_id status reason tries failures exit_code http_status "
    "duration_s output"
).split()


def get(hook_id: str) -> Hook:
    """Return the hook of that id. Raises ``Refused``."""
    hook = Hook.objects.filter(pk=_id(hook_id)).first()
    if hook is None:
        raise Unknown(message("refused.no_hook", name=repr(hook_id)))
    return hook


def exists(hook_id: str) -> bool:
    """Return whether there is a hook of that id. Raises ``Refused`` for an invalid id."""
    return Hook.objects.filter(pk=_id(hook_id)).exists()


def checked(hook: HookDefinition, *, enabled: bool = True) -> Hook:
    """Return the hook as a row that is not saved. Raises ``Refused`` with every problem."""
    if problems := [*_problems(hook)]:
        raise Refused(problems=problems)
    return Hook(**hook.to_json(), enabled=enabled)


def keep(checked: Hook, *, new_secret: bool = False, by: str | None = None) -> Hook:
    """Save a checked row, new or changed, and return it as it is then; ``by`` is the user who
    changes it. The hook gets the events from now on: none from before, and none while disabled.
    """
    hook, enabled = checked.definition, checked.enabled
    values: JsonObject = hook.to_json() | {"enabled": enabled}
    with transaction.atomic():
        head = Head.objects.get(pk=1)
        there = Hook.objects.filter(pk=values.pop("hook_id")).first()
        if there is None or not there.enabled or there.blocking:
            values["seq"] = head.seq
        if hook.kind == "webhook" and (new_secret or not (there and there.secret)):
            values["secret"] = _secret()
        row, made = Hook.objects.update_or_create(pk=hook.hook_id, defaults=values)
        if not enabled:
            drop_deliveries(hook.hook_id, message("outcome.hook_disabled"))
        record_change("added" if made else "changed", hook, enabled=enabled, by=by)
    return row


def put(
    hook: HookDefinition,
    *,
    enabled: bool = True,
    new_secret: bool = False,
    by: str | None = None,
) -> Hook:
    """Check and save the hook, without a proof. Raises ``Refused`` with every problem."""
    return keep(checked(hook, enabled=enabled), new_secret=new_secret, by=by)


def remove(hook_id: str, by: str | None = None) -> None:
    """Delete the hook; its deliveries stay. Raises ``Refused``."""
    hook = get(hook_id)
    with transaction.atomic():
        hook.delete()
        drop_deliveries(hook_id, message("outcome.hook_removed"))
        data = {"code": EventCode.REMOVED.value, "hook_id": hook_id} | ({"by": by} if by else {})
        words = message("event.hook_removed", hook_id=hook_id)
        note(EventKind.HOOK_CHANGED, words, timezone.now(), data)


def test(hook_id: str) -> Delivery:
    """Create a test delivery. Raises ``Refused``."""
    hook, at = get(hook_id), timezone.now()
    if hook.definition.is_cut:
        raise Refused(problems=hook.definition.problems())
    return Delivery.objects.create(
        id=f"msg_{secrets.token_hex(12)}",
        hook_id=hook.pk,
        point=TEST,
        payload=canonical(payload_of_a_test(at)),
        next_at=at,
        created_at=at,
    )


def redeliver(delivery_id: str) -> Delivery:
    """Repeat a delivery that has ended, under its old id. Raises ``Refused``."""
    row = Delivery.objects.filter(pk=delivery_id).first()
    if row is None:
        raise Unknown(message("refused.no_delivery", name=repr(delivery_id)))
    if row.place:
        text = message("refused.delivery_awaited", sprint_id=row.sprint_id)
        raise Refused(text, RefusalCode.WRONG_STATUS)
    if not get(row.hook_id).enabled and row.point != TEST:
        text = message("refused.hook_disabled", hook_id=row.hook_id)
        raise Refused(text, RefusalCode.WRONG_STATUS)
    ended = (Delivery.Status.DELIVERED, Delivery.Status.FAILED, Delivery.Status.DROPPED)
    again = {"status": Delivery.Status.PENDING, "tries": 0, "failures": 0, "finished_at": None}
    mine = Delivery.objects.filter(pk=row.pk, status__in=ended)
    if not mine.update(**again, next_at=timezone.now()):
        text = message("refused.delivery_open", delivery=row.pk, status=row.status)
        raise Refused(text, RefusalCode.WRONG_STATUS)
    row.refresh_from_db()
    return row


def deliveries(limit: int, hook_id: str | None = None) -> list[JsonObject]:
    """Return the newest deliveries as flat dicts with times as in the files. Raises ``Refused``."""
    rows = Delivery.objects.order_by("-created_at", "-seq").defer("payload")
    if hook_id is not None:
        rows = rows.filter(hook_id=_id(hook_id))
    return [
        {
            **{key: getattr(row, key) for key in SHOWN},
            "created_ts": stamp(row.created_at),
            "next_ts": row.next_at and stamp(row.next_at),
            "finished_ts": row.finished_at and stamp(row.finished_at),
        }
        for row in rows[:limit]
    ]


def _secret() -> str:
    """Return a key of 32 random bytes in the format of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _id(hook_id: str) -> str:
    try:
        return check_id(hook_id, "hook id")
    except BadId as exc:
        raise Refused(problems=exc.problems) from exc


def _problems(hook: HookDefinition) -> Iterable[Problem]:
    try:
        check_id(hook.hook_id, "hook id")
    except BadId as exc:
        yield from exc.problems
    if not hook.points:
        text = message("refused.no_points", names=", ".join(NAMES))
        yield Problem("points", ProblemCode.REQUIRED, text)
    if len(set(hook.points)) != len(hook.points):
        yield Problem("points", ProblemCode.DUPLICATE, message("refused.point_twice"))
    for name in hook.points:
        if name not in NAMES:
            text = message("refused.no_point", name=repr(name), names=", ".join(NAMES))
            yield Problem("points", ProblemCode.UNKNOWN_CHOICE, text)
    yield from hook.problems()
    if hook.kind in KINDS:
        yield from KINDS[hook.kind].problems(hook)
    else:
        text = message("refused.hook_kind", name=repr(hook.kind), names=", ".join(KINDS))
        yield Problem("kind", ProblemCode.UNKNOWN_CHOICE, text)
    if Hook.objects.exclude(pk=hook.hook_id).count() >= MOST:
        text = message("refused.too_many_hooks", most=MOST)
        yield Problem("hook_id", ProblemCode.OUT_OF_RANGE, text)
