"""What agents that are programs may do in the walk through all that can happen; pure.

A question to one is under way until it is answered, and an operator leads on from what it asks and
from a budget that is used up. How large the budget is, the walk does not say: before each launch
there may be enough of it, minutes that end before the agent's own do, or nothing left. That covers
every budget, for nothing else of it is ever read. An agent asks an operator once in each of its
tasks at the most, and edits nothing in the clone before it has answered: no gate judges until then.
"""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from datetime import datetime

from sprints.contract.budget import GRANTED, LEAST_S
from sprints.contract.git_values import ABSENT, Seen
from sprints.contract.rounds import AGENT_BUDGET
from sprints.core import agent_replies, agent_tasks, fix_loop, questions
from sprints.core import budget as budget_moves
from sprints.core.actions import Action, Ask, Outcome, RecoverTask, Replied
from sprints.core.assignment import name_in
from sprints.core.budget import spent
from sprints.core.pending import awaited
from sprints.modelcheck.model import CRASH, FREE, WORLD, Programs, State, Step, mended
from sprints.prompts.exchange import BUDGET_ENDED, LOST, Exchange
from sprints.prompts.reply_format import Reply
from sprints.state.snapshot import Snapshot, TaskValue
from sprints.state.transitions import Transition

DONE, IDLE, ASKS, FAILED = "done", "done and changed nothing", "asks", "nothing"
STOPPED, OUT, LEFT = "stopped", "out", "lost"
ANSWER, OPERATOR = "take the blue one", "sam"
MANY = 10_000  # launches, and seconds: more than any walk uses
ASKED_IDLE = 2  # times in all
TOOK_S = 1.0

_REPLY = Reply("DONE", ("it",), (), ())
_SAID = {
    DONE: Exchange(_REPLY, text=_REPLY.text(), exit_code=0, duration_s=TOOK_S),
    FAILED: Exchange(None, "exit code 3", exit_code=3, duration_s=TOOK_S),
}
_IDLE = replace(_SAID[DONE], seen=Seen(ABSENT))
_ASKED_BACK = Exchange(
    Reply("BLOCKED", (), ("DIRECTIONAL: which one?",), ()), exit_code=0, duration_s=TOOK_S
)
_STOPPED = Exchange(None, "the gateway stops", stopped=True, exit_code=-15, duration_s=TOOK_S)


def is_walked(state: State, action: Action | None) -> bool:
    """Whether a program is asked, and what it may do is walked through."""
    if not isinstance(action, Ask) or action.kind not in state.programs.kinds:
        return False
    return state.snapshot.started_contract.agent(action.agent) is not None


def try_of(task: TaskValue) -> str:
    """What its present try is called where the walk keeps what was really said."""
    return f"{task.id}#{task.details['try']}"


def walked(state: State, round_id: str) -> list[TaskValue]:
    """The questions to programs in that round and attempt that are walked through."""
    return [
        task
        for task in state.snapshot.tasks_of(round_id)
        if task.details.get("runner") and task.details["kind"] in state.programs.kinds
    ]


def allowances(state: State, action: Action | None) -> Iterator[State]:
    """The same state, with all that may be left of the budget when a program is to be launched;
    nothing where none is.
    """
    if not is_walked(state, action):
        return
    assert isinstance(action, Ask), "only a question is walked through"
    agent = state.snapshot.started_contract.agent(action.agent)
    left: list[tuple[int, float]] = [(MANY, MANY * 1e3), (0, MANY), (MANY, 0)]
    if agent and agent.timeout_s > 4 * LEAST_S:
        left.insert(1, (MANY, agent.timeout_s / 2))
    for launches, seconds in left:
        used = state.programs
        budget = replace(
            state.snapshot.started_contract.budget or AGENT_BUDGET,
            launches=used.launches + launches,
            minutes=(used.seconds + seconds) / 60,
        )
        terms = replace(state.snapshot.started_contract, budget=budget)
        meta = {k: v for k, v in state.snapshot.sprint.meta.items() if k != GRANTED}
        sprint = replace(state.snapshot.sprint, meta=meta)
        yield replace(state, snapshot=replace(state.snapshot, contract=terms, sprint=sprint))


def begun(state: State, after: Snapshot, action: Ask) -> Programs:
    """What programs have used once that question is under way."""
    used, name = state.programs, awaited(after, action)
    return replace(used, launches=used.launches + 1, names=used.names | {name})


def answers(state: State, action: Ask | RecoverTask) -> list[tuple[str, str, Outcome]]:
    """How a question that is under way may end: by whom, in a word, and the outcome."""
    task, at = _task(state.snapshot, action), state.snapshot.at
    found = [(WORLD, word, said) for word, said in _SAID.items()]
    if agent_replies.is_to_work(state.snapshot, task):
        found.append((WORLD, IDLE, _IDLE))
    if not task.details["answers"] and task.id not in state.programs.answered:
        found.append((WORLD, ASKS, _ASKED_BACK))
    found.append((FREE, STOPPED, _STOPPED))
    if _is_short(state.snapshot, task):
        end = replace(_STOPPED, reason=f"{BUDGET_ENDED}; timed out", out_of_budget=True)
        found.append((WORLD, OUT, replace(end, duration_s=task.details["reserved_s"])))
    if isinstance(action, RecoverTask):
        found.append((CRASH, LEFT, LOST))
    return [(by, word, Replied(at, said)) for by, word, said in found]


def heard(state: State, action: Action, said: str, step: Step) -> Iterator[Step]:
    """The step with which an agent has ended, with what is really so after it."""
    if step.after is None or not isinstance(action, Ask | RecoverTask):
        yield step
        return
    task = _task(state.snapshot, action)
    since_s = (state.snapshot.at - task.updated_at).total_seconds()  # it may have run all the while
    took_s = min(since_s, task.details["reserved_s"]) if said == LEFT else TOOK_S
    took_s = task.details["reserved_s"] if said == OUT else took_s
    used = replace(state.programs, seconds=state.programs.seconds + took_s)
    truth = state.truth | {try_of(task): said}
    step = replace(step, after=replace(step.after, truth=truth, trees=state.trees, programs=used))
    if said == DONE and task.details["kind"] == fix_loop.FIX and state.sent and step.after:
        yield from mended(step, step.after)
    else:
        yield step


def led_on(state: State) -> list[tuple[State, Callable[[datetime], Transition | None]]]:
    """What an operator may do where a program's question or its budget blocks the sprint: the
    state in which that is so, and the act.
    """
    snapshot, used = state.snapshot, spent(state.snapshot)
    if task := questions.question_of(snapshot):
        answered = state.programs.answered | {task.id}
        after = replace(state, programs=replace(state.programs, answered=answered))
        return [(after, lambda at: questions.answer(snapshot, ANSWER, OPERATOR, at))]
    if used is None or not budget_moves.parked_for(snapshot):
        return []
    launches, minutes = used.launches + MANY, used.allowed.minutes + MANY
    return [(state, lambda at: budget_moves.grant(snapshot, launches, minutes, OPERATOR, at))]


def blocks(state: State) -> str:
    """Which of the two blocks the sprint; empty where neither does."""
    if not state.programs.kinds or state.snapshot.sprint.status != "blocked":
        return ""
    if questions.question_of(state.snapshot):
        return ASKS
    return OUT if budget_moves.parked_for(state.snapshot) else ""


def agent_key(state: State) -> Hashable:
    """What the rows and the truth say of the questions of the current round, and whether anything
    is left of the budget: the walk chooses that anew before each launch. While agents answer at
    once, how many launches there were.
    """
    used = spent(state.snapshot)
    left = used and (used.out if state.programs.kinds else used.launches)
    mine = walked(state, state.snapshot.current_round.id)
    tasks = state.snapshot.tasks_of(state.snapshot.current_round.id)
    asked = tuple(
        (
            t.owner_agent,
            t.status,
            name_in(t),
            t.details.get("returned"),
            t in mine and _key(state, t),
        )
        for t in tasks
    )
    return asked, left


def _key(state: State, task: TaskValue) -> Hashable:
    if task.status == agent_tasks.Status.DONE:
        return has_answered(state, task)
    details, said = task.details, state.truth.get(try_of(task))
    most, asks, parked = agent_tasks.MOST_LOST, "asks" in details, budget_moves.PARKED in details
    if task.status == agent_tasks.Status.BLOCKED and not (asks or parked):
        return said, said == LEFT and times_lost(state, task)  # it ends the sprint
    return (
        details["kind"],
        (min(most, details["lost"]), times_lost(state, task), task.id in state.attended),
        (bool(details["answers"]), task.id in state.programs.answered, asks and said, parked),
        (details.get("unchanged", 0), times_idle(state, task)),
        agent_tasks.is_open(task) and _is_short(state.snapshot, task),
    )


def times_lost(state: State, task: TaskValue) -> int:
    """How often its end was really not seen by anybody."""
    tries = (f"{task.id}#{number + 1}" for number in range(task.details["try"]))
    return min(agent_tasks.MOST_LOST, sum(state.truth.get(one) == LEFT for one in tries))


def has_answered(state: State, task: TaskValue) -> bool:
    """Whether its agent has really done what it was asked; who was to work and has changed nothing
    has, once that is so for the second time.
    """
    said = state.truth.get(try_of(task))
    return said == DONE or (said == IDLE and times_idle(state, task) == ASKED_IDLE)


def times_idle(state: State, task: TaskValue) -> int:
    """How often its agent has really said that it is done, and changed nothing."""
    tries = (f"{task.id}#{number + 1}" for number in range(task.details["try"]))
    return min(ASKED_IDLE + 1, sum(state.truth.get(one) == IDLE for one in tries))


def _is_short(snapshot: Snapshot, task: TaskValue) -> bool:
    """The budget's minutes end before its agent's own."""
    agent = snapshot.started_contract.agent(task.owner_agent)
    return agent is not None and task.details["reserved_s"] < agent.timeout_s


def _task(snapshot: Snapshot, action: Ask | RecoverTask) -> TaskValue:
    if isinstance(action, RecoverTask):
        return agent_tasks.task_of(snapshot, action.task)
    return agent_tasks.open_task(snapshot, action.agent)
