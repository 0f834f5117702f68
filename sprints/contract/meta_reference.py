"""Document the keys of a sprint's meta that the gateway reads; any other key is kept as is."""

from dataclasses import dataclass

from sprints.contract.approval_policy import AT_DEADLINE, HOURS, MOST_HOURS, POINTS
from sprints.contract.contract import DEADLINES, MOST_AT_ONCE, PROFILES
from sprints.contract.git_values import REMOTE_RULE
from sprints.contract.meta import BRIEF_BYTES
from sprints.contract.overrides import MOST_FIXES
from sprints.contract.rounds import FIX_ATTEMPTS, LEAD

BOOLEAN = "true or false"


@dataclass(frozen=True, slots=True)
class MetaKey:
    """The documentation of one key, as Markdown.

    ``holds`` is the allowed value, empty for keys that only the gateway writes. ``without`` is the
    behaviour without the key.
    """

    holds: str
    without: str
    meaning: str


UNKNOWN = MetaKey("", "", "")  # a key without a description yet


def _ours(meaning: str) -> MetaKey:
    return MetaKey("", "", meaning)


KEYS: dict[str, MetaKey] = {
    "brief": MetaKey(
        f"a text of at most {BRIEF_BYTES} bytes", "", "Text of the brief. Part of every prompt."
    ),
    "gate_profile": MetaKey(
        " or ".join(PROFILES), "`gate_profile` of `config.json`", "Gate profile of the sprint."
    ),
    "round_deadline": MetaKey(
        " or ".join(DEADLINES),
        DEADLINES[0],
        "Action when the minutes of a round are over: report once, or stop the sprint.",
    ),
    "gates_at_once": MetaKey(
        f"a whole number from 1 to {MOST_AT_ONCE}",
        "1",
        "Maximum number of gates of one round that run at the same time.",
    ),
    "round_minutes": MetaKey(
        "`{round: [low, high]}`", "see [Rounds](#rounds)", "Planned minutes of each round."
    ),
    "required_acks_by_round": MetaKey(
        "`{round: [agents]}`",
        "see [Rounds](#rounds)",
        "Agents that acknowledge the round before Agent 01 leads it.",
    ),
    "active_agents": MetaKey(
        "`[agents]`",
        "all agents that are asked",
        "Active agents. Agent 01 gives tasks only to these agents.",
    ),
    "implementer": MetaKey(
        "an agent with an agent command", LEAD, "Agent that fixes failed gates."
    ),
    "fix_attempts": MetaKey(
        f"a whole number from 0 to {MOST_FIXES}",
        str(FIX_ATTEMPTS),
        "Maximum number of fixes in one round. Without agent commands, 0.",
    ),
    "rerun_red": MetaKey(
        BOOLEAN, "false", "Run a failed gate again on the same tree, to find flaky gates."
    ),
    "enable_auto_merge": MetaKey(
        BOOLEAN, "`enable_auto_merge` of `config.json`", "Merge and tag the work after success."
    ),
    "ship_remote": MetaKey(
        REMOTE_RULE,
        "`ship_remote` of `config.json`",
        "Remote to which merged work is pushed as well.",
    ),
    "approvals": MetaKey(
        f"a list of {', '.join(POINTS)}",
        "`approvals` of `config.json`, to which it adds",
        "Points at which a person must approve ([Approvals](approvals.md)).",
    ),
    "approval_hours": MetaKey(
        f"a number above 0 and at most {MOST_HOURS:g}",
        f"{HOURS:g}",
        "Hours until an approval request expires.",
    ),
    "approval_default": MetaKey(
        " or ".join(AT_DEADLINE), AT_DEADLINE[0], "Action when an approval request expires."
    ),
    "protected_paths": MetaKey(
        "a list of patterns",
        "`protected_paths` of `config.json`, to which it adds, and the files that gates read",
        "Files that agents may change only with an approval.",
    ),
    "automation_paused": MetaKey(
        BOOLEAN, "false", "Pause the sprint at its next step, like `sprint pause`."
    ),
    "created_by": _ours("`cli`, or the user or the schedule that created the sprint."),
    "waiting_for": _ours(
        "Wait reason: `what` the sprint waits for, `who` is asked, `since_ts`, and `until_ts` if "
        "the wait has an end."
    ),
    "stop_reason": _ours("Stop reason: a `code`, and the fields of that code."),
    "paused_by": _ours("User who paused the sprint."),
    "paused_ts": _ours("Time of the pause."),
    "paused_why": _ours("Reason of the pause."),
    "pause_after": _ours("Set by `sprint step`: pause after this `round_id`; `by` is the user."),
    "queue_first_ts": _ours(
        "Time of `sprint first`: the sprint has its turn before others until it ends."
    ),
    "agent_budget": _ours(
        "Budget that `sprint budget` set: `launches`, `minutes`, `tokens`, `usd`."
    ),
    "shipping": _ours("Progress of shipping, and what was published."),
    "approval": _ours("The open approval request (`asked`), and the last decisions (`given`)."),
    "unships": _ours("The sprint whose work this sprint reverts, and its `commit`."),
    "unshipped_by": _ours("The sprint that reverts what this sprint shipped."),
}
