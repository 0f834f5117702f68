"""Sprints and what belongs to them. Only operations change them; here they are asked for."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.safestring import SafeString

from gates.models import GateRun
from sprints import operations
from sprints.admin.back_office import site
from sprints.admin.rows import Rows, as_json, pill, when
from sprints.models import Round, Sprint, Task
from sprints.operations import Refused


class Archived(admin.SimpleListFilter):
    """What is archived is left out unless asked for."""

    title = parameter_name = "archived"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        """The other choice is the first: not archived."""
        return [("1", "archived")]

    def queryset(self, request: Any, queryset: QuerySet[Sprint]) -> QuerySet[Sprint]:
        """Those that are, or are not; on its own page each is found."""
        if request.resolver_match.url_name.endswith("_change"):
            return queryset
        return queryset.filter(archived_at__isnull=self.value() != "1")


@admin.register(Sprint, site=site)
class Sprints(Rows):
    """All sprints, the newest first."""

    list_display = ["sprint_id", "title", "state", "current_round", "owner", "waits", "age"]
    list_filter = ["status", Archived]
    ordering = ["-created_at"]
    search_fields = ["sprint_id", "title"]
    search_help_text = "by id or title"
    actions = ["start", "pause", "resume", "retry", "cancel"]
    fields = tuple(
        (
            "sprint_id title state current_round attempt last_error created started finished"
            " archived owner waits home lease_owner lease_token version artifacts_dir meta_shown"
            " contract_shown"
        ).split()
    )

    age = staticmethod(when("created_at"))
    created = staticmethod(when("created_at"))
    started = staticmethod(when("started_at"))
    finished = staticmethod(when("finished_at"))
    archived = staticmethod(when("archived_at"))

    def get_queryset(self, request: Any) -> QuerySet[Sprint]:
        """Without what is large, and read by nobody in a list."""
        return super().get_queryset(request).defer("contract")

    def view_on_site(self, obj: Sprint) -> str:
        """Its own page shows it better."""
        return f"/sprints/{obj.pk}/"

    @admin.display(description="status")
    def state(self, row: Sprint) -> SafeString:
        """Its status."""
        return pill(row.status)

    @admin.display(description="created by")
    def owner(self, row: Sprint) -> str:
        """Who made it."""
        return str(row.meta.get("created_by", ""))

    @admin.display(description="waits for")
    def waits(self, row: Sprint) -> str:
        """What stands on record."""
        return f"{row.waiting['what']} ({row.waiting['who']})" if row.waiting else ""

    @admin.display(description="meta")
    def meta_shown(self, row: Sprint) -> SafeString:
        """As state.json has it."""
        return as_json(row.meta)

    @admin.display(description="contract")
    def contract_shown(self, row: Sprint) -> SafeString:
        """What it was started under."""
        return as_json(row.contract)

    @admin.action(description="Start: hand to the workers", permissions=["operate"])
    def start(self, request: Any, queryset: QuerySet[Sprint]) -> None:
        """Into the queue."""
        self.act(request, queryset, lambda row: operations.start(row.pk), "queued")

    @admin.action(description="Pause at the next step", permissions=["operate"])
    def pause(self, request: Any, queryset: QuerySet[Sprint]) -> None:
        """Hold."""
        by = request.user.get_username()
        self.act(request, queryset, lambda row: operations.pause(row.pk, by), "paused")

    @admin.action(description="Resume", permissions=["operate"])
    def resume(self, request: Any, queryset: QuerySet[Sprint]) -> None:
        """Go on."""
        by = request.user.get_username()
        self.act(request, queryset, lambda row: operations.resume(row.pk, by), "resumed")

    @admin.action(description="Retry at the round that failed", permissions=["operate"])
    def retry(self, request: Any, queryset: QuerySet[Sprint]) -> None:
        """As a new attempt, by the workers."""
        self.act(
            request, queryset, lambda row: operations.start(row.pk, again=True), "queued again"
        )

    @admin.action(description="Cancel", permissions=["operate"])
    def cancel(self, request: Any, queryset: QuerySet[Sprint]) -> None:
        """Ask it to end; a page does not wait for a gate that takes its time to."""
        by = request.user.get_username()

        def asked(row: Sprint) -> None:
            try:
                operations.cancel(row.pk, by, wait_s=0)
            except Refused:
                if not Sprint.objects.filter(pk=row.pk, status="running").exclude(cancel_by=""):
                    raise

        self.act(request, queryset, asked, "cancelled, or asked to end")


@admin.register(Round, site=site)
class Rounds(Rows):
    """The rounds of all sprints; a search names one sprint."""

    list_display = ["id", "title", "state", "started", "finished"]
    list_filter = ["status"]
    ordering = ["-id"]
    search_fields = ["sprint_id"]
    search_help_text = "the id of a sprint"
    exact = "sprint_id"
    fields = ["id", "title", "state", "started", "finished", "notes"]

    started = staticmethod(when("started_at"))
    finished = staticmethod(when("finished_at"))

    @admin.display(description="status")
    def state(self, row: Round) -> SafeString:
        """Its status."""
        return pill(row.status)


@admin.register(Task, site=site)
class Tasks(Rows):
    """What agents were asked, and answered."""

    list_display = ["id", "title", "owner_agent", "state", "attempt", "updated"]
    list_filter = ["status"]
    ordering = ["-id"]
    search_fields = ["round__sprint_id"]
    search_help_text = "the id of a sprint"
    exact = "round__sprint_id"
    fields = tuple(
        "id title owner_agent state attempt created updated details prompt reply".split()
    )

    created = staticmethod(when("created_at"))
    updated = staticmethod(when("updated_at"))

    def get_queryset(self, request: Any) -> QuerySet[Task]:
        """Without the texts, which may be long."""
        return super().get_queryset(request).defer("prompt", "reply")

    @admin.display(description="status")
    def state(self, row: Task) -> SafeString:
        """Its status."""
        return pill(row.status)


@admin.register(GateRun, site=site)
class GateRuns(Rows):
    """Every execution of a gate, and its verdict."""

    list_display = ["id", "state", "exit_code", "reason", "took", "required", "started"]
    list_filter = ["status"]
    ordering = ["-started_at"]
    search_fields = ["round__sprint_id"]
    search_help_text = "the id of a sprint"
    exact = "round__sprint_id"
    fields = tuple(
        (
            "id gate_id number attempt title state exit_code reason took required started finished"
            " command digest stdout_path stderr_path"
        ).split()
    )

    started = staticmethod(when("started_at"))
    finished = staticmethod(when("finished_at"))

    @admin.display(description="verdict")
    def state(self, row: GateRun) -> SafeString:
        """Its verdict."""
        return pill(row.status)

    @admin.display(description="took")
    def took(self, row: GateRun) -> str:
        """How long it ran."""
        return "-" if row.duration_s is None else f"{row.duration_s:.1f} s"
