"""Store the agents as their owner edits them."""

from typing import ClassVar

from django.db import models

from gates import network
from sprints.contract.agent_spec import AgentDefinition
from sprints.contract.json_types import JsonObject


class Agent(models.Model):
    """An agent of the roster; a sprint uses the copy that its contract froze."""

    agent_id = models.CharField(max_length=32, primary_key=True)
    label = models.CharField(max_length=64)
    title = models.CharField(max_length=80)
    mission = models.TextField()
    runner = models.CharField(max_length=32, default="scripted")
    command = models.JSONField(default=list, blank=True, help_text="argv: a list, no shell")
    model = models.CharField(max_length=100, default="", blank=True)
    timeout_s = models.FloatField(default=600.0)
    grace_s = models.FloatField(default=5.0)
    idle_s = models.FloatField(default=300.0, help_text="0: never")
    pass_env = models.JSONField(default=list, blank=True, help_text="names, beside the usual")
    env = models.JSONField(default=dict, blank=True, help_text="no place for secrets")
    reply = models.JSONField(
        null=True, blank=True, help_text="where the answer stands in what it prints"
    )

    responsibilities = models.JSONField(default=list, blank=True, help_text="a line each")
    authority = models.JSONField(default=list, blank=True, help_text="what it may decide, and not")
    deliverables = models.JSONField(default=list, blank=True, help_text="a line each")

    policy = models.CharField(max_length=16, default="write", help_text="in its clone")
    home = models.CharField(max_length=16, default="private", help_text="in the sandbox")
    network = models.JSONField(
        default=network.of_program,
        help_text="what it may reach in a clone: all, none, or a list of hosts",
    )

    class Meta:
        ordering: ClassVar = ["agent_id"]

    def __str__(self) -> str:
        return self.agent_id

    @property
    def definition(self) -> AgentDefinition:
        """Return the agent as a value."""
        reply: JsonObject | None = self.reply
        return AgentDefinition(
            agent_id=self.agent_id,
            label=self.label,
            title=self.title,
            mission=self.mission,
            runner=self.runner,
            command=tuple(self.command),
            model=self.model,
            timeout_s=self.timeout_s,
            grace_s=self.grace_s,
            idle_s=self.idle_s,
            pass_env=tuple(self.pass_env),
            env=dict(self.env),
            reply=reply,
            responsibilities=tuple(self.responsibilities),
            authority=tuple(self.authority),
            deliverables=tuple(self.deliverables),
            policy=self.policy,
            home=self.home,
            network=network.from_json(self.network),
        )
