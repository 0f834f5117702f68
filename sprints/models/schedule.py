"""A schedule: a brief that becomes a sprint whenever its cron is due."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower


class Schedule(models.Model):
    """``next_at`` alone says whether it is on; who has the row's lock and finds it due fires it.

    The id leaves room in a sprint's for ``-YYYYMMDD-HHMM``. The zone is kept by name: its rules may
    change.
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
            # Two ids that differ in case alone would make one sprint's.
            models.UniqueConstraint(Lower("schedule_id"), name="schedule_id_any_case"),
        ]

    def __str__(self) -> str:
        return self.schedule_id

    @property
    def enabled(self) -> bool:
        """Whether it fires."""
        return self.next_at is not None
