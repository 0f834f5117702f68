"""Configure the app: connect the journal to committed events."""

from django.apps import AppConfig


class SprintsConfig(AppConfig):
    """The state machine and its faces."""

    name = "sprints"

    def ready(self) -> None:
        """Connect the receivers of committed events, none of which can make the core fail."""
        from gates import secret_values
        from sprints.health import django_checks  # noqa: F401 (checks register themselves)
        from sprints.journal import writer
        from sprints.models.redaction import own_secrets
        from sprints.models.transitions import event_committed, runner_idle

        if own_secrets not in secret_values.SOURCES:
            secret_values.SOURCES.append(own_secrets)
        event_committed.connect(writer.on_events, dispatch_uid="mirror")
        runner_idle.connect(writer.on_waiting, dispatch_uid="mirror")
