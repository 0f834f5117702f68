"""Check the invariants of each step about agents, against their true replies and usage."""

from collections.abc import Iterator

from sprints.contract.budget import AGENT_BUDGET, LEAST_S, AgentBudget, with_granted
from sprints.contract.contract import LEAD
from sprints.core import agent_tasks, reducer
from sprints.core.actions import MOST_LOST, RecoverTask, Replied
from sprints.core.budget import spent
from sprints.core.pending import awaited
from sprints.core.wait_reason import wait_of
from sprints.modelcheck.agent_model import (
    ANSWER,
    ASKED_FORMLESS,
    ASKS,
    FAILED,
    FORMLESS,
    LEFT,
    explored_tasks,
    has_answered,
    is_explored,
    times_formless,
    times_lost,
    try_of,
)
from sprints.modelcheck.model import State, Step
from sprints.modelcheck.successors import led_on
from sprints.prompts.exchange import Exchange
from sprints.state.actors import OPERATOR
from sprints.state.snapshot import TaskValue, evolve
from sprints.state.stop_reason import StopCode
from sprints.state.transitions import MoveRefused
from sprints.state.wait_reason import WaitCode

NEAR_S = 0.001
LED_ON = {StopCode.AGENT_ASKS: WaitCode.ANSWER, StopCode.BUDGET: WaitCode.BUDGET}


def silence_counts(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield rounds that were closed without the reply of every asked agent.

    An agent that was to work and has changed nothing must be asked exactly once more.
    """
    pairs = zip(before.snapshot.rounds, after.snapshot.rounds, strict=True)
    for one in (now for was, now in pairs if now.status == "done" != was.status):
        tasks = after.snapshot.tasks_of(one.id)
        done = {t.owner_agent for t in tasks if t.status == agent_tasks.Status.DONE}
        for agent in (*after.snapshot.started_contract.round(one.code).acks, LEAD):
            if agent not in done:
                yield f"{one.code} is done, and {agent} has not replied"
        for task in explored_tasks(after, one.id):
            if not has_answered(after, task):
                said = after.truth.get(try_of(task))
                yield f"{one.code} is done, and the result of {task.owner_agent} was {said}"


def ends_with_reason(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield ends of a sprint that name an agent or a budget without cause.

    A failure needs an agent that gave no answer, or answered twice without the form, or too many
    gateway deaths. A block needs a real
    question, or a budget that is used up.
    """
    if after.snapshot.sprint.status == before.snapshot.sprint.status or not after.programs.kinds:
        return
    error = after.snapshot.sprint.last_error
    tasks = explored_tasks(after, after.snapshot.current_round.id) if error else []
    said = {after.truth.get(try_of(task)) for task in tasks}
    lost = max((times_lost(after, task) for task in tasks), default=0)
    if after.snapshot.stopped_with(StopCode.AGENT_FAILED):
        twice = any(times_formless(after, task) >= ASKED_FORMLESS for task in tasks)
        by_form = FORMLESS in said and twice
        if FAILED not in said and not by_form and not (LEFT in said and lost >= MOST_LOST):
            yield f"the sprint failed with {error!r}; results of the agents: {_words(said)}"
    elif after.snapshot.stopped_with(StopCode.AGENT_ASKS) and ASKS not in said:
        yield f"the sprint is blocked with {error!r}; results of the agents: {_words(said)}"
    elif after.snapshot.stopped_with(StopCode.BUDGET) and not _is_out(after):
        yield f"the sprint is blocked with {error!r}, and the budget is not used up"


def within_budget(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield launches beyond the budget, and usage that was not recorded."""
    used = spent(after.snapshot)
    if used is None or not after.programs.kinds:
        return
    if used.launches < after.programs.launches:
        yield f"{used.launches} of {after.programs.launches} launches are recorded"
    if used.seconds + NEAR_S < after.programs.seconds:
        yield f"{used.seconds:g} of {after.programs.seconds:g} s are recorded"
    if after.programs.launches == before.programs.launches:
        return
    allowed = _allowed(after)
    if after.programs.launches > allowed.launches:
        yield f"launch {after.programs.launches} has begun; {allowed.launches} are allowed"
    left_s = allowed.minutes * 60 - before.programs.seconds
    for task in after.snapshot.tasks:
        if agent_tasks.is_open(task) and task.details["reserved_s"] > left_s + NEAR_S:
            yield f"{task.owner_agent} may run {task.details['reserved_s']:g} s of {left_s:g}"


def answers_arrive(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield human answers that were lost, or not passed to the agent."""
    for task in after.snapshot.tasks if after.programs.answered else ():
        if task.id in after.programs.answered:
            if ANSWER not in [one["text"] for one in task.details["answers"]]:
                yield f"the answer to {task.owner_agent} is not recorded any more"
            if _begins(before, task) and ANSWER not in task.prompt:
                yield f"{task.owner_agent} is asked again without the answer to its question"


def leads_on(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield blocks by a question or a budget that no operator can resolve.

    The recorded wait must also name the operator and the subject.
    """
    error, reason = after.snapshot.sprint.last_error, after.snapshot.sprint.stopped_for
    code = reason and LED_ON.get(reason.code)
    blocked = after.snapshot.sprint.status == "blocked" != before.snapshot.sprint.status
    if not (blocked and after.programs.kinds and code):
        return
    waits = wait_of(after.snapshot)
    if waits is None or waits["who"] != OPERATOR or waits["code"] != code:
        yield f"the sprint is blocked with {error!r}, and waits for {waits and waits['what']}"
    ways = [*led_on(after)]
    if not ways:
        yield f"the sprint is blocked with {error!r}, and no operator can continue it"
    for way in ways:
        used = way.after and spent(way.after.snapshot)
        if way.after is None:
            yield f"blocked with {error!r}, and an operator cannot continue: {way.fault}"
        elif way.after.snapshot.sprint.status != "running" or _stays(way.after):
            yield f"{way.text}, and the sprint does not continue"
        elif code == WaitCode.BUDGET and used and used.out:
            yield f"{way.text}, and no {used.out} are left"


def late_is_refused(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield late replies that would change something.

    A reply to an earlier attempt must not count for another one, and an ended task takes none.
    """
    if not after.programs.kinds:
        return
    begins = is_explored(before, step.action) and step.action
    if begins and awaited(after.snapshot, begins) in before.programs.names:
        yield f"{step.text}, and a late reply to an earlier attempt would count for this attempt"
    was = {task.id: task.status for task in before.snapshot.tasks}
    for task in after.snapshot.tasks:
        ended = not agent_tasks.is_open(task) and task.status != was.get(task.id)
        if ended and task.details.get("runner") and _takes(after, task):
            yield f"{task.owner_agent} has ended, and another reply would be accepted"


def works_alone(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield anything that runs while an agent works."""
    for task in after.snapshot.tasks:
        if agent_tasks.is_open(task) and after.attended - {task.id}:
            yield f"{task.owner_agent} works while this runs: {', '.join(sorted(after.attended))}"


def _begins(before: State, task: TaskValue) -> bool:
    """Return whether the step has begun this attempt of the task."""
    was = {one.id: one.status for one in before.snapshot.tasks}
    return agent_tasks.is_open(task) and was.get(task.id) != task.status


def _stays(state: State) -> bool:
    """Return whether a question of the current round is still unanswered."""
    tasks = state.snapshot.tasks_of(state.snapshot.current_round.id)
    return any(task.status == agent_tasks.Status.BLOCKED for task in tasks)


def _takes(state: State, task: TaskValue) -> bool:
    """Return whether the rows accept one more reply to an attempt of the task."""
    at = state.snapshot.at
    late = Replied(at, Exchange(None, "late", exit_code=3, duration_s=0.0))
    try:
        evolve(state.snapshot, reducer.reduce(state.snapshot, RecoverTask(task.id), late), at)
    except MoveRefused:
        return False
    return True


def _allowed(state: State) -> AgentBudget:
    terms, meta = state.snapshot.started_contract, state.snapshot.sprint.meta
    return with_granted(terms.budget or AGENT_BUDGET, meta.granted)


def _is_out(state: State) -> bool:
    allowed, used = _allowed(state), state.programs
    left_s = allowed.minutes * 60 - used.seconds
    return used.launches >= allowed.launches or left_s < LEAST_S


def _words(said: set[str | None]) -> str:
    return ", ".join(sorted(str(word) for word in said)) or "nothing"


AGENT_PROMISES = {
    "an agent's silence counts": silence_counts,
    "an agent's end has a reason": ends_with_reason,
    "within its budget": within_budget,
    "answers reach their agent": answers_arrive,
    "who is asked can lead on": leads_on,
    "late answers are refused": late_is_refused,
    "an agent works alone": works_alone,
}
