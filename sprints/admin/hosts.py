"""List the hosts that run sprints, with their state."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList

from sprints import queries
from sprints.admin.back_office import site
from sprints.admin.base import Rows, pill, when
from sprints.models import Host


@admin.register(Host, site=site)
class Hosts(Rows):
    """The hosts, as ``status`` shows them."""

    list_display = ["name", "state", "workers", "carries", "seen", "worked", "restarts", "place"]
    fields = tuple("name state workers carries seen worked restarts place started watch".split())

    started = staticmethod(when("started_at"))

    def get_changelist_instance(self, request: Any) -> ChangeList:
        """Return the list, with the facts from ``status`` read once."""
        found = super().get_changelist_instance(request)
        known = {facts["name"]: facts for facts in queries.hosts()}
        for row in found.result_list:
            row.facts = known.get(row.pk, {})
        return found

    def get_object(self, request: Any, object_id: str, from_field: str | None = None) -> Any:
        """Return the row, with its facts from ``status``."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            row.facts = next((f for f in queries.hosts() if f["name"] == row.pk), {})
        return row

    @admin.display(description="state")
    def state(self, row: Any) -> Any:
        """Return alive, silent (no worker answers although one is free) or gone."""
        if not row.facts.get("alive"):
            return pill("gone")
        return pill("silent" if row.facts["silent"] else "alive")

    @admin.display(description="carries")
    def carries(self, row: Any) -> str:
        """Return the sprints that the host runs now."""
        return ", ".join(row.facts.get("carries", [])) or "nothing"

    @admin.display(description="seen")
    def seen(self, row: Any) -> str:
        """Return the seconds since its last heartbeat."""
        return f"{row.facts.get('seen_s', 0):.0f} s ago"

    @admin.display(description="worked")
    def worked(self, row: Any) -> str:
        """Return the seconds since the last heartbeat of its workers."""
        return f"{row.facts.get('worked_s', 0):.0f} s ago"
