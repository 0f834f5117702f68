"""Check the invariants of every step, against the true verdicts of gates and hooks.

Each invariant is one function and one line in the table; each function yields violations in words.
"""

from collections.abc import Callable, Iterator

from gates.verdict import RUNNING, Verdict
from sprints.core import agent_tasks, commands, fix_loop, shipping
from sprints.core.actions import Recover, RecoverHook, RecoverTask
from sprints.core.wait_reason import wait_of
from sprints.modelcheck.agent_invariants import AGENT_PROMISES
from sprints.modelcheck.approval_model import asks_first, says_no
from sprints.modelcheck.model import ENGINE, RED, State, Step
from sprints.modelcheck.plan_invariant import builds_as_planned
from sprints.modelcheck.successors import resumed, retried
from sprints.state.actors import GATEWAY
from sprints.state.snapshot import RoundValue
from sprints.state.stop_reason import StopCode

Promise = Callable[[State, Step, State], Iterator[str]]
ABOUT_THE_WORK = (Verdict.FAILED, Verdict.ERROR, Verdict.TIMED_OUT)


def green(state: State, one: RoundValue, attempt: int | None = None) -> bool:
    """Return whether the last run of each required gate of that round has truly passed.

    With ``attempt``, only runs of that attempt count.
    """
    for gate in state.snapshot.started_contract.gates_of(one.code):
        runs = [r for r in state.snapshot.gate_runs if attempt in (None, r.attempt)]
        mine = [run for run in runs if (run.round_id, run.gate_id) == (one.id, gate.gate_id)]
        said = state.truth.get(mine[-1].id) if mine else None
        if gate.required and said != Verdict.PASSED:
            return False
    return True


def never_red(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield closed rounds and succeeded sprints with a required gate that has not passed."""
    for one in _closed(before, after):
        if not green(after, one, after.snapshot.sprint.attempt):
            yield f"{one.code} is done, and a required gate has not passed in it"
    if after.snapshot.sprint.status == "succeeded":
        for one in after.snapshot.rounds:
            if one.status != "done" or not green(after, one):
                yield f"the sprint succeeded, and {one.code} is {one.status} or has a failed gate"


def _closed(before: State, after: State) -> Iterator[RoundValue]:
    """Yield the rounds that the step has closed."""
    for was, one in zip(before.snapshot.rounds, after.snapshot.rounds, strict=True):
        if one.status == "done" and was.status != "done":
            yield one


def no_false_red(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield failures of a sprint without a failed gate or another agreed cause."""
    sprint = after.snapshot.sprint
    if sprint.status != "failed" or before.snapshot.sprint.status == "failed":
        return
    error, reason = sprint.last_error, sprint.stopped_for
    if says_no(before, step, after):
        return
    snapshot = after.snapshot
    if snapshot.stopped_with(StopCode.DEADLINE) and snapshot.started_contract.deadline == "stop":
        return
    if snapshot.stopped_with(StopCode.AGENT_FAILED) and after.programs.kinds:
        return  # checked against the agents' true replies
    runs = snapshot.runs_of(snapshot.current_round.id, reason.gate_id if reason else "")
    lost = runs and runs[-1].status == Verdict.ERROR  # too many gateway deaths under it
    said = after.truth.get(runs[-1].id) if runs else None
    if not (said in ABOUT_THE_WORK or (said == "lost" and lost)):
        yield f"the sprint failed with {error!r}, and the verdict of the gate was {said}"


def hooks_count(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield rounds that were closed without the success of each blocking hook."""
    attempt = f"/{after.snapshot.sprint.attempt}/"
    for one in _closed(before, after):
        for row in after.snapshot.deliveries:
            said = after.truth.get(row.id)
            if row.place.startswith(f"{one.code}{attempt}") and said != "yes":
                yield f"{one.code} is done, and hook {row.hook_id} at {row.place} failed: {said}"


def nothing_left(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield everything that still runs, waits or is pending after a sprint's end."""
    snapshot = after.snapshot
    if snapshot.sprint.status == "running":
        return
    status = snapshot.sprint.status
    if after.attended:
        yield f"the sprint is {status}, and {', '.join(sorted(after.attended))} still runs"
    for run in snapshot.gate_runs:
        if run.status == RUNNING:
            yield f"the sprint is {status}, and run {run.id} has no verdict"
    for row in snapshot.deliveries:
        if row.status in ("pending", "running"):
            yield f"the sprint is {status}, and hook {row.hook_id} is {row.status}"
    for task in snapshot.tasks:
        if task.status in agent_tasks.STILL:
            yield f"the sprint is {status}, and {task.owner_agent} has a task {task.status}"


def cancel_counts(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield steps that ignore a recorded cancel."""
    if not before.snapshot.sprint.cancel_by or step.by != ENGINE:
        return
    status = after.snapshot.sprint.status
    if before.snapshot.sprint.status == "running" and status not in ("running", "cancelled"):
        yield f"a cancel was recorded, and the sprint is {status}"
    if len(after.attended) > len(before.attended):
        yield "a cancel was recorded, and something new has begun"


def pause_holds(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield steps of a paused sprint, except recoveries and a cancel."""
    if step.by != ENGINE or not before.snapshot.paused or before.snapshot.sprint.cancel_by:
        return
    if not isinstance(step.action, Recover | RecoverHook | RecoverTask):
        yield f"the sprint is paused, and continues: {step.text}"


def within_bounds(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield too many parallel gates, duplicate rows, and closed rounds that were reopened."""
    snapshot, most = after.snapshot, after.snapshot.started_contract.gates_at_once
    if len(after.attended) > max(1, most):
        yield f"{len(after.attended)} run at once; the contract allows {most}"
    ids = [row.id for rows in (snapshot.tasks, snapshot.gate_runs) for row in rows]
    ids += [row.id for row in snapshot.deliveries]
    if len(set(ids)) < len(ids):
        yield f"a row is made twice: {step.text}"
    for was, now in zip(before.snapshot.rounds, snapshot.rounds, strict=True):
        if was.status == "done" and now.status != "done":
            yield f"{was.code} was done, and is {now.status}"


def waits_have_owners(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield waits without a reason, a person who can resolve them, or a deadline."""
    snapshot = after.snapshot
    ends = snapshot.sprint.status != before.snapshot.sprint.status
    if ends and snapshot.sprint.status in commands.STOPPED and (fault := retried(after).fault):
        yield f"the sprint is {snapshot.sprint.status} and cannot be retried: {fault}"
    waits = wait_of(snapshot) if after.attended or snapshot.sprint.status == "blocked" else None
    if snapshot.sprint.status == "blocked" and not (waits and waits["who"]):
        yield "the sprint is blocked, and waits for no one"
    if snapshot.sprint.status != "running":
        return
    if after.attended and not (waits and waits["who"] == GATEWAY and waits["until_ts"]):
        yield "something runs, and the wait for it has no reason or no deadline"
    held = snapshot.paused and not before.snapshot.paused
    if held and (fault := resumed(after).fault):
        yield f"the sprint is paused and cannot be resumed: {fault}"


def ships_what_passed(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield publications of a merge that some required gate has not passed, and missing ones."""
    was, now = shipping.status(before.snapshot), shipping.status(after.snapshot)
    snapshot = after.snapshot
    found = shipping.state(snapshot)
    if now != was and now in (shipping.PUBLISHING, shipping.SHIPPED):
        for gate in snapshot.started_contract.gates_of(snapshot.current_round.code):
            assert found and found.after is not None, "what is merged is judged"
            merged = found.after[gate.gate_id]
            runs = [run for run in snapshot.gate_runs if run.gate_id == gate.gate_id]
            last = max(runs, key=lambda run: run.number, default=None)
            said = after.truth.get(last.id) if last and last.number > merged else None
            if gate.required and said != Verdict.PASSED:
                yield f"the ship is {now}, and {gate.gate_id} was {said} on the merge"
        if bool(found and found.url is not None) != bool(snapshot.started_contract.ship_remote):
            yield f"the ship is {now}, and is not pushed to where the contract says"
    if was == shipping.SHIPPED and now != was:
        yield f"the work was shipped, and is {now} again"
    to_be = snapshot.started_contract.ship and snapshot.started_contract.base is not None
    is_done = now in (shipping.SHIPPED, shipping.NOTHING)
    if to_be and snapshot.sprint.status == "succeeded" and not is_done:
        yield f"the sprint succeeded, and its ship is {now or 'not merged'}"


def judges_what_is_there(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield rounds closed, or sprints failed, over a tree other than the present one."""
    failed = after.snapshot.sprint.status == "failed" and step.by == ENGINE
    reason = after.snapshot.sprint.stopped_for if failed else None
    at_gate = reason is not None and reason.code == StopCode.GATE_FAILED
    failed_at = reason.gate_id if reason and at_gate else None
    for one in [*_closed(before, after), *([after.snapshot.current_round] if at_gate else [])]:
        for gate in after.snapshot.started_contract.gates_of(one.code):
            runs = after.snapshot.runs_of(one.id, gate.gate_id)
            mine = [run for run in runs if not shipping.is_of_ship(after.snapshot, run)]
            concerned = gate.required and failed_at in (None, gate.gate_id)
            if concerned and mine and after.trees.get(mine[-1].id) != after.tree:
                yield f"{gate.gate_id} has judged another tree, and {one.code} is {one.status}"


def sends_back_within_reason(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield fixes that must not happen.

    A fix needs a failed gate on the present tree, within the contract's limit. It must not repeat
    the same failure on the same tree, nor return to an earlier tree.
    """
    if len(after.sent) == len(before.sent):
        return
    *earlier, now = after.sent
    same = [one for one in earlier if (one.place, one.attempt) == (now.place, now.attempt)]
    most = after.snapshot.started_contract.fix_attempts
    if not now.said:
        yield "a fix is requested, and no gate has failed on the present tree"
    if len(same) >= most:
        yield f"fix {len(same) + 1} is requested; the contract allows {most}"
    if any(one.tree == now.tree and one.said >= now.said for one in same):
        yield "the same tree has failed twice in the same way, and a fix is requested"
    trees = [one.tree for one in same]
    if now.tree in trees and trees[-1] != now.tree:
        yield f"the fixes have led back to the tree {now.tree}, and another fix is requested"
    if before.snapshot.sprint.cancel_by:
        yield "a cancel was recorded, and a fix is requested"


def gives_up_with_reason(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield failures at a gate while another fix was due."""
    snapshot, reason = after.snapshot, after.snapshot.sprint.stopped_for
    ends = snapshot.sprint.status == "failed" and step.by == ENGINE
    at_gate = ends and snapshot.stopped_with(StopCode.GATE_FAILED)
    if reason is None or not (at_gate and fix_loop.is_on(snapshot, snapshot.current_round.code)):
        return
    gate_id = reason.gate_id
    run = snapshot.runs_of(snapshot.current_round.id, gate_id)[-1]
    said = after.truth[run.id]
    if said not in RED or shipping.is_of_ship(snapshot, run):
        return
    place = snapshot.current_round.id, snapshot.sprint.attempt
    sent = [one for one in after.sent if (one.place, one.attempt) == place]
    same = any((one.tree, (gate_id, said) in one.said) == (after.tree, True) for one in sent)
    trees = [one.tree for one in sent]
    goes_round = after.tree in trees and trees[-1] != after.tree
    if len(sent) < snapshot.started_contract.fix_attempts and not same and not goes_round:
        yield f"the sprint failed at {gate_id} after only {len(sent)} fixes"


def flaky_is_a_humans(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield flaky gates that close a round, and fixes after one failure, if gates are rerun."""
    snapshot = after.snapshot
    if not snapshot.started_contract.rerun_red:
        return
    for one in _closed(before, after):
        for gate in snapshot.started_contract.gates_of(one.code):
            said = _said_of(after, one, gate.gate_id, after.tree)
            if gate.required and Verdict.PASSED in said and {*RED} & {*said}:
                verdicts = f"{', '.join(said)} on one tree"
                yield f"{one.code} is done, and {gate.gate_id} was {verdicts}"
    if len(after.sent) > len(before.sent):
        for gate_id, _ in after.sent[-1].said:
            said = _said_of(before, before.snapshot.current_round, gate_id, before.tree)
            if sum(word in RED for word in said) < 2:
                yield f"{gate_id} has failed only once, and a fix is requested"


def _said_of(state: State, one: RoundValue, gate_id: str, tree: str) -> list[str]:
    """Return the gate's true verdicts on that tree in this round and attempt."""
    runs = state.snapshot.runs_of(one.id, gate_id)
    mine = [run for run in runs if not shipping.is_of_ship(state.snapshot, run)]
    return [state.truth[run.id] for run in mine if state.trees.get(run.id) == tree]


PROMISES: dict[str, Promise] = {
    "never ships red": never_red,
    "ships what passed": ships_what_passed,
    "asks before it goes on": asks_first,
    "never fails without a reason": no_false_red,
    "judges what is there": judges_what_is_there,
    "sends back within reason": sends_back_within_reason,
    "never gives up too soon": gives_up_with_reason,
    "a flaky gate is a human's": flaky_is_a_humans,
    "builds as planned": builds_as_planned,
    "a hook's no counts": hooks_count,
    "nothing is left behind": nothing_left,
    "cancel means stopped": cancel_counts,
    "a pause holds": pause_holds,
    "within its bounds": within_bounds,
    "every wait has an owner": waits_have_owners,
    **AGENT_PROMISES,
}
