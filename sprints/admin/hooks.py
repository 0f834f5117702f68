"""Edit hooks and list deliveries. Only admins edit: a command is a shell on this machine."""

import json

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from sprints import operations
from sprints.admin.back_office import site
from sprints.admin.base import Rows, as_json, pill, when
from sprints.admin.forms import Asked, Edited, choices, joined, split
from sprints.contract.hook_spec import USUAL_TRIES, HookDefinition
from sprints.hooks import KINDS
from sprints.models import Delivery, Hook
from sprints.state.event_catalog import NAMES
from sprints.state.messages import message


class HookForm(Asked[Hook]):
    """The form of a hook."""

    fixed = {"hook_id", "kind"}

    hook_id = forms.CharField(max_length=64, label="Id")
    kind = forms.ChoiceField(choices=choices(KINDS))
    points = forms.MultipleChoiceField(
        choices=choices(NAMES), label="On", widget=forms.CheckboxSelectMultiple
    )
    target = forms.CharField(
        help_text="A command line, with quotes as in a shell (no shell runs it), or the URL of a "
        "webhook, a mail box or a chat.",
        strip=False,
    )
    timeout_s = forms.FloatField(
        initial=10, label="Timeout", help_text="Longest time for an attempt, in seconds."
    )
    tries = forms.IntegerField(
        required=False,
        help_text="Largest number of attempts. If it is empty, 3 for a command and 12 for a URL.",
    )
    backoff_s = forms.FloatField(
        initial=10,
        label="Back-off",
        help_text="Time before the second attempt, in seconds. Each further time is double.",
    )
    blocking = forms.BooleanField(required=False, help_text="Sprints wait for the hook.")
    allow_private = forms.BooleanField(
        required=False, help_text="The URL may lie on this machine or in its network."
    )
    enabled = forms.BooleanField(required=False, initial=True)
    new_secret = forms.BooleanField(
        required=False,
        help_text="Make a new secret for the webhook. To print it, type: studio-gateway"
        " hook show ID --secret",
    )

    class Meta:
        model = Hook
        fields: list[str] = []

    def shown(self, row: Hook) -> dict[str, object]:
        """Return the row's values, with a command as it is typed."""
        target = joined(row.target) if row.kind == "command" else row.target[0]
        return super().shown(row) | {"target": target}

    def clean(self) -> dict[str, object]:
        """Parse the target by the hook's kind, then check the operation."""
        if "target" in self.cleaned_data and self.cleaned_data.get("kind") == "command":
            try:
                self.cleaned_data["target"] = split(self.cleaned_data["target"])
            except forms.ValidationError as exc:
                self.add_error("target", exc)
        elif "target" in self.cleaned_data:
            self.cleaned_data["target"] = (self.cleaned_data["target"].strip(),)
        return super().clean()

    def keep(self, by: str) -> Hook:
        """Store the hook. Raises ``Refused``."""
        values = dict(self.cleaned_data)
        enabled, new_secret = values.pop("enabled"), values.pop("new_secret")
        hook_id = self.refuse_another(values.pop("hook_id"))
        values["points"] = tuple(values["points"])
        if values["tries"] is None:
            values["tries"] = USUAL_TRIES[values["kind"]]
        hook = HookDefinition(hook_id=hook_id, **values)
        return operations.hooks.put(hook, enabled=enabled, new_secret=new_secret, by=by)


@admin.register(Hook, site=site)
class Hooks(Edited[Hook]):
    """The hooks and their events."""

    form = HookForm
    list_display = ["hook_id", "on", "kind", "where", "policy", "blocking", "enabled"]

    def forget(self, row: Hook, by: str) -> None:
        """Delete the hook; its deliveries stay."""
        operations.hooks.remove(row.pk, by)

    @admin.display(description="on")
    def on(self, row: Hook) -> str:
        """Return the hook's points."""
        return " ".join(row.points)

    @admin.display(description="target")
    def where(self, row: Hook) -> str:
        """Return the target, with a URL shortened, because it may be a secret."""
        return row.definition.shown

    @admin.display(description="policy")
    def policy(self, row: Hook) -> str:
        """Return timeout, number of attempts and delay in words."""
        return f"{row.timeout_s:g} s, {row.tries} tries, {row.backoff_s:g} s apart"


@admin.register(Delivery, site=site)
class Deliveries(Rows[Delivery]):
    """The deliveries and their results."""

    list_display = ["id", "hook_id", "point", "sprint_id", "state", "tries", "reason", "created"]
    list_filter = ["status"]
    ordering = ["-created_at"]
    search_fields = ["sprint_id"]
    search_help_text = "the id of a sprint"
    exact = "sprint_id"
    actions = ["redeliver"]
    fields = tuple(
        (
            "id hook_id point seq sprint_id state reason tries failures exit_code http_status"
            " duration_s created next finished output payload_shown"
        ).split()
    )

    created = staticmethod(when("created_at"))
    next = staticmethod(when("next_at", "next try"))
    finished = staticmethod(when("finished_at"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Return the rows without their long texts."""
        return super().get_queryset(request).defer("payload", "output")

    @admin.display(description="status")
    def state(self, row: Delivery) -> SafeString:
        """Return the status as a pill."""
        return pill(row.status)

    @admin.display(description="payload")
    def payload_shown(self, row: Delivery) -> SafeString:
        """Return the payload as JSON."""
        return as_json(row, json.loads(row.payload or "null"))

    @admin.action(description=message("admin.redeliver"), permissions=["operate"])
    def redeliver(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Queue the deliveries again, under the same ids."""
        done = message("admin.redeliver.done")
        self.act(request, queryset, lambda row: operations.hooks.redeliver(row.pk), done)
