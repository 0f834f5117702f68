"""Name what the details of a task hold, by the kind of task and of agent.

Every task has its kind. A fix has the failures that it is to mend, a planned task its assignment,
and a task of an agent command its attempts, which are under way until they have an exit code.
"""

from collections.abc import Collection
from typing import TypedDict, cast

from sprints.contract.json_types import JsonObject


class GateFailure(TypedDict):
    """The evidence of a failed run that a fix is to mend."""

    gate_id: str
    run: int
    command: list[str]
    verdict: str
    exit_code: int | None
    reason: str
    tree: str


class Session(TypedDict):
    """The conversation of an agent command; ``again``: this attempt resumes it."""

    id: str
    told: JsonObject | None
    again: bool


TaskDetails = TypedDict(  # this form, because ``try`` is a word of Python
    "TaskDetails",
    {
        "kind": str,
        "attempt": int,
        "reply": str,
        "touched": list[str],
        # of a fix: ``after`` is the last run of each gate before it
        "number": int,
        "failures": list[GateFailure],
        "after": dict[str, int],
        # of a planned task
        "assignment": JsonObject,
        # of the lead
        "plan": list[JsonObject],
        "plan_errors": list[str],
        "returned": int,
        "unchanged": int,
        "patch_notes": list[str],
        # 1 once an answer without the form was sent back
        "formless": int,
        # of an agent command: ``try`` is the number of attempts, ``lost`` those without an end
        "runner": str,
        "command": list[str],
        "model": str,
        "try": int,
        "lost": int,
        "answers": list[JsonObject],
        "started_ts": str,
        "reserved_s": float,
        "spent_s": float,
        "usage": JsonObject,
        "folder": str,
        "session": Session,
        "parked": bool,
        # of an attempt that has ended
        "exit_code": int | None,
        "duration_s": float | None,
        "reason": str,
        "cause": str,
        "stdout": str,
        "stderr": str,
        "tail": str,
        "confined": str,
        "network": JsonObject,
        "strays_killed": int,
        "dropped_bytes": int,
        "work": JsonObject,
        "denied": list[str],
        "questions": list[str],
        "asks": list[str],
    },
    total=False,
)


def only(details: TaskDetails, keys: Collection[str]) -> TaskDetails:
    """Return the details with these keys, as far as they are there."""
    return cast(TaskDetails, {key: one for key, one in details.items() if key in keys})


def without(details: TaskDetails, keys: Collection[str]) -> TaskDetails:
    """Return the details without these keys."""
    return cast(TaskDetails, {key: one for key, one in details.items() if key not in keys})
