"""Store the gate definitions that a user edits, and the evidence of every run."""

from typing import ClassVar

from django.db import models

from gates import network
from gates.definition import Definition
from gates.verdict import Verdict


class Gate(models.Model):
    """A gate as its owner edits it; a sprint runs under the copy that its contract froze."""

    gate_id = models.CharField(max_length=64, primary_key=True)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=32, default="command")
    command = models.JSONField(help_text="argv: a list of texts, no shell")
    required = models.BooleanField(default=True)
    rounds = models.JSONField(help_text="codes of the rounds in which it runs")
    profiles = models.JSONField(help_text="profiles to which it belongs: quick, full")
    timeout_s = models.FloatField(default=600.0)
    grace_s = models.FloatField(default=5.0)
    cap_bytes = models.BigIntegerField(default=64 << 20)
    env = models.JSONField(default=dict, blank=True)
    network = models.JSONField(
        default=network.unlimited,
        help_text="what it may reach in a clone: all, none, or a list of hosts",
    )
    position = models.PositiveIntegerField(default=0)
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["position", "gate_id"]

    def __str__(self) -> str:
        return self.gate_id

    @property
    def definition(self) -> Definition:
        """Return the gate as a value."""
        return Definition(
            gate_id=self.gate_id,
            title=self.title,
            command=tuple(self.command),
            rounds=tuple(self.rounds),
            kind=self.kind,
            required=self.required,
            timeout_s=self.timeout_s,
            grace_s=self.grace_s,
            cap_bytes=self.cap_bytes,
            env=dict(self.env),
            network=network.from_json(self.network),
        )


class GateRun(models.Model):
    """One execution of a gate: running -> a verdict.

    Its id is ``sprint/gate/number``. Its output is in
    ``artifacts/<sprint>/gates/<gate>/runs/<number>``.
    """

    RUNNING = "running"

    id = models.CharField(max_length=200, primary_key=True)
    round = models.ForeignKey("sprints.Round", models.CASCADE, related_name="gate_runs")
    gate_id = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    attempt = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    command = models.JSONField()
    required = models.BooleanField()
    digest = models.CharField(max_length=64, help_text="hash of the gate's definition")
    status = models.CharField(
        max_length=16,
        default=RUNNING,
        choices=[(RUNNING, "running"), *((v.value, v.value) for v in Verdict)],
    )
    reason = models.CharField(max_length=500, default="", blank=True)
    cause = models.CharField(
        max_length=20, default="", blank=True, help_text="why it ended, if not by its own exit"
    )
    tree = models.CharField(
        max_length=64, default="", blank=True, help_text="git tree that was judged, in a clone"
    )
    excerpt = models.TextField(
        default="", blank=True, help_text="what it printed, in short, for who is to mend it"
    )
    confined = models.CharField(
        max_length=200, default="", blank=True, help_text="what kept it to its folders"
    )
    network = models.JSONField(
        default=dict, blank=True, help_text="what it reached, or tried to reach, by host"
    )
    exit_code = models.IntegerField(null=True, blank=True)
    duration_s = models.FloatField(null=True, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    stdout_path = models.TextField()
    stderr_path = models.TextField()
    extra = models.JSONField(default=dict, blank=True, help_text="unknown keys of state.json")

    class Meta:
        # By number, never by time: clocks may be set back, and the latest run is the last begun.
        ordering: ClassVar = ["gate_id", "number"]
        # Runs of different sprints have only the clock.
        indexes: ClassVar = [
            models.Index(fields=["gate_id", "-started_at"], name="gaterun_by_gate"),
            models.Index(fields=["-started_at"], name="gaterun_by_age"),
        ]

    def __str__(self) -> str:
        return self.id
