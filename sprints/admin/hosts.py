"""List the hosts that run sprints, with their state."""

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.safestring import SafeString

from sprints import queries
from sprints.admin.back_office import site
from sprints.admin.base import Rows, pill, when
from sprints.contract.json_types import JsonObject
from sprints.models import Host

FACTS = "facts"  # the attribute of a row with what ``status`` shows of it


def _facts(row: Host) -> JsonObject:
    facts: JsonObject = vars(row)[FACTS]
    return facts


@admin.register(Host, site=site)
class Hosts(Rows[Host]):
    """The hosts, as ``status`` shows them."""

    list_display = ["name", "state", "workers", "runs", "seen", "worked", "restarts", "place"]
    fields = tuple("name state workers runs seen worked restarts place started watch".split())

    started = staticmethod(when("started_at"))

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Return the list, with the facts from ``status`` read once."""
        found = super().get_changelist_instance(request)
        known = {facts["name"]: facts for facts in queries.hosts()}
        for row in found.result_list:
            vars(row)[FACTS] = known.get(row.pk, {})
        return found

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Host | None:
        """Return the row, with its facts from ``status``."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            vars(row)[FACTS] = next((f for f in queries.hosts() if f["name"] == row.pk), {})
        return row

    @admin.display(description="state")
    def state(self, row: Host) -> SafeString:
        """Return alive, silent (no worker answers although one is free) or gone."""
        if not _facts(row).get("alive"):
            return pill("gone")
        return pill("silent" if _facts(row)["silent"] else "alive")

    @admin.display(description="runs")
    def runs(self, row: Host) -> str:
        """Return the sprints that the host runs now."""
        return ", ".join(_facts(row).get("carries", [])) or "nothing"

    @admin.display(description="seen")
    def seen(self, row: Host) -> str:
        """Return the seconds since its last heartbeat."""
        return f"{_facts(row).get('seen_s', 0):.0f} s ago"

    @admin.display(description="worked")
    def worked(self, row: Host) -> str:
        """Return the seconds since the last heartbeat of its workers."""
        return f"{_facts(row).get('worked_s', 0):.0f} s ago"
