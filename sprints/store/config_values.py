"""Read the settings of config.json, which may change at any time."""

import re
from dataclasses import dataclass, field, fields

from django.conf import settings

from sprints.contract.agent_spec import USER
from sprints.contract.budget import AGENT_BUDGET
from sprints.contract.protected_paths import PROTECTED
from sprints.contract.sandbox import AUTO
from sprints.store.config import BIND_HOST, PORT, read_config


@dataclass(frozen=True, slots=True)
class ConfigValues:
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
    gate_home: str = USER
    clones_folder: str = ""
    agent_logs: bool = False
    approvals: str = "none"
    protected_paths: list[str] = field(default_factory=lambda: [*PROTECTED])


def current_config() -> ConfigValues:
    """Return the present settings of this store. Raises ``StoreError``."""
    config = read_config(settings.STORE.config)
    known = [one.name for one in fields(ConfigValues)]
    return ConfigValues(**{name: config[name] for name in known if name in config})


MEANINGS = {
    "auth_token": "Your access token. `init` creates it, and `token rotate` replaces it.",
    "secret_key": "Key that signs sessions and queue messages. `init` creates it.",
    "bind_host": "Address on which `serve` listens, from its next start on.",
    "port": "Port on which `serve` listens, from its next start on.",
    "enable_auto_merge": "Merge the work of a succeeded sprint into the branch of its base commit. "
    "If you set `false`, no sprint can turn it on. "
    "Frozen at the start of a sprint.",
    "automation_paused": "Pause every sprint at its next step, and stop all schedules.",
    "max_concurrent_global": "Maximum number of sprints that run at the same time on all hosts.",
    "gate_profile": "Gate profile of new sprints. With `full`, no sprint may run `quick`.",
    "agent_launches": "Maximum number of agent launches for one sprint. Frozen at its start.",
    "agent_minutes": "Maximum running time of all agents of one sprint, in minutes. Frozen at its "
    "start.",
    "agent_tokens": "Maximum number of tokens for one sprint, if its agents report tokens. Frozen "
    "at its start.",
    "agent_usd": "Maximum cost of one sprint in US dollars, if its agents report the cost. Frozen "
    "at its start.",
    "agent_logs": "Write a log of each agent to `.cursor/plans/agent_logs` in the repository.",
    "ship_remote": "Remote to which merged work is pushed too. If you set it, no sprint can change "
    "it. Frozen at the start of a sprint.",
    "approvals": "Points at which new sprints need an approval ([Approvals](approvals.md)). A "
    "sprint may add points.",
    "protected_paths": "Files that agents may change only with an approval, besides the files "
    "that gates read; an empty list protects nothing. A sprint may add patterns "
    "([Approvals](approvals.md#protected-paths)).",
    "confinement": "Sandbox of agents and gates in a clone: `auto` if the kernel has Landlock, "
    "`required` to refuse sprints without it, `none` for no sandbox. Frozen at the start of a "
    "sprint ([Security](security.md#sandbox)).",
    "confine_paths": "Paths that the sandbox may write, besides the clone and caches in `HOME`. "
    "Frozen at the start of a sprint.",
    "gate_home": "`HOME` of gates in a clone: `user` for yours, or `private` for one that they "
    "share, with a list of what they may read. Frozen at the start of a sprint "
    "([Security](security.md#private-home-of-gates)).",
    "clones_folder": "Folder for the clones of sprints, in which the gateway makes the folder "
    "`studio-gateway`. If it is empty, `$XDG_STATE_HOME` or `~/.local/state` is used. After a "
    "change, `upgrade` moves the existing clones.",
}


def meaning(key: str) -> str:
    """Return the meaning of a setting as plain text, without the links of the documentation."""
    return re.sub(r" \(\[[^]]+\]\([^)]+\)\)", "", MEANINGS[key]).replace("`", "")
