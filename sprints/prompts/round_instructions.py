"""Write the part of a prompt about the round's task; pure."""

from collections.abc import Iterator

from sprints.contract.contract import CODES, LEAD
from sprints.contract.json_types import JsonMapping
from sprints.prompts import lead_plan
from sprints.prompts.assignments import EXAMPLE, MOST_TASKS, Assignment
from sprints.prompts.roster import AGENTS
from sprints.state.snapshot import Snapshot

SETUP, CONTRACTS, CONFIRM, BUILD, POLISH, RELEASE = CODES
LEADS = {
    SETUP: """\
- the roster: who is Active, who is only consulted, who is Silent
- the definition of done, each line answerable with yes or no
- the brief, in at most five lines
""",
    CONTRACTS: """\
- the decisions that are locked from here on: criteria, interfaces, what is left out
- where the others want different things, which way is taken, and why
""",
    CONFIRM: """\
- the green light, with the order of integration, and the way back
- to stop the work, ask a DIRECTIONAL question
""",
    BUILD: """\
- what is integrated, which tests you have run, and their results
""",
    POLISH: """\
- what was looked at a second time: regressions, edge cases, documents; nothing new
""",
    RELEASE: """\
- the patch notes, for users, a line each: only what is there
- under Next actions the ship report: how to revert the release, and what is left for later
""",
}
PLANS = {
    CONTRACTS: "Those whom you name are asked in R2, and do their tasks in R3.",
    CONFIRM: "It takes the place of the plan before, and is what is done in R3.",
    BUILD: "Here it is a second pass: what is done in R4.",
}
HOW = """\
To give out tasks, put one block like this before your Status; without one, {0}.
{1}
Each task is one agent's, with commits of its own. They are done one after the other, as listed, but
each after those that it names. At most {2}; id, agent, title and what have to be there.
Whom you may name: {3}.

{4}"""
WORDS = {
    "plan": """\
Agent 01 means to give you these tasks. All tasks, in the order of integration: {0}.

{1}
Confirm them: the exact files, the tests, the place in that order, and how each is rolled back.
Change no file in this round.
""",
    "build": """\
Your task, one of these in the order of integration: {0}.

{1}
Do this task and no other. What stands before it in that order is there; leave it as it is.
""",
    "polish": """\
Your task of the second pass, one of these in their order: {0}.

{1}
Do this task and no other: nothing new, and no step back.
""",
    "fix": """\
It is about your task, one of these in the order of integration: {0}.

{1}""",
}


def wishes(snapshot: Snapshot, kind: str, agent_id: str, details: JsonMapping) -> Iterator[str]:
    """Yield the parts, as texts that end with a newline."""
    if kind == "lead":
        yield from _of_lead(snapshot, details)
    tasks = lead_plan.plan_for(snapshot, snapshot.current_round.code)
    mine = [task for task in tasks if task.agent == agent_id] if kind == "plan" else []
    if "assignment" in details:
        mine = [Assignment.from_json(details["assignment"])]
        tasks = (
            tasks if mine[0] in tasks else lead_plan.done_by(snapshot, snapshot.current_round.code)
        )
    if mine and kind in WORDS:
        order = ", ".join(f"{task.id} ({task.agent})" for task in tasks)
        yield WORDS[kind].format(order, "".join(task.lines() for task in mine))


def _of_lead(snapshot: Snapshot, details: JsonMapping) -> Iterator[str]:
    code = snapshot.current_round.code
    yield f"What your Deliverables of this round are:\n{LEADS[code]}"
    tasks = lead_plan.plan_for(snapshot, code)
    if tasks:
        done = "confirmed" if code == CONFIRM else "done"
        reported = "".join(task.lines() for task in tasks)
        yield f"The tasks, {done} by their agents in this order:\n{reported}"
    elif code == BUILD:
        yield "No tasks were given out: do the work of this round yourself, in the files.\n"
    if snapshot.started_contract.active and code in PLANS:
        able = ", ".join(f"{one} {AGENTS[one]}" for one in snapshot.started_contract.active)
        without = _without(code, bool(tasks))
        yield HOW.format(without, PLANS[code], MOST_TASKS, able, EXAMPLE)
    if errors := details.get("plan_errors"):
        reported = "".join(f"- {error}\n" for error in errors)
        yield f"Your last tasks could not be taken:\n{reported}Give them all again, mended.\n"


def _without(code: str, is_planned: bool) -> str:
    if code == BUILD:
        return "you alone are asked in R4"
    return "the plan above is done" if is_planned else "you do the work of R3 yourself"


def to_whom(agent_id: str) -> str:
    """Return who answers a question that is not for a human; empty for Agent 01 itself."""
    if agent_id == LEAD:
        return ""
    return (
        "A question without DIRECTIONAL is put to Agent 01; its answer stands in a later prompt.\n"
    )
