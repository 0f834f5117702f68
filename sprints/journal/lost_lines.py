"""Tell lines that events.jsonl has lost from lines that it does not have yet."""

from sprints.models import Event
from sprints.state.event_codes import EventKind


def once_there(sealed: int | None, place: str) -> int:
    """Return the last event that events.jsonl of the store ``place`` is known to have had.

    state.json is ``sealed`` at an event only after events.jsonl has it on disk. A verification has
    counted the events in the file.
    """
    last = Event.objects.filter(kind=EventKind.VERIFIED).order_by("-seq").first()
    found = last.body["data"] if last else {}
    verified = found["events"] - found["behind"] if found.get("place") == place else 0
    return max(sealed or 0, verified)
