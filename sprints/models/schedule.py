"""Store the schedules: briefs that become sprints whenever their cron is due."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower


class Schedule(models.Model):
    """A schedule. ``next_at`` is when it is due; None while it is off.

    The worker that holds the row lock fires the schedule if it is due. The id leaves room in a
    sprint's id for ``-YYYYMMDD-HHMM-2``. The zone is kept by name, because its rules may change.
    """

    ID_LENGTH = 48

    schedule_id = models.CharField(max_length=ID_LENGTH, primary_key=True)
    cron = models.CharField(max_length=100)
    zone = models.CharField(max_length=64)
    title = models.CharField(max_length=200, default="", blank=True)
    brief = models.TextField(default="", blank=True)
    profile = models.CharField(max_length=16, default="", blank=True)
    deadline = models.CharField(max_length=16, default="", blank=True)
    next_at = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text="null while the schedule is off"
    )
    last_sprint_id = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        ordering: ClassVar = ["schedule_id"]
        constraints: ClassVar = [
            # Ids that differ only in case would make the same sprint.
            models.UniqueConstraint(Lower("schedule_id"), name="schedule_id_any_case"),
        ]

    def __str__(self) -> str:
        return self.schedule_id

    @property
    def enabled(self) -> bool:
        """Return whether the schedule is on."""
        return self.next_at is not None
