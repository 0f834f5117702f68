"""Record changes of a hook, and drop the pending deliveries of a disabled one."""

from django.db import transaction
from django.utils import timezone

from sprints.contract.hook_spec import HookDefinition
from sprints.models import Delivery, Hook
from sprints.models.transitions import note
from sprints.state.event_codes import EventKind
from sprints.state.messages import message


def disable(hook_id: str, why: str) -> None:
    """Disable the hook at its receiver's request; do nothing if it is disabled already."""
    with transaction.atomic():
        hook = Hook.objects.filter(pk=hook_id, enabled=True).first()
        if hook and Hook.objects.filter(pk=hook_id, enabled=True).update(enabled=False):
            drop_deliveries(hook_id, message("outcome.hook_disabled"))
            record_change("disabled", hook.definition, enabled=False, by=None, why=why)


def drop_deliveries(hook_id: str, why: str) -> None:
    """Drop the hook's pending deliveries, except those for which a sprint waits."""
    waiting = Delivery.objects.filter(hook_id=hook_id, status=Delivery.Status.PENDING, place="")
    waiting.update(status=Delivery.Status.DROPPED, reason=why, finished_at=timezone.now())


def record_change(
    what: str, hook: HookDefinition, *, enabled: bool, by: str | None, why: str = ""
) -> None:
    """Record as an event, without secrets, that a hook was added, changed or disabled."""
    data = hook.public() | {"enabled": enabled} | ({"by": by} if by else {})
    words = message(f"event.hook_{what}", hook_id=hook.hook_id, why=why)
    note(EventKind.HOOK_CHANGED, words, timezone.now(), data)
