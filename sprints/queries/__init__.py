"""Read the rows for every face; nothing here writes."""

from sprints.queries.durations import times
from sprints.queries.events import events_after, last_event, last_events
from sprints.queries.sprints import (
    as_in_state_json,
    get,
    ids,
    listed,
    look,
    newest,
    titles,
    version_of,
)
from sprints.queries.status import gates, head, hosts, job, local, mirror_fault, schedules, status
from sprints.queries.waiting import queue, shown_status, waiting_for
from sprints.state.refusals import NotNow, Refused, Unknown

__all__ = [
    "NotNow", "Refused", "Unknown", "as_in_state_json", "events_after", "gates", "get", "head",
    "hosts", "ids", "job", "last_event", "last_events", "listed", "local", "look", "mirror_fault",
    "newest", "queue", "schedules", "shown_status", "status", "times", "titles", "version_of",
    "waiting_for",
]  # fmt: skip
