"""Store the hooks that a user edits, and every delivery to them."""

from typing import ClassVar

from django.db import models

from sprints.contract.hook_spec import HookDefinition
from sprints.models.choices import choices_of
from sprints.state.statuses import DeliveryStatus


class Hook(models.Model):
    """A hook as its owner edits it. ``seq`` is the last event that was queued for the hook."""

    hook_id = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(max_length=32)
    points = models.JSONField(help_text="points and event kinds that trigger it")
    target = models.JSONField(help_text="argv of a command, or one URL")
    timeout_s = models.FloatField(default=10.0)
    tries = models.PositiveSmallIntegerField(default=3)
    backoff_s = models.FloatField(default=10.0)
    blocking = models.BooleanField(default=False)
    allow_private = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    secret = models.CharField(max_length=200, default="", blank=True)
    seq = models.BigIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["hook_id"]

    def __str__(self) -> str:
        return self.hook_id

    @property
    def definition(self) -> HookDefinition:
        """Return the hook as a value."""
        return HookDefinition(
            hook_id=self.hook_id,
            kind=self.kind,
            points=tuple(self.points),
            target=tuple(self.target),
            timeout_s=self.timeout_s,
            tries=self.tries,
            backoff_s=self.backoff_s,
            blocking=self.blocking,
            allow_private=self.allow_private,
        )


class Delivery(models.Model):
    """One event for one hook: pending -> running -> delivered | failed | dropped.

    It is pending again after a failed attempt. ``tries`` counts the attempts, and is the fencing
    token of the current one; ``failures`` counts the failed ones. ``payload`` is sent byte for byte
    the same at every attempt. ``place`` is where a sprint waits for the delivery; empty if none
    does.
    """

    Status = DeliveryStatus

    id = models.CharField(max_length=64, primary_key=True)
    hook_id = models.CharField(max_length=64)
    point = models.CharField(max_length=40)
    seq = models.BigIntegerField(null=True, blank=True)
    sprint_id = models.CharField(max_length=64, default="", blank=True)
    place = models.CharField(max_length=200, default="", blank=True)
    payload = models.TextField()
    status = models.CharField(
        max_length=16, choices=choices_of(DeliveryStatus), default=DeliveryStatus.PENDING
    )
    reason = models.CharField(max_length=500, default="", blank=True)
    tries = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True)
    owner = models.CharField(max_length=200, default="", blank=True)
    until = models.DateTimeField(null=True, blank=True)
    exit_code = models.IntegerField(null=True, blank=True)
    http_status = models.PositiveIntegerField(null=True, blank=True)
    output = models.TextField(default="", blank=True)
    duration_s = models.FloatField(null=True, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["created_at", "seq", "id"]
        verbose_name_plural = "deliveries"
        indexes: ClassVar = [
            models.Index(fields=["status", "next_at"], name="delivery_due"),
            models.Index(fields=["hook_id", "-created_at"], name="delivery_by_hook"),
            models.Index(fields=["sprint_id"], name="delivery_by_sprint"),
            models.Index(fields=["-created_at"], name="delivery_by_age"),
        ]

    def __str__(self) -> str:
        return self.id
