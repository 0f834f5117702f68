"""A task: a piece of work asked of one agent, and what it answered."""

from typing import ClassVar

from django.db import models

from sprints.models.round import Round


class Task(models.Model):
    """pending -> in_progress -> done | cancelled. Its id is ``sprint/code/task_id``."""

    class Status(models.TextChoices):
        PENDING = "pending"
        IN_PROGRESS = "in_progress"
        BLOCKED = "blocked"
        DONE = "done"
        CANCELLED = "cancelled"

    id = models.CharField(max_length=200, primary_key=True)
    round = models.ForeignKey(Round, models.CASCADE, related_name="tasks")
    task_id = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    owner_agent = models.CharField(max_length=32)
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    details = models.JSONField(default=dict, blank=True)
    attempt = models.PositiveIntegerField(default=1)
    prompt = models.TextField(default="", blank=True)
    reply = models.TextField(default="", blank=True)
    extra = models.JSONField(
        default=dict, blank=True, help_text="keys of state.json that nobody here knows"
    )

    class Meta:
        ordering: ClassVar = ["created_at", "id"]
        indexes: ClassVar = [
            models.Index(fields=["owner_agent", "-updated_at"], name="task_by_agent"),
        ]

    def __str__(self) -> str:
        return self.id
