"""Provide the workspace of agents and gates: the repository's own files, or a clone."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from gates.process import Interrupted
from gates.removal import remove
from gates.sandbox import Sandbox
from gates.verdict import Judgement, Verdict
from sprints.contract import sandbox
from sprints.contract.agent_spec import PRIVATE, READ, AgentDefinition
from sprints.contract.git_values import UNKNOWN, Seen
from sprints.contract.json_types import JsonObject
from sprints.contract.sandbox import OFF
from sprints.core.shipping import begun, is_of_ship
from sprints.effects.context import EffectContext
from sprints.git import capture_work, gate_checkout
from sprints.git.capture_work import Mark
from sprints.git.clone_walk import move_away
from sprints.git.gateway_repo import Workspace, open_site, tree_of
from sprints.git.git import GATEWAY, GitError
from sprints.git.merge import at_scratch, scratch
from sprints.prompts.exchange import Exchange
from sprints.state.engine_meta import Shipping
from sprints.state.event_format import stamp
from sprints.state.messages import message
from sprints.state.network_use import summed
from sprints.state.snapshot import GateRunValue, Snapshot, TaskValue
from sprints.store import clones
from sprints.store.layout import Store

GATES = "gates"  # the private HOME of all gates


def site_of(snapshot: Snapshot, world: EffectContext) -> Workspace | None:
    """Return the sprint's clone; None if it works in the repository itself. Raises ``GitError``."""
    return site_at(snapshot, world.repo)


def site_at(snapshot: Snapshot, repo: Path) -> Workspace | None:
    """Return the sprint's clone of ``repo``; None if there is none. Raises ``GitError``."""
    base = snapshot.contract.base if snapshot.contract else None
    started_at = snapshot.sprint.started_at
    if base is None or started_at is None:
        return None
    life = "".join(c for c in stamp(started_at) if c.isdigit())
    root = Store(repo).root
    site = open_site(repo, root, snapshot.sprint_id, life, base, known(snapshot))
    undone = snapshot.started_contract.undoes
    undoes = undone.sprint if undone else ""
    return replace(site, remote=snapshot.started_contract.ship_remote, undoes=undoes)


def cwd(snapshot: Snapshot, world: EffectContext) -> Path:
    """Return the folder in which the sprint's agents and gates work."""
    if snapshot.started_contract.base is None:
        return world.repo
    return tree_of(Store(world.repo).root, snapshot.sprint_id)


def sandbox_of(
    snapshot: Snapshot, world: EffectContext, tree: Path, agent: AgentDefinition | None = None
) -> Sandbox | None:
    """Return the sandbox of an agent's command or a gate; None for a sprint without a clone.

    An agent may read the artifacts of its sprint.
    """
    if snapshot.started_contract.base is None:
        return None
    shown = (Path(snapshot.sprint.artifacts_dir),) if agent else ()
    writes = agent is None or agent.policy != READ
    terms, root = snapshot.started_contract.confinement, Store(world.repo).root
    closed = (root, *clones.closed(root))
    found = sandbox.sandbox_for(terms, world.repo, closed, tree, shown=shown, writes=writes)
    if found is None or agent or terms.gates != PRIVATE or sandbox.lacking():
        return found
    return replace(found, home=clones.homes_of(root) / GATES, readable=(world.repo,))


def states_of(snapshot: Snapshot) -> list[str]:
    """Return the distinct sandbox modes that the sprint used, sorted."""
    reported = [run.confined or OFF for run in snapshot.gate_runs if run.finished_at]
    programs = [task.details for task in snapshot.tasks if "reason" in task.details]
    return sorted({*reported, *(details.get("confined", OFF) for details in programs)})


def network_of(snapshot: Snapshot) -> JsonObject:
    """Return what the sprint's gates and agents reached, or tried to."""
    tasks = (task.details.get("network", {}) for task in snapshot.tasks)
    return summed([*(run.network for run in snapshot.gate_runs), *tasks])


def known(snapshot: Snapshot) -> str:
    """Return the newest commit recorded as the sprint's work; empty if there is none."""
    heads = [
        (task.updated_at, task.details["work"]["head"])
        for task in snapshot.tasks
        if task.details.get("work", {}).get("head")
    ]
    return max(heads)[1] if heads else ""


def left_by(
    said: Exchange,
    snapshot: Snapshot,
    task: TaskValue,
    world: EffectContext,
    agent: AgentDefinition,
) -> Exchange:
    """Return the reply of a recovered attempt, with the changes it left in the clone."""
    try:
        site = site_of(snapshot, world)
        return looked_at(said, site, try_mark(snapshot, task), agent) if site else said
    except GitError as exc:
        return replace(said, seen=Seen(UNKNOWN, reason=str(exc)))
    except Interrupted as exc:
        if world.leaves():
            raise
        return replace(said, seen=Seen(UNKNOWN, reason=str(exc)))  # the sprint is cancelled


def looked_at(said: Exchange, site: Workspace, mark: Mark, agent: AgentDefinition) -> Exchange:
    """Return the reply of an attempt, with the changes it left in the clone.

    If a read-only agent's changes cannot be restored, its reply does not count: the next agent
    would start from them. Nor does a reply count whose changes must not be committed.
    """
    if agent.policy != READ:
        found = capture_work.seen(site, mark)
        if found.cause and said.reply is not None:
            return replace(said, seen=found, reply=None, reason=found.reason)
        return replace(said, seen=found)
    found = capture_work.refused(site, mark)
    if found.seen != UNKNOWN or said.reply is None:
        return replace(said, seen=found)
    reason = message("outcome.not_restored", error=found.reason)
    return replace(said, seen=found, reply=None, reason=reason)


def try_mark(snapshot: Snapshot, task: TaskValue) -> Mark:
    """Return the commit mark of an agent's attempt: message, author and trailers."""
    code, agent = task.round_id.split("/")[1], task.owner_agent
    number = task.details["try"]
    definition = snapshot.started_contract.agent(agent)
    name = definition.label if definition else agent
    return Mark(
        f"{code}.{task.task_id}.{number}",
        f"{agent} in {code} of {snapshot.sprint_id}",
        (f"{agent} {name}", f"{agent}@studio-gateway.invalid"),
        {
            "Sprint": snapshot.sprint_id,
            "Round": code,
            "Task": task.task_id,
            "Agent": agent,
            "Attempt": str(task.attempt),
            "Try": str(number),
        },
    )


def found_mark(snapshot: Snapshot) -> Mark:
    """Return the commit mark of changes found in the clone outside any attempt."""
    sprint, code = snapshot.sprint_id, snapshot.current_round.code
    trailers = {"Sprint": sprint, "Round": code, "Attempt": str(snapshot.sprint.attempt)}
    return Mark(f"{code}.found", f"What lay in the clone of {sprint}", GATEWAY, trailers)


def gate_mark(snapshot: Snapshot, run: GateRunValue) -> Mark:
    """Return the commit mark of a gate's changes."""
    sprint, name = snapshot.sprint_id, f"{run.gate_id}.{run.number}"
    trailers = {"Sprint": sprint, "Gate": run.gate_id, "Run": str(run.number)}
    return Mark(name, f"What gate {run.gate_id} of {sprint} left", GATEWAY, trailers)


def judged(
    snapshot: Snapshot,
    run: GateRunValue,
    world: EffectContext,
    judge: Callable[[Path, bool], Judgement],
) -> Judgement:
    """Return the judgement that ``judge`` makes of a path; its flag says whether it is a clone."""
    try:
        site = site_of(snapshot, world)
        if site is None:
            return judge(world.repo, False)
        mark = gate_mark(snapshot, run)
        if is_of_ship(snapshot, run):
            return _judged_apart(site, begun(snapshot), judge)
        tree = gate_checkout.enter(site, mark, found_mark(snapshot))
    except GitError as exc:
        return Judgement(Verdict.ERROR, None, message("outcome.no_tree", error=exc), 0.0)
    try:
        said = replace(judge(site.tree, True), tree=tree)
    except BaseException:
        with suppress(GitError):
            gate_checkout.leave(site, mark)
        raise
    return left(said, lambda: gate_checkout.leave(site, mark))


def _judged_apart(
    site: Workspace, shipping: Shipping, judge: Callable[[Path, bool], Judgement]
) -> Judgement:
    """Return the judgement of the tree to be shipped, in a fresh clone."""
    scratch(site, shipping.commit or "")
    said = judge(at_scratch(site).tree, True)
    remove(at_scratch(site).tree)
    return replace(said, tree=shipping.tree or "")


def after_gate(
    snapshot: Snapshot, run: GateRunValue, world: EffectContext, said: Judgement
) -> Judgement:
    """Return the judgement of a recovered run, after restoring the clone.

    If the sprint is cancelled and git does not end, the clone is moved away instead.
    """
    try:
        site = site_of(snapshot, world)
        if site is None:
            return said
        if is_of_ship(snapshot, run):  # each run has its own clone
            return replace(said, tree=begun(snapshot).tree or "")
        mark = gate_mark(snapshot, run)
        said = replace(said, tree=gate_checkout.judged(site, mark))
        return left(said, lambda: gate_checkout.clear(site, mark))
    except GitError as exc:
        return _unclear(said, exc)
    except Interrupted:
        if world.leaves():
            raise
        move_away(cwd(snapshot, world))
        return said


def left(said: Judgement, put_back: Callable[[], int]) -> Judgement:
    """Return the judgement after restoring the gate's changes.

    If they cannot be restored, the judgement is an error: the next gate would judge another tree.
    """
    try:
        return replace(said, put_back=put_back())
    except GitError as exc:
        return _unclear(said, exc)


def _unclear(said: Judgement, exc: GitError) -> Judgement:
    if said.verdict != Verdict.PASSED:
        return replace(said, reason=message("outcome.and", reason=said.reason, error=exc))
    reason = message("outcome.not_restored", error=exc)
    return replace(said, verdict=Verdict.ERROR, reason=reason)
