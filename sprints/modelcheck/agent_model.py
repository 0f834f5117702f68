"""Model the possible behaviour of agent commands; pure.

A question stays under way until it is answered. An operator resolves its questions and a used-up
budget. The size of the budget is not modelled: before each launch there may be enough, fewer
minutes than the agent's timeout, or nothing. That covers every budget, because nothing else about
it is read. An agent asks an operator at most once in each task, and changes the clone only with its
reply, because no gate judges before.
"""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from datetime import datetime

from gates.verdict import Cause
from sprints.contract.budget import AGENT_BUDGET, GRANTED, LEAST_S
from sprints.contract.git_values import ABSENT, Seen
from sprints.core import agent_replies, agent_tasks, fix_loop, questions
from sprints.core import budget as budget_moves
from sprints.core.actions import MOST_LOST, Action, Ask, Outcome, RecoverTask, Replied
from sprints.core.assignment import name_in
from sprints.core.budget import spent
from sprints.core.pending import awaited
from sprints.modelcheck.model import CRASH, FREE, WORLD, Programs, State, Step, mended
from sprints.prompts.exchange import BUDGET_ENDED, LOST, Exchange
from sprints.prompts.reply_format import Reply
from sprints.state.snapshot import Snapshot, TaskValue
from sprints.state.transitions import Transition

DONE, IDLE, ASKS, FAILED = "done", "done and changed nothing", "asks", "nothing"
FORMLESS = "an answer without the form"
STOPPED, OUT, LEFT = "stopped", "out", "lost"
ANSWER, OPERATOR = "take the blue one", "sam"
MANY = 10_000  # launches, and seconds: more than any exploration uses
ASKED_IDLE = 2  # total times
ASKED_FORMLESS = 2
TOOK_S = 1.0

_REPLY = Reply("DONE", ("it",), (), ())
_SAID = {
    DONE: Exchange(_REPLY, text=_REPLY.text(), exit_code=0, duration_s=TOOK_S),
    FAILED: Exchange(None, "exit code 3", exit_code=3, duration_s=TOOK_S),
    FORMLESS: Exchange(
        None, "no reply: no form", exit_code=0, duration_s=TOOK_S, cause=Cause.NO_FORM
    ),
}
_IDLE = replace(_SAID[DONE], seen=Seen(ABSENT))
_ASKED_BACK = Exchange(
    Reply("BLOCKED", (), ("DIRECTIONAL: which one?",), ()), exit_code=0, duration_s=TOOK_S
)
_STOPPED = Exchange(None, "the gateway stops", stopped=True, exit_code=-15, duration_s=TOOK_S)


def is_explored(state: State, action: Action | None) -> bool:
    """Return whether the action asks an agent command whose behaviour is explored."""
    if not isinstance(action, Ask) or action.kind not in state.programs.kinds:
        return False
    return state.snapshot.started_contract.agent(action.agent) is not None


def try_of(task: TaskValue) -> str:
    """Return the key of the task's present attempt in the truth of the model."""
    return f"{task.id}#{task.details['try']}"


def explored_tasks(state: State, round_id: str) -> list[TaskValue]:
    """Return the explored questions to agent commands in that round and attempt."""
    return [
        task
        for task in state.snapshot.tasks_of(round_id)
        if task.details.get("runner") and task.details["kind"] in state.programs.kinds
    ]


def allowances(state: State, action: Action | None) -> Iterator[State]:
    """Yield the state with each possible rest of the budget before a launch."""
    if not is_explored(state, action):
        return
    assert isinstance(action, Ask), "only a question is explored_tasks through"
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
        meta = state.snapshot.sprint.meta.without(GRANTED)
        sprint = replace(state.snapshot.sprint, meta=meta)
        yield replace(state, snapshot=replace(state.snapshot, contract=terms, sprint=sprint))


def begun(state: State, after: Snapshot, action: Ask) -> Programs:
    """Return the usage once that question is under way."""
    used, name = state.programs, awaited(after, action)
    return replace(used, launches=used.launches + 1, names=used.names | {name})


def answers(state: State, action: Ask | RecoverTask) -> list[tuple[str, str, Outcome]]:
    """Return the possible ends of a question: the cause, a word, and the outcome."""
    task, at = _task(state.snapshot, action), state.snapshot.at
    found = [(WORLD, word, said) for word, said in _SAID.items()]
    if agent_replies.is_to_work(state.snapshot, task):
        found.append((WORLD, IDLE, _IDLE))
    if not task.details["answers"] and task.id not in state.programs.answered:
        found.append((WORLD, ASKS, _ASKED_BACK))
    found.append((FREE, STOPPED, _STOPPED))
    if _is_short(state.snapshot, task):
        reason, cause = f"{BUDGET_ENDED}; timed out", Cause.BUDGET_ENDED
        end = replace(_STOPPED, reason=reason, out_of_budget=True, cause=cause)
        found.append((WORLD, OUT, replace(end, duration_s=task.details["reserved_s"])))
    if isinstance(action, RecoverTask):
        found.append((CRASH, LEFT, LOST))
    return [(by, word, Replied(at, said)) for by, word, said in found]


def steps_of_reply(state: State, action: Action, said: str, step: Step) -> Iterator[Step]:
    """Yield the step with the agent's end, and with the true facts after it."""
    if step.after is None or not isinstance(action, Ask | RecoverTask):
        yield step
        return
    task = _task(state.snapshot, action)
    since_s = (state.snapshot.at - task.updated_at).total_seconds()  # it may have run all this time
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
    """Return the operator's acts for a blocked sprint: the state before each, and the act.

    The block is an agent's question, or a used-up budget.
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
    """Return which of the two blocks the sprint; empty if neither does."""
    if not state.programs.kinds or state.snapshot.sprint.status != "blocked":
        return ""
    if questions.question_of(state.snapshot):
        return ASKS
    return OUT if budget_moves.parked_for(state.snapshot) else ""


def agent_key(state: State) -> Hashable:
    """Return the rows and the truth of the current round's questions, as part of the state key.

    The rest of the budget is only whether there is any, because it is chosen again before each
    launch. For agents that answer at once, it is the number of launches.
    """
    used = spent(state.snapshot)
    left = used and (used.out if state.programs.kinds else used.launches)
    mine = explored_tasks(state, state.snapshot.current_round.id)
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
    most, asks, parked = MOST_LOST, "asks" in details, budget_moves.PARKED in details
    if task.status == agent_tasks.Status.BLOCKED and not (asks or parked):
        times = times_lost if said == LEFT else times_formless
        return said, said in (LEFT, FORMLESS) and times(state, task)  # this ends the sprint
    return (
        details["kind"],
        (min(most, details["lost"]), times_lost(state, task), task.id in state.attended),
        (bool(details["answers"]), task.id in state.programs.answered, asks and said, parked),
        (details.get("unchanged", 0), times_idle(state, task)),
        (details.get("formless", 0), times_formless(state, task)),
        agent_tasks.is_open(task) and _is_short(state.snapshot, task),
    )


def times_lost(state: State, task: TaskValue) -> int:
    """Return how often the attempt's end was truly lost, up to the limit."""
    return _times(state, task, LEFT, MOST_LOST)


def has_answered(state: State, task: TaskValue) -> bool:
    """Return whether the agent has truly answered.

    A reply without any change counts at the second time.
    """
    said = state.truth.get(try_of(task))
    return said == DONE or (said == IDLE and times_idle(state, task) == ASKED_IDLE)


def times_idle(state: State, task: TaskValue) -> int:
    """Return how often the agent has truly claimed finished work without a change."""
    return _times(state, task, IDLE, ASKED_IDLE + 1)


def times_formless(state: State, task: TaskValue) -> int:
    """Return how often the agent has truly answered without the form."""
    return _times(state, task, FORMLESS, ASKED_FORMLESS + 1)


def _times(state: State, task: TaskValue, word: str, most: int) -> int:
    tries = (f"{task.id}#{number + 1}" for number in range(task.details["try"]))
    return min(most, sum(state.truth.get(one) == word for one in tries))


def _is_short(snapshot: Snapshot, task: TaskValue) -> bool:
    """Return whether the budget's minutes end before the agent's timeout."""
    agent = snapshot.started_contract.agent(task.owner_agent)
    return agent is not None and task.details["reserved_s"] < agent.timeout_s


def _task(snapshot: Snapshot, action: Ask | RecoverTask) -> TaskValue:
    if isinstance(action, RecoverTask):
        return agent_tasks.task_of(snapshot, action.task)
    return agent_tasks.open_task(snapshot, action.agent)
