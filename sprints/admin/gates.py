"""Edit gates. Only admins may: a command is a shell on this machine."""

from django import forms
from django.contrib import admin

from gates.definition import Definition
from gates.kinds import KINDS
from gates.models import Gate
from gates.network import NONE, Network, parse
from gates.network import typed as network_typed
from sprints import operations
from sprints.admin.back_office import site
from sprints.admin.forms import Asked, Edited, choices, joined, pairs, split, typed
from sprints.contract.contract import CODES, GATED, PROFILES


class GateForm(Asked[Gate]):
    """The form of a gate."""

    fixed = {"gate_id"}

    gate_id = forms.CharField(max_length=64, label="Id")
    title = forms.CharField(max_length=200)
    kind = forms.ChoiceField(choices=choices(KINDS), initial="command")
    command = forms.CharField(
        strip=False, help_text="Command line, with quotes as in a shell. No shell runs it."
    )
    required = forms.BooleanField(
        required=False, initial=True, help_text="If the gate fails, the sprint fails."
    )
    enabled = forms.BooleanField(required=False, initial=True)
    rounds = forms.MultipleChoiceField(
        choices=choices(CODES), initial=list(GATED), widget=forms.CheckboxSelectMultiple
    )
    profiles = forms.MultipleChoiceField(
        choices=choices(PROFILES), initial=list(PROFILES), widget=forms.CheckboxSelectMultiple
    )
    timeout_s = forms.FloatField(
        initial=600, label="Timeout", help_text="Longest time for a run, in seconds."
    )
    grace_s = forms.FloatField(
        initial=5, label="Grace", help_text="Time between SIGTERM and SIGKILL, in seconds."
    )
    cap_bytes = forms.IntegerField(
        initial=64 << 20, label="Cap", help_text="Largest output, in bytes."
    )
    env = forms.CharField(
        required=False,
        label="Environment",
        help_text="NAME=VALUE, one per line.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    network = forms.CharField(
        initial=NONE,
        help_text="What the gate reaches from a clone: all, none, or hosts such as pypi.org"
        " *.example.org localhost:5432.",
    )

    class Meta:
        model = Gate
        fields: list[str] = []

    def shown(self, row: Gate) -> dict[str, object]:
        """Return the row's values, with command and environment as they are typed."""
        own = {"command": joined(row.command), "env": typed(row.env)}
        return super().shown(row) | own | {"network": network_typed(row.definition.network)}

    def clean_command(self) -> tuple[str, ...]:
        """Return the command as an argv."""
        return split(self.cleaned_data["command"])

    def clean_env(self) -> dict[str, str]:
        """Return the environment as a dict."""
        return pairs(self.cleaned_data["env"])

    def clean_network(self) -> Network:
        """Return the network as a value."""
        return parse(self.cleaned_data["network"])

    def keep(self, by: str) -> Gate:
        """Store the gate. Raises ``Refused``."""
        values = dict(self.cleaned_data)
        profiles, enabled = values.pop("profiles"), values.pop("enabled")
        gate_id = self.refuse_another(values.pop("gate_id"))
        values["rounds"] = tuple(values["rounds"])
        gate = Definition(gate_id=gate_id, **values)
        return operations.gates.put(gate, profiles, enabled=enabled, by=by)


@admin.register(Gate, site=site)
class Gates(Edited[Gate]):
    """The gates, in the order in which they run."""

    form = GateForm
    list_display = ["gate_id", "title", "argv", "when", "profiles", "required", "enabled"]

    def forget(self, row: Gate, by: str) -> None:
        """Delete the gate; its runs stay."""
        operations.gates.remove(row.pk, by)

    @admin.display(description="command")
    def argv(self, row: Gate) -> str:
        """Return the command as it is typed."""
        return joined(row.command)

    @admin.display(description="rounds")
    def when(self, row: Gate) -> str:
        """Return the short names of its rounds: R3 R5."""
        return " ".join(code.split("_")[0] for code in row.rounds)
