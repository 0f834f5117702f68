"""Record changes of a hook, and drop the pending deliveries of a disabled one."""

from django.db import transaction
from django.utils import timezone

from sprints.contract.hook_spec import HookDefinition
from sprints.models import Delivery, Hook
from sprints.models.transitions import note
from sprints.state.event_codes import EventKind


def disable(hook_id: str, why: str) -> None:
    """Disable the hook at its receiver's request; do nothing if it is disabled already."""
    with transaction.atomic():
        hook = Hook.objects.filter(pk=hook_id, enabled=True).first()
        if hook and Hook.objects.filter(pk=hook_id, enabled=True).update(enabled=False):
            drop_deliveries(hook_id, "the hook is disabled")
            record_change(f"disabled ({why})", hook.definition, enabled=False, by=None)


def drop_deliveries(hook_id: str, why: str) -> None:
    """Drop the hook's pending deliveries, except those for which a sprint waits."""
    waiting = Delivery.objects.filter(hook_id=hook_id, status=Delivery.Status.PENDING, place="")
    waiting.update(status=Delivery.Status.DROPPED, reason=why, finished_at=timezone.now())


def record_change(what: str, hook: HookDefinition, *, enabled: bool, by: str | None) -> None:
    """Record the change ``what`` of a hook as an event, without secrets."""
    data = hook.public() | {"enabled": enabled} | ({"by": by} if by else {})
    note(EventKind.HOOK_CHANGED, f"hook {what}: {hook.hook_id}", timezone.now(), data)
