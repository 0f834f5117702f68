"""Replay every stored sprint with today's core: the test of an upgrade."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from sprints.contract.json_types import JsonObject
from sprints.models import Event, Sprint
from sprints.queries.sprints import get
from sprints.replay.replay import Divergence, replay

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Replayed:
    """The numbers replayed, up to the first divergence. ``skipped`` counts imported sprints."""

    sprints: int
    events: int
    skipped: int
    took_s: float
    divergence: Divergence | None = None


def replay_all(
    sprint_ids: Sequence[str] = (), tell: Callable[[int], None] | None = None
) -> Replayed:
    """Replay these sprints, else all, up to the first divergence. Writes nothing.

    ``tell`` receives the number of finished sprints. Raises ``Unknown``.
    """
    began, sprints, skipped = time.monotonic(), 0, 0
    names = [get(one).pk for one in sprint_ids] or _all()
    found, count = None, [0]
    for name in names:
        if tell:
            tell(sprints + skipped)
        events = Event.objects.filter(sprint_id=name).order_by("seq")
        lines = events.values_list("line", flat=True)
        if not events.filter(kind="sprint_created").exists() or _is_foreign(lines):
            skipped += 1
            continue
        sprints += 1
        if found := replay(_counted(lines.iterator(CHUNK), count)):
            break
    return Replayed(sprints, count[0], skipped, time.monotonic() - began, found)


def _all() -> list[str]:
    return sorted(Sprint.objects.values_list("pk", flat=True))


def _is_foreign(lines: QuerySet[Event, str]) -> bool:
    """Return whether the sprint's first event was imported."""
    first = json.loads(lines[0])
    return "imported" in first or first["kind"] != "sprint_created"


def _counted(lines: Iterator[str], count: list[int]) -> Iterator[JsonObject]:
    for line in lines:
        count[0] += 1
        yield json.loads(line)
