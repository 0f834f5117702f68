"""A host: a machine, or a store on it, whose workers carry sprints."""

from typing import ClassVar

from django.db import models


class Host(models.Model):
    """``seen_at`` is the watch's own sign of life, ``worked_at`` the last of its workers."""

    name = models.CharField(max_length=100, primary_key=True)
    watch = models.CharField(max_length=200, help_text="the watch's process identity")
    workers = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    worked_at = models.DateTimeField()
    restarts = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
