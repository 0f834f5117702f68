"""Edit agents. Only admins may: a command is a shell on this machine. None is added."""

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from gates.network import Network, parse
from gates.network import typed as typed_network
from sprints import operations
from sprints.admin.back_office import site
from sprints.admin.forms import Asked, Edited, choices, joined, pairs, split, typed
from sprints.contract.agent_spec import CARD, COMMAND, PRIVATE, READ, SCRIPTED, USER, WRITE
from sprints.models import Agent


def lines(
    rows: int, *, required: bool = True, label: str | None = None, help_text: str = ""
) -> forms.CharField:
    """Return a field of several lines."""
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(widget=area, required=required, label=label, help_text=help_text)


IN_PROMPTS = "Each of the agent's prompts contains them."


class AgentForm(Asked[Agent]):
    """The form of an agent; the rules for its reply stay unchanged."""

    title = forms.CharField(max_length=80, help_text="Role of the agent, for people.")
    mission = lines(3, help_text="What the agent is for. Each of its prompts contains it.")
    responsibilities = lines(4, required=False, help_text=f"One per line. {IN_PROMPTS}")
    authority = lines(
        3,
        required=False,
        help_text=f"What the agent may and may not decide, one item per line. {IN_PROMPTS}",
    )
    deliverables = lines(3, required=False, help_text=f"One per line. {IN_PROMPTS}")
    runner = forms.ChoiceField(choices=choices([SCRIPTED, COMMAND]))
    command = forms.CharField(
        required=False,
        strip=False,
        help_text="Command line of the agent, with quotes as in a shell. No shell runs it.",
    )
    model = forms.CharField(
        required=False,
        max_length=100,
        help_text="Model name that replaces {model} in the command.",
    )
    timeout_s = forms.FloatField(
        label="Timeout", help_text="Longest time for an answer, in seconds."
    )
    grace_s = forms.FloatField(
        label="Grace", help_text="Time between SIGTERM and SIGKILL, in seconds."
    )
    idle_s = forms.FloatField(
        label="Idle",
        help_text="Longest time without output or CPU use, in seconds; 0 sets no limit.",
    )
    pass_env = forms.CharField(
        required=False,
        label="Passed on",
        help_text="Names of the gateway's environment variables that the agent gets, separated by"
        " spaces.",
    )
    env = lines(3, required=False, label="Environment", help_text="NAME=VALUE, one per line.")

    policy = forms.ChoiceField(
        choices=choices([WRITE, READ]), help_text="What it may do in its clone."
    )
    home = forms.ChoiceField(
        choices=choices([PRIVATE, USER]),
        help_text="HOME in the sandbox: a private folder of the agent, or that of the user who runs"
        " the gateway.",
    )
    network = forms.CharField(
        help_text="What the agent reaches: all, none, or hosts such as pypi.org *.example.org"
        " localhost:5432. The word program stands for the hosts that a known coding-agent program"
        " needs."
    )

    class Meta:
        model = Agent
        fields: list[str] = []

    def shown(self, row: Agent) -> dict[str, object]:
        """Return the row's values, with lists as they are typed."""
        cards = {name: "\n".join(getattr(row, name)) for name in CARD}
        programs = {"command": joined(row.command), "pass_env": " ".join(row.pass_env)}
        own = {"env": typed(row.env), "network": typed_network(row.definition.network)}
        return super().shown(row) | cards | programs | own

    def clean_command(self) -> tuple[str, ...]:
        """Return the command as an argv."""
        return split(self.cleaned_data["command"])

    def clean_env(self) -> dict[str, str]:
        """Return the environment as a dict."""
        return pairs(self.cleaned_data["env"])

    def clean_network(self) -> Network:
        """Return the network as a value."""
        return parse(self.cleaned_data["network"])

    def clean_mission(self) -> str:
        """Return the mission with newlines as every other face writes them."""
        return str(self.cleaned_data["mission"]).replace("\r\n", "\n")

    def keep(self, by: str) -> Agent:
        """Store the agent. Raises ``Refused``."""
        values = dict(self.cleaned_data)
        for name in CARD:
            given = (line.strip() for line in values[name].splitlines())
            values[name] = tuple(line for line in given if line)
        values["pass_env"] = tuple(values["pass_env"].split())
        agent_id = self.instance.agent_id
        agents = operations.agents
        agents.put([replace(agents.get(agent_id).definition, **values)], by)
        return agents.get(agent_id)


@admin.register(Agent, site=site)
class Agents(Edited[Agent]):
    """The fifteen agents and their commands; none is added, none is deleted."""

    form = AgentForm
    list_display = ["agent_id", "title", "runner", "model", "argv"]
    seen = ["agent_id", "title", "mission", *CARD, "runner", "model", "policy", "home", "network"]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns; commands are for admins."""
        columns = super().get_list_display(request)
        return [one for one in columns if one != "argv" or self.has_edit_permission(request)]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: no agent is added."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Agent | None = None) -> bool:
        """Return False: no agent is deleted."""
        return False

    @admin.display(description="command")
    def argv(self, row: Agent) -> str:
        """Return the command as it is typed."""
        return joined(row.command)
