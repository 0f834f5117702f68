"""Store the rounds of a sprint."""

from typing import ClassVar

from django.db import models

from sprints.models.choices import choices_of
from sprints.models.sprint import Sprint
from sprints.state.statuses import RoundStatus


class Round(models.Model):
    """One round of one sprint, ``sprint/code``: pending -> in_progress -> done | blocked."""

    Status = RoundStatus

    id = models.CharField(max_length=100, primary_key=True)
    sprint = models.ForeignKey(Sprint, models.CASCADE, related_name="rounds")
    code = models.CharField(max_length=32)
    title = models.CharField(max_length=200)
    status = models.CharField(
        max_length=16, choices=choices_of(RoundStatus), default=RoundStatus.PENDING
    )
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    notes = models.JSONField(default=list, blank=True)
    overdue_note = models.CharField(
        max_length=100,
        default="",
        blank=True,
        help_text="the note that the round is over its minutes",
    )
    extra = models.JSONField(default=dict, blank=True, help_text="unknown keys of state.json")

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.id
