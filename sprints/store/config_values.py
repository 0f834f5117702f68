"""Read the settings of config.json, which may change at any time."""

from dataclasses import dataclass, field, fields

from django.conf import settings

from sprints.contract.rounds import AGENT_BUDGET
from sprints.contract.sandbox import AUTO
from sprints.store.config import BIND_HOST, PORT, read_config


@dataclass(frozen=True, slots=True)
class Switches:
    """The settings, with their defaults."""

    bind_host: str = BIND_HOST
    port: int = PORT
    enable_auto_merge: bool = False
    ship_remote: str = ""
    automation_paused: bool = False
    max_concurrent_global: int = 4
    gate_profile: str = "quick"
    agent_launches: int = AGENT_BUDGET.launches
    agent_minutes: float = AGENT_BUDGET.minutes
    agent_tokens: int = AGENT_BUDGET.tokens
    agent_usd: float = AGENT_BUDGET.usd
    confinement: str = AUTO
    confine_paths: list[str] = field(default_factory=list)
    agent_logs: bool = False
    approvals: str = "none"


def switches() -> Switches:
    """Return the present settings of this store. Raises ``StoreError``."""
    config = read_config(settings.STORE.config)
    known = [one.name for one in fields(Switches)]
    return Switches(**{name: config[name] for name in known if name in config})


MEANINGS = {
    "auth_token": "your token, made by `init`; see `token rotate`",
    "secret_key": "signs sessions and what lies in the queue, made by `init`",
    "bind_host": "where `serve` listens; from its next start on",
    "port": "where `serve` listens; from its next start on",
    "enable_auto_merge": "what has passed is merged into the branch that it began from; "
    "frozen when a sprint is started",
    "automation_paused": "every sprint holds at its next step, and no schedule fires",
    "max_concurrent_global": "how many sprints are carried at once, by all hosts together",
    "gate_profile": "the profile of new sprints",
    "agent_launches": "how often a sprint that is started may launch agents' programs",
    "agent_minutes": "how many minutes those programs may run, in all",
    "agent_tokens": "how many tokens they may use, in all, as far as they tell that",
    "agent_usd": "what they may cost, in US dollars, as far as they tell that",
    "agent_logs": "the studio's log of each agent is kept in `.cursor/plans/agent_logs` of the "
    "repository",
    "ship_remote": "the remote to which what is merged is pushed as well; frozen when a sprint is "
    "started",
    "approvals": "where new sprints ask a human for a yes",
    "confinement": "what works in a clone is confined where the kernel can do that, always (no "
    "sprint is started where it cannot), or never; frozen when a sprint is started",
    "confine_paths": "what it may write besides its clone and its `HOME`; frozen when a sprint is "
    "started",
}
