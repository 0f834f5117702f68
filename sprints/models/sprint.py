"""Store the sprints: briefs that run through the rounds."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower

from sprints.models.choices import choices_of
from sprints.state.engine_meta import SprintMeta
from sprints.state.snapshot import stopped_for
from sprints.state.statuses import SprintStatus
from sprints.state.stop_reason import StopReason


class Sprint(models.Model):
    """A sprint: created -> running -> succeeded | failed | cancelled; ``retry`` runs it again.

    ``version`` rises with every recorded change: a writer that has read an older one is refused.
    The lease names the process that runs the sprint; its token only rises, and every transition of
    the runner names it. ``home`` is empty until the sprint first runs.
    """

    Status = SprintStatus

    sprint_id = models.CharField(max_length=64, primary_key=True)
    title = models.CharField(max_length=200)
    status = models.CharField(
        max_length=16, choices=choices_of(SprintStatus), default=SprintStatus.CREATED
    )
    current_round = models.CharField(max_length=32, null=True, blank=True)  # noqa: DJ001 (null in the file)
    artifacts_dir = models.TextField()
    last_error = models.TextField(null=True, blank=True)  # noqa: DJ001 (null in the file)
    meta = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=1)
    contract = models.JSONField(null=True, blank=True)
    archived_at = models.DateTimeField(
        null=True, blank=True, help_text="since when it is not in state.json"
    )
    cancel_by = models.CharField(max_length=100, default="", blank=True)
    waiting = models.JSONField(null=True, blank=True, help_text="meta.waiting_for in state.json")
    stop_reason = models.JSONField(
        null=True, blank=True, help_text="meta.stop_reason in state.json"
    )
    extra = models.JSONField(default=dict, blank=True, help_text="unknown keys of state.json")

    home = models.CharField(
        max_length=500, default="", blank=True, help_text="the store that holds its files"
    )
    version = models.PositiveIntegerField(default=0)
    lease_owner = models.CharField(max_length=200, default="", blank=True)
    lease_token = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True, help_text="by the database's clock")
    lease_beat = models.FloatField(
        null=True, blank=True, help_text="when it was renewed: seconds since its holder's boot"
    )

    class Meta:
        ordering: ClassVar = ["sprint_id"]
        constraints: ClassVar = [
            # Ids that differ only in case would be one folder on many file systems.
            models.UniqueConstraint(Lower("sprint_id"), name="sprint_id_any_case"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["status", "-created_at"], name="sprint_by_status_age"),
            models.Index(fields=["status", "-finished_at"], name="sprint_by_status_end"),
            models.Index(fields=["-created_at", "-sprint_id"], name="sprint_by_age"),
            # For lists, fast with many archived sprints; and for the archive.
            models.Index(
                fields=["-created_at", "-sprint_id"],
                condition=models.Q(archived_at=None),
                name="sprint_listed",
            ),
            models.Index(
                fields=["archived_at"],
                condition=models.Q(archived_at__isnull=False),
                name="sprint_archived",
            ),
            models.Index(fields=["home"], condition=~models.Q(lease_owner=""), name="sprint_held"),
        ]

    def __str__(self) -> str:
        return self.sprint_id

    @property
    def stopped_for(self) -> StopReason | None:
        """Why it stopped; None where it has not."""
        return stopped_for(self.stop_reason, self.last_error)

    @property
    def parsed_meta(self) -> SprintMeta:
        """Return the meta with its parts as values."""
        return SprintMeta(self.meta)

    @property
    def is_foreign(self) -> bool:
        """Return whether the sprint was imported after its start and never ran here."""
        begun = self.current_round is not None or self.status != self.Status.CANCELLED
        return self.started_at is None and self.status != self.Status.CREATED and begun
