"""List sprints with their rounds, tasks and runs; only operations change them."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from gates.models import GateRun
from sprints import operations
from sprints.admin.back_office import site
from sprints.admin.base import Rows, Table, as_json, pill, when
from sprints.models import Round, Sprint, Task
from sprints.operations import Refused
from sprints.state.messages import message


class Archived(admin.SimpleListFilter):
    """A filter that leaves out archived sprints by default."""

    title = parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Table[Sprint]) -> list[tuple[str, str]]:
        """Return the choice next to the default."""
        return [("1", "archived")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Sprint]) -> QuerySet[Sprint]:
        """Return the archived sprints, or the others; all for a sprint's own page."""
        found = request.resolver_match
        if found and (found.url_name or "").endswith("_change"):
            return queryset
        return queryset.filter(archived_at__isnull=self.value() != "1")


@admin.register(Sprint, site=site)
class Sprints(Rows[Sprint]):
    """All sprints, newest first."""

    list_display = ["sprint_id", "title", "state", "current_round", "owner", "waits", "age"]
    list_filter = ["status", Archived]
    ordering = ["-created_at"]
    search_fields = ["sprint_id", "title"]
    search_help_text = "Id or title of a sprint."
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sprint]:
        """Return the rows without their contracts, which are large."""
        return super().get_queryset(request).defer("contract")

    def view_on_site(self, obj: Sprint) -> str:
        """Return the address of the sprint's own page."""
        return f"/sprints/{obj.pk}/"

    @admin.display(description="status")
    def state(self, row: Sprint) -> SafeString:
        """Return the status as a pill."""
        return pill(row.status)

    @admin.display(description="created by")
    def owner(self, row: Sprint) -> str:
        """Return the sprint's creator."""
        return row.parsed_meta.created_by

    @admin.display(description="waits for")
    def waits(self, row: Sprint) -> str:
        """Return the recorded wait."""
        return f"{row.waiting['what']} ({row.waiting['who']})" if row.waiting else ""

    @admin.display(description="meta")
    def meta_shown(self, row: Sprint) -> SafeString:
        """Return the meta as in state.json."""
        return as_json(row, row.meta)

    @admin.display(description="contract")
    def contract_shown(self, row: Sprint) -> SafeString:
        """Return the contract as JSON."""
        return as_json(row, row.contract)

    @admin.action(description=message("admin.start"), permissions=["operate"])
    def start(self, request: HttpRequest, queryset: QuerySet[Sprint]) -> None:
        """Queue the sprints."""
        done = message("admin.start.done")
        self.act(request, queryset, lambda row: operations.start(row.pk), done)

    @admin.action(description=message("admin.pause"), permissions=["operate"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Sprint]) -> None:
        """Pause the sprints."""
        by = request.user.get_username()
        done = message("admin.pause.done")
        self.act(request, queryset, lambda row: operations.pause(row.pk, by), done)

    @admin.action(description=message("admin.resume"), permissions=["operate"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Sprint]) -> None:
        """Resume the sprints."""
        by = request.user.get_username()
        done = message("admin.resume.done")
        self.act(request, queryset, lambda row: operations.resume(row.pk, by), done)

    @admin.action(description=message("admin.retry"), permissions=["operate"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Sprint]) -> None:
        """Queue a new attempt of the sprints."""
        done = message("admin.retry.done")
        self.act(request, queryset, lambda row: operations.start(row.pk, again=True), done)

    @admin.action(description=message("admin.cancel"), permissions=["operate"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Sprint]) -> None:
        """Ask the sprints to end, without waiting for running gates."""
        by = request.user.get_username()

        def asked(row: Sprint) -> None:
            try:
                operations.cancel(row.pk, by, wait_s=0)
            except Refused:
                if not Sprint.objects.filter(pk=row.pk, status="running").exclude(cancel_by=""):
                    raise

        self.act(request, queryset, asked, message("admin.cancel.done"))


@admin.register(Round, site=site)
class Rounds(Rows[Round]):
    """The rounds of all sprints; a search finds one sprint."""

    list_display = ["id", "title", "state", "started", "finished"]
    list_filter = ["status"]
    ordering = ["-id"]
    search_fields = ["sprint_id"]
    search_help_text = "Id of a sprint."
    exact = "sprint_id"
    fields = ["id", "title", "state", "started", "finished", "notes"]

    started = staticmethod(when("started_at"))
    finished = staticmethod(when("finished_at"))

    @admin.display(description="status")
    def state(self, row: Round) -> SafeString:
        """Return the status as a pill."""
        return pill(row.status)


@admin.register(Task, site=site)
class Tasks(Rows[Task]):
    """The questions to agents and their answers."""

    list_display = ["id", "title", "owner_agent", "state", "attempt", "updated"]
    list_filter = ["status"]
    ordering = ["-id"]
    search_fields = ["round__sprint_id"]
    search_help_text = "Id of a sprint."
    exact = "round__sprint_id"
    fields = tuple(
        "id title owner_agent state attempt created updated details prompt reply".split()
    )

    created = staticmethod(when("created_at"))
    updated = staticmethod(when("updated_at"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        """Return the rows without their texts, which may be long."""
        return super().get_queryset(request).defer("prompt", "reply")

    @admin.display(description="status")
    def state(self, row: Task) -> SafeString:
        """Return the status as a pill."""
        return pill(row.status)


@admin.register(GateRun, site=site)
class GateRuns(Rows[GateRun]):
    """Every execution of a gate, with its verdict."""

    list_display = ["id", "state", "exit_code", "reason", "took", "required", "started"]
    list_filter = ["status"]
    ordering = ["-started_at"]
    search_fields = ["round__sprint_id"]
    search_help_text = "Id of a sprint."
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
        """Return the verdict as a pill."""
        return pill(row.status)

    @admin.display(description="took")
    def took(self, row: GateRun) -> str:
        """Return the run's duration in seconds."""
        return "-" if row.duration_s is None else f"{row.duration_s:.1f} s"
