"""Document the keys of a sprint's meta that the gateway reads; any other key is kept as is."""

from dataclasses import dataclass

from sprints.contract.approval_policy import AT_DEADLINE, HOURS, MOST_HOURS, POINTS
from sprints.contract.contract import DEADLINES, MOST_AT_ONCE, PROFILES
from sprints.contract.meta import BRIEF_BYTES
from sprints.contract.overrides import MOST_FIXES
from sprints.contract.remote_names import REMOTE_RULE
from sprints.contract.rounds import FIX_ATTEMPTS, LEAD

SWITCH = "true or false"


@dataclass(frozen=True, slots=True)
class MetaKey:
    """The documentation of one key, as Markdown.

    ``holds`` is the allowed value, empty for keys that only the gateway writes. ``without`` is the
    behaviour without the key.
    """

    holds: str
    without: str
    meaning: str


UNKNOWN = MetaKey("", "", "")  # of a key that somebody has yet to describe


def _ours(meaning: str) -> MetaKey:
    return MetaKey("", "", meaning)


KEYS: dict[str, MetaKey] = {
    "brief": MetaKey(f"a text of at most {BRIEF_BYTES} bytes", "", "goes into every prompt"),
    "gate_profile": MetaKey(
        " or ".join(PROFILES), "`gate_profile` of `config.json`", "whose gates judge it"
    ),
    "round_deadline": MetaKey(
        " or ".join(DEADLINES), DEADLINES[0], "what the end of a round's minutes does"
    ),
    "gates_at_once": MetaKey(
        f"a whole number from 1 to {MOST_AT_ONCE}", "1", "gates of a round that run side by side"
    ),
    "round_minutes": MetaKey(
        "`{round: [low, high]}`", "those of the table below", "how long a round takes"
    ),
    "required_acks_by_round": MetaKey(
        "`{round: [agents]}`", "those of the table below", "who acknowledges before Agent 01 leads"
    ),
    "active_agents": MetaKey(
        "`[agents]`", "all who are asked", "who is Active: Agent 01 gives tasks to no other"
    ),
    "implementer": MetaKey("an agent that is a program", LEAD, "to whom red gates go back"),
    "fix_attempts": MetaKey(
        f"a whole number from 0 to {MOST_FIXES}",
        str(FIX_ATTEMPTS),
        "how often the red gates of a round go back; 0 without agents that are programs",
    ),
    "rerun_red": MetaKey(SWITCH, "false", "a red gate runs once more on the same tree"),
    "enable_auto_merge": MetaKey(
        SWITCH, "`enable_auto_merge` of `config.json`", "what has passed is merged and tagged"
    ),
    "ship_remote": MetaKey(
        REMOTE_RULE, "`ship_remote` of `config.json`", "where what is merged is pushed as well"
    ),
    "approvals": MetaKey(
        f"a list of {', '.join(POINTS)}",
        "`approvals` of `config.json`",
        "where a named human has to say yes; see [approvals](approvals.md)",
    ),
    "approval_hours": MetaKey(
        f"a number above 0 and at most {MOST_HOURS:g}", f"{HOURS:g}", "how long it is asked"
    ),
    "approval_default": MetaKey(
        " or ".join(AT_DEADLINE), AT_DEADLINE[0], "what the end of that time does"
    ),
    "protected_paths": MetaKey(
        "a list of patterns; empty for none",
        "tests, CI and the scripts that gates run",
        "what agents change in them needs a yes",
    ),
    "automation_paused": MetaKey(SWITCH, "false", "it holds at its next step, as `sprint pause`"),
    "created_by": _ours("`cli`, or the user or the schedule that made it"),
    "waiting_for": _ours(
        "`what` it waits for, `who` is asked, `since_ts`, and `until_ts` where it has an end"
    ),
    "paused_by": _ours("who paused it"),
    "paused_ts": _ours("when"),
    "paused_why": _ours("what was said with it"),
    "pause_after": _ours("of `sprint step`: `round_id`, after which it holds, and `by`"),
    "agent_budget": _ours("what `sprint budget` has given: `launches`, `minutes`, `tokens`, `usd`"),
    "shipping": _ours("how far shipping is, and what was published"),
    "approval": _ours("what a human is `asked` for, and the last that were `given`"),
    "unships": _ours("the sprint whose work it takes back, and the `commit`"),
    "unshipped_by": _ours("the sprint that takes back what this one has shipped"),
}
