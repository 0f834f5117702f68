"""Choose the agents of a round, their planned tasks, and the task to blame for a failed gate.

Pure.
"""

import re
from collections.abc import Sequence

from sprints.contract.contract import LEAD, RoundSpec
from sprints.core.actions import Ask
from sprints.prompts.assignments import Assignment
from sprints.prompts.lead_plan import BUILD, CONFIRM, POLISH, assignment, done_by, plan_for
from sprints.state.snapshot import GateRunValue, Snapshot, TaskValue
from sprints.state.task_details import TaskDetails

WORK = {BUILD: "build", POLISH: "polish"}


def asked_in(snapshot: Snapshot, spec: RoundSpec) -> list[Ask]:
    """Return the round's questions in order: acknowledging agents, implementers, lead."""
    acks = [Ask(spec.code, agent, "ack") for agent in spec.acks]
    return [*acks, *_implementers(snapshot, spec.code), Ask(spec.code, LEAD, "lead")]


def _implementers(snapshot: Snapshot, code: str) -> list[Ask]:
    tasks = plan_for(snapshot, code)
    if code == CONFIRM:
        agents = dict.fromkeys(owner(snapshot, task) for task in tasks)
        return [Ask(code, agent, "plan") for agent in agents]
    return [Ask(code, owner(snapshot, task), WORK[code], task.id) for task in tasks]


def owner(snapshot: Snapshot, task: Assignment) -> str:
    """Return the task's agent, or the implementer if that agent has no command any more."""
    terms = snapshot.started_contract
    return task.agent if terms.agent(task.agent) else terms.implementer


def details_of(snapshot: Snapshot, ask: Ask) -> TaskDetails:
    """Return the entry for the planned task in a task's details; empty if there is none."""
    found = assignment(snapshot, ask.code, ask.task) if ask.task else None
    return {"assignment": found.to_json()} if found else {}


def name_in(task: TaskValue) -> str:
    """Return the id of the planned task that the task works on; empty if none."""
    name: str = task.details.get("assignment", {}).get("id", "")
    return name


def whose(snapshot: Snapshot, red: Sequence[GateRunValue]) -> Assignment | None:
    """Return the planned task to blame for these failed gates; None without a plan.

    It is the last task with a file that the gates' output names, else the last finished task.
    """
    done = done_by(snapshot, snapshot.current_round.code)
    reported = "\n".join(run.excerpt for run in red)
    named = [task for task in done if _names(reported, {*task.files, *_changed(snapshot, task)})]
    found = named or done
    return found[-1] if found else None


def _changed(snapshot: Snapshot, task: Assignment) -> list[str]:
    """Return the files that git has seen change while the task was done."""
    mine = [one for one in snapshot.tasks if one.details.get("assignment") == task.to_json()]
    reported = [(*one.details.get("touched", ()), *_paths(one)) for one in mine]
    return [path for paths in reported for path in paths]


def _paths(task: TaskValue) -> Sequence[str]:
    """Return the changed paths of the task's last attempt."""
    found: Sequence[str] = task.details.get("work", {}).get("paths", ())
    return found


def _names(reported: str, paths: set[str]) -> bool:
    """Return whether the text contains one of the paths, alone or at the end of a longer path."""
    found = [path for path in paths if path in reported]
    return any(re.search(rf"(?<![\w.-]){re.escape(path)}(?![\w-])", reported) for path in found)
