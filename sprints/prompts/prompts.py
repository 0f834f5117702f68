"""Write the prompt of an agent: a pure function of the sprint and the round."""

from collections.abc import Iterator

from sprints.contract.agent_spec import READ, AgentDefinition
from sprints.contract.contract import RoundSpec
from sprints.contract.git_values import branch_of
from sprints.contract.json_types import JsonMapping
from sprints.prompts import approval_notes, fix_instructions, lead_questions
from sprints.prompts.assignments import without
from sprints.prompts.reply_format import Reply
from sprints.prompts.roster import AGENTS
from sprints.prompts.round_instructions import to_whom, wishes
from sprints.state.snapshot import Snapshot

TITLES = {
    "ack": "Acknowledge the decisions of",
    "lead": "Lead",
    "plan": "Confirm the plan of",
    "build": "Build",
    "polish": "Polish",
    "fix": "Mend the work of",
}


def title(kind: str, spec: RoundSpec, details: JsonMapping) -> str:
    """Return the task's title."""
    if kind in ("build", "polish") and (task := details.get("assignment")):
        return f"{TITLES[kind]} {task['id']}: {task['title']}"
    return f"{TITLES[kind]} {spec.code.split('_')[0]} {spec.title}"


def prompt(
    kind: str, agent: str, sprint_id: str, meta: JsonMapping, spec: RoundSpec, profile: str
) -> str:
    """Return the question as plain text: the whole prompt of a scripted agent."""
    active = ", ".join(meta.get("active_agents") or []) or "(default)"
    wish = {
        "ack": "Acknowledge the decisions of this round and list blockers (at most 3).",
        "lead": "Lead this round: say what it delivers, lock its decisions, list blockers.",
        "plan": "Confirm what you are to build: files, tests, order, rollback; list blockers.",
        "build": "Build your task of this round's plan.",
        "polish": "Polish your task of this round's second pass.",
        "fix": "Required gates of this round failed. Fix the work, not the gates.",
    }[kind]
    return (
        f"You are {agent} {AGENTS[agent]}.\n"
        f"Sprint: {sprint_id}\n"
        f"Round: {spec.code}: {spec.title}\n"
        f"Purpose: {spec.purpose}\n"
        f"Gate profile: {profile}\n"
        f"Active agents: {active}\n\n"
        f"Brief:\n{meta.get('brief') or '(none given)'}\n\n"
        f"{wish}\n"
        "Answer in four parts: Status, Deliverables, Questions (blockers only), Next actions.\n"
    )


WORKS = """\
You work in a clone of the repository, on the branch {0}. What you change there is kept on that
branch whether you commit it or not; what .gitignore names is not. Gates judge the files.
"""
TIME = """\
You have at most {0} for this. After that you get SIGTERM, and SIGKILL {1:g} seconds later.
Files written by then are kept. Finish your files and your reply before that.
"""
UNCHANGED = """\
You were asked this before and said that it is done, but git shows no change in the files. Change
them now; if there is nothing to change, say BLOCKED as your Status, and why.
"""
FORMLESS = """\
You were asked this before, and your answer was not in the form below, so nobody could read it. What
you have changed is kept. Do what is still missing, if anything is, and answer in that form.
"""
READS = """\
You work in a clone of the repository, on the branch {0}. You may read all of it and change nothing:
what you change is not kept. Gates judge the files.
"""
REPLY = """\
Answer in exactly these four parts, in plain text, and print nothing after them:

Status: one line: DONE, BLOCKED or what you believe your assignment is
Deliverables:
- one line each
Questions:
- blockers only, at most 3; None where there are none
- DIRECTIONAL: begins a question that only the human can decide; the sprint waits for the answer;
  you may end it with choices: [this | that]
Next actions:
- one line each

For example:

"""
EXAMPLE = Reply(
    "DONE, the interface of the importer is settled",
    ("the importer takes a path and returns rows; docs/import.md says how",),
    (),
    ("agent_11 writes the test that fails first",),
)
TRIAL = """\
This is a trial: somebody wants to know whether you are there and can answer.
Read nothing, change no file, run no command; answer at once, with DONE as your status.
"""
LONGEST_HEARD = 2000  # characters of another agent's reply


def whole(
    snapshot: Snapshot,
    kind: str,
    agent: AgentDefinition,
    spec: RoundSpec,
    details: JsonMapping,
) -> str:
    """Return the whole prompt of an agent command.

    It holds ``prompt``, the agent's card, other agents' replies, and the answers of the human and
    of Agent 01. Then come rejections, the instructions for the round and the task, and the time
    limit. The failures to fix and the reply format end it.

    It always begins with plain words, so that no command takes it for an option.
    """
    asked = prompt(
        kind,
        agent.agent_id,
        snapshot.sprint_id,
        snapshot.sprint.meta.stored,
        spec,
        snapshot.started_contract.profile,
    )
    parts = [asked.rsplit("\n", 2)[0] + "\n", f"Your mission:\n{agent.mission.strip()}\n"]
    parts += _card(agent)
    if snapshot.started_contract.base:
        how = READS if agent.policy == READ else WORKS
        parts.append(how.format(branch_of(snapshot.sprint_id)))
    parts += approval_notes.approval_lines(snapshot)
    if others := "".join(_heard(snapshot, kind, agent.agent_id)):
        parts.append(f"Earlier replies:\n{others}")
    if answers := "".join(_answers(snapshot)):
        parts.append(f"What the human has decided:\n{answers}")
    by_lead = lead_questions.answers(snapshot, agent.agent_id)
    to_lead = lead_questions.questions(snapshot) if kind == "lead" else ""
    parts += [part for part in (by_lead, to_lead) if part]
    parts += wishes(snapshot, kind, agent.agent_id, details)
    if "reserved_s" in details:
        parts.append(TIME.format(_spoken(details["reserved_s"]), agent.grace_s))
    if details.get("unchanged"):
        parts.append(UNCHANGED)
    if details.get("formless"):
        parts.append(FORMLESS)
    if "failures" in details:
        parts.append(fix_instructions.mend(snapshot, details))
    parts += [part for part in (to_whom(agent.agent_id),) if part]
    return "\n".join([*parts, REPLY + EXAMPLE.text()])


def _spoken(seconds: float) -> str:
    """Return a time in whole minutes or seconds, rounded down."""
    return f"{int(seconds / 60)} minutes" if seconds >= 120 else f"{int(seconds)} seconds"


def trial() -> str:
    """Return the prompt of a trial, which needs no work."""
    return "\n".join([TRIAL, REPLY + EXAMPLE.text()])


def _card(agent: AgentDefinition) -> Iterator[str]:
    """Yield the parts of the agent's card."""
    for name, lines in (
        ("Your responsibilities", agent.responsibilities),
        ("What you may decide, and what not", agent.authority),
        ("What you deliver", agent.deliverables),
    ):
        if lines:
            yield f"{name}:\n" + "".join(f"- {line}\n" for line in lines)


def _heard(snapshot: Snapshot, kind: str, agent_id: str) -> Iterator[str]:
    """Yield the earlier replies for this prompt.

    They are those of the leads of closed rounds, the agent's own confirmation, and, unless it
    acknowledges, all of the current round.
    """
    codes = {value.id: value.code for value in snapshot.rounds}
    attempt = snapshot.sprint.attempt
    for task in sorted(snapshot.tasks, key=lambda task: codes[task.round_id]):
        of_now = task.round_id == snapshot.current_round.id
        kept = task.details.get("kind") == "lead" or (
            (task.details.get("kind"), task.owner_agent) == ("plan", agent_id)
        )
        wanted = kind != "ack" if of_now else kept
        if task.status == "done" and wanted and (not of_now or task.attempt == attempt):
            text = without(task.reply).strip()
            cut = text if len(text) <= LONGEST_HEARD else text[: LONGEST_HEARD - 1] + "…"
            lines = "\n".join(f"  {line}" for line in cut.split("\n"))
            yield f"- {task.owner_agent} in {codes[task.round_id]}:\n{lines}\n"


def _answers(snapshot: Snapshot) -> Iterator[str]:
    """Yield every question to the human with its answer, oldest first."""
    ours = [task for task in snapshot.tasks if "runner" in task.details]
    given = [one for task in ours for one in task.details["answers"]]
    for one in sorted(given, key=lambda one: one["ts"]):
        for question in one["questions"]:
            yield f"- {one['agent']} asked: {question}\n"
        lines = "\n".join(f"  {line}" for line in one["text"].split("\n"))
        yield f"  answer of {one['by']}:\n{lines}\n"
