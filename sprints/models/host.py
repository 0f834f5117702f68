"""Store the hosts: machines, or stores on them, whose workers run sprints."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from gates.identity import Identity

ALIVE_S = 15.0  # since the supervisor's last heartbeat
SILENT_S = 10.0  # since a worker's last heartbeat, if a worker is free


class Host(models.Model):
    """One host. All times are by the database's clock.

    ``seen_at`` is the last heartbeat of its supervisor, ``worked_at`` that of its workers.
    ``verify_at`` is when its store is verified next.
    """

    name = models.CharField(max_length=100, primary_key=True)
    place = models.CharField(max_length=500, default="", help_text="the store that it serves")
    watch = models.CharField(max_length=200, help_text="the watch's process identity")
    workers = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    worked_at = models.DateTimeField()
    verify_at = models.DateTimeField(null=True, blank=True)
    restarts = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def is_watched(self) -> bool:
        """Return whether its supervisor lives: by process here, by heartbeat elsewhere."""
        alive = Identity.parse(self.watch).is_alive()
        return _alive().filter(pk=self.pk).exists() if alive is None else alive


def living(place: str) -> Host | None:
    """Return a host that serves ``place`` and has a recent heartbeat; None if there is none."""
    return _alive().filter(place=place).first()


def living_places() -> set[str]:
    """Return the places of all hosts with a recent heartbeat."""
    return set(_alive().values_list("place", flat=True))


def _alive() -> models.QuerySet[Host]:
    """Return the hosts with a recent heartbeat; one from the future counts for nothing."""
    span = timedelta(seconds=ALIVE_S)
    return Host.objects.filter(seen_at__gt=Now() - span, seen_at__lte=Now() + span)
