"""Edit schedules: a sprint whenever a cron is due."""

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from sprints import operations, queries
from sprints.admin.back_office import site
from sprints.admin.forms import Asked, Edited, choices
from sprints.contract.contract import DEADLINES, PROFILES
from sprints.models import Schedule
from sprints.state.messages import message


class ScheduleForm(Asked[Schedule]):
    """The form of a schedule; the list's actions turn it on and off."""

    fixed = {"schedule_id"}

    schedule_id = forms.CharField(max_length=Schedule.ID_LENGTH, label="Id")
    cron = forms.CharField(
        max_length=100, help_text="Minute, hour, day, month and weekday, such as 0 2 * * 1-5."
    )
    zone = forms.CharField(
        max_length=64,
        required=False,
        help_text="Such as Europe/Berlin. If it is empty, that of this machine.",
    )
    title = forms.CharField(
        max_length=200, required=False, help_text="Title of the sprints that it creates."
    )
    brief = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 8}))
    profile = forms.ChoiceField(choices=choices(["", *PROFILES]), required=False)
    deadline = forms.ChoiceField(choices=choices(["", *DEADLINES]), required=False)

    class Meta:
        model = Schedule
        fields: list[str] = []

    def keep(self, by: str) -> Schedule:
        """Add or change the schedule. Raises ``Refused``."""
        values = dict(self.cleaned_data)
        schedule_id = values.pop("schedule_id")
        if self.instance._state.adding:
            return operations.add_schedule(schedule_id, by, **values)
        values["zone"] = values["zone"] or self.instance.zone
        return operations.set_schedule(self.instance.pk, by, **values)


@admin.register(Schedule, site=site)
class Schedules(Edited[Schedule]):
    """All schedules; operators turn them on and off."""

    form = ScheduleForm
    list_display = ["schedule_id", "cron", "zone", "title", "following", "last_sprint_id"]
    actions = ["turn_on", "turn_off"]

    def forget(self, row: Schedule, by: str) -> None:
        """Delete the schedule; its sprints stay."""
        operations.remove_schedule(row.pk, by)

    @admin.display(description="next")
    def following(self, row: Schedule) -> str:
        """Return when the schedule fires next, or off."""
        return queries.local(row.next_at, row.zone) if row.next_at else "off"

    @admin.action(description=message("admin.turn_on"), permissions=["operate"])
    def turn_on(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        """Turn the schedules on, from their next times."""
        self._turn(request, queryset, on=True)

    @admin.action(description=message("admin.turn_off"), permissions=["operate"])
    def turn_off(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        """Turn the schedules off."""
        self._turn(request, queryset, on=False)

    def _turn(self, request: HttpRequest, queryset: QuerySet[Schedule], *, on: bool) -> None:
        by = request.user.get_username()
        self.act(
            request,
            queryset,
            lambda row: operations.turn_schedule(row.pk, by, on=on),
            message("admin.turn_on.done" if on else "admin.turn_off.done"),
        )
