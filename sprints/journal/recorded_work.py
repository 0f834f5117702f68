"""Collect from the events which commits of agents the gateway's own clone must have."""

from django.conf import settings

from sprints.contract.json_types import JsonObject
from sprints.state.event_codes import EventKind


class RecordedWork:
    """The last recorded commit of each sprint that this store must have, in ``heads``."""

    def __init__(self) -> None:
        self.heads: dict[str, str] = {}

    def add(self, event: JsonObject) -> None:
        """Store the commit that the event names. An import comes without commits."""
        if event["kind"] == EventKind.IMPORTED:
            self.heads.clear()
        data = event["data"]
        work = data.get("work")
        is_here = isinstance(work, dict) and data.get("outputs_at") == settings.STORE.place
        if is_here and (head := work.get("head")):
            self.heads[event["sprint_id"] or ""] = head
