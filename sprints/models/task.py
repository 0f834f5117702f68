"""Store the tasks: pieces of work asked of one agent, and the replies."""

from typing import ClassVar

from django.db import models

from sprints.models.choices import choices_of
from sprints.models.round import Round
from sprints.state.statuses import TaskStatus


class Task(models.Model):
    """A task: pending -> in_progress -> done | cancelled. Its id is ``sprint/code/task_id``."""

    Status = TaskStatus

    id = models.CharField(max_length=200, primary_key=True)
    round = models.ForeignKey(Round, models.CASCADE, related_name="tasks")
    task_id = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    owner_agent = models.CharField(max_length=32)
    status = models.CharField(
        max_length=16, choices=choices_of(TaskStatus), default=TaskStatus.PENDING
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    details = models.JSONField(default=dict, blank=True)
    attempt = models.PositiveIntegerField(default=1)
    prompt = models.TextField(default="", blank=True)
    reply = models.TextField(default="", blank=True)
    extra = models.JSONField(default=dict, blank=True, help_text="unknown keys of state.json")

    class Meta:
        ordering: ClassVar = ["created_at", "id"]
        indexes: ClassVar = [
            models.Index(fields=["owner_agent", "-updated_at"], name="task_by_agent"),
        ]

    def __str__(self) -> str:
        return self.id
