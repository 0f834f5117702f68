"""Pass questions of agents to Agent 01, and its answers back, through their prompts.

Pure: both are read from the recorded replies.
"""

import re
from collections.abc import Iterator

from sprints.contract.contract import LEAD
from sprints.prompts.reply_format import is_directional
from sprints.state.snapshot import Snapshot, TaskValue

_ANSWER = re.compile(
    r"^[ \t]*(?:[-*+•][ \t]+|\d{1,3}[.)][ \t]+)?(?:\*\*)?"
    r"ANSWER (agent_\d\d)(?:\*\*)?:[ \t]*(\S.*)$",
    re.MULTILINE,
)
ASKED = """\
Questions to you:
{0}Answer each under Deliverables, in a line that begins with the asker: ANSWER agent_NN: …
"""


def questions(snapshot: Snapshot) -> str:
    """Return the agents' questions that Agent 01 has not answered yet; empty if there are none."""
    codes = {value.id: value.code for value in snapshot.rounds}
    reported = []
    for task in _in_order(snapshot):
        if task.owner_agent == LEAD or _is_answered(snapshot, task):
            continue
        for asked in task.details.get("questions", ()):
            if not is_directional(asked):
                reported.append(f"- {task.owner_agent} in {codes[task.round_id]}: {asked}\n")
    return ASKED.format("".join(reported)) if reported else ""


def answers(snapshot: Snapshot, agent_id: str) -> str:
    """Return Agent 01's answers to that agent, oldest first; empty if there are none."""
    reported = [
        f"- {text.strip()}\n"
        for lead in _leads(snapshot)
        for name, text in _ANSWER.findall(lead.reply)
        if name == agent_id
    ]
    return f"What Agent 01 has answered you:\n{''.join(reported)}" if reported else ""


def _is_answered(snapshot: Snapshot, task: TaskValue) -> bool:
    later = (lead for lead in _leads(snapshot) if lead.updated_at > task.updated_at)
    return any(
        name == task.owner_agent for lead in later for name, _ in _ANSWER.findall(lead.reply)
    )


def _leads(snapshot: Snapshot) -> Iterator[TaskValue]:
    for task in _in_order(snapshot):
        if task.owner_agent == LEAD:
            yield task


def _in_order(snapshot: Snapshot) -> list[TaskValue]:
    """Return the replies of agent commands, oldest first."""
    done = [task for task in snapshot.tasks if task.status == "done" and "runner" in task.details]
    return sorted(done, key=lambda task: task.updated_at)
