"""Read events: the last ones, or those after a number."""

from sprints.models import Event


def last_event(sprint_id: str | None = None) -> str:
    """Return a text that changes with each event, of that sprint if one is named."""
    events = Event.objects.order_by("-seq")
    if sprint_id is not None:
        events = events.filter(sprint_id=sprint_id)
    seq, digest = events.values_list("seq", "hash").first() or (0, "")
    return f"{seq}-{digest[:16]}"


def last_events(tail: int, sprint_id: str | None = None) -> list[Event]:
    """Return the last ``tail`` events, of that sprint if one is named, oldest first."""
    events = Event.objects.order_by("-seq")
    if sprint_id is not None:
        events = events.filter(sprint_id=sprint_id)
    return list(events[:tail])[::-1]


def events_after(seq: int, sprint_id: str | None = None, limit: int = 1000) -> list[Event]:
    """Return the first ``limit`` events after ``seq``, oldest first."""
    events = Event.objects.filter(seq__gt=seq).order_by("seq")
    if sprint_id is not None:
        events = events.filter(sprint_id=sprint_id)
    return list(events[:limit])
