"""The switches of config.json, as this host has them now; they may be turned at any time."""

from dataclasses import dataclass, fields

from django.conf import settings

from sprints.plan import AGENT_BUDGET
from sprints.store import BIND_HOST, PORT, read_config


@dataclass(frozen=True, slots=True)
class Switches:
    """What holds where config.json says nothing."""

    bind_host: str = BIND_HOST
    port: int = PORT
    enable_auto_merge: bool = False
    automation_paused: bool = False
    max_concurrent_global: int = 4
    gate_profile: str = "quick"
    agent_launches: int = AGENT_BUDGET.launches
    agent_minutes: float = AGENT_BUDGET.minutes
    approvals: str = "none"


def switches() -> Switches:
    """The switches of this store. Raises ``StoreError``."""
    config = read_config(settings.STORE.config)
    known = [field.name for field in fields(Switches)]
    return Switches(**{name: config[name] for name in known if name in config})
