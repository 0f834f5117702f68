"""Merge and publish passed work with git."""

import time
from pathlib import Path

from gates import process
from gates.wording import spoken
from sprints.contract.json_types import JsonMapping, JsonObject
from sprints.core import approval_requests, shipping
from sprints.core.actions import Merged, Published
from sprints.effects import workspace
from sprints.effects.context import EffectContext
from sprints.git import certificate, publish
from sprints.git.gateway_repo import Workspace
from sprints.git.git import GitError
from sprints.git.merge import merge, tag_of
from sprints.state import ship_values
from sprints.state.messages import message
from sprints.state.snapshot import GateRunValue, Snapshot

SETTLE_S = 60.0  # to find out what a cancelled publication has done


def run(snapshot: Snapshot, world: EffectContext) -> Merged | Published:
    """Merge or publish, as recorded; a step that a crash left is found and not repeated."""
    publishing = shipping.status(snapshot) == shipping.PUBLISHING
    return _publish(snapshot, world) if publishing else _merge(snapshot, world)


def _merge(snapshot: Snapshot, world: EffectContext) -> Merged:
    if snapshot.sprint.cancel_by:  # nothing is published yet
        return Merged(world.clock(), ship_values.Merge(reason=message("outcome.cancelled")))
    try:
        site = _site(snapshot, world)
    except GitError as exc:
        return Merged(world.clock(), ship_values.Merge(reason=str(exc)))
    attempt = str(snapshot.sprint.attempt)
    trailers = {"Sprint": snapshot.sprint_id, "Attempt": attempt, "Ship": "merge"}
    return Merged(world.clock(), merge(site, trailers))


def _publish(snapshot: Snapshot, world: EffectContext) -> Published:
    found = shipping.begun(snapshot)
    what = ship_values.Merge(
        branch=found.branch or "",
        base=found.base or "",
        head=found.head or "",
        commit=found.commit or "",
        tree=found.tree or "",
        url=found.url or "",
    )
    try:
        said = certificate.text(facts(snapshot, what, world.chain()))
        site = _site(snapshot, world)
        if snapshot.sprint.cancel_by:
            return _settled(site, what, said, world)
        tag = publish.publish(site, what, said)
    except ship_values.Moved:
        return Published(world.clock(), moved=True)
    except (ship_values.Refused, GitError) as exc:
        return Published(world.clock(), reason=spoken(str(exc)))
    except ship_values.Unfinished as exc:
        return Published(world.clock(), tag=tag_of(site), unfinished=spoken(str(exc)))
    except OSError as exc:
        return Published(world.clock(), reason=spoken(f"{exc.strerror}: {exc.filename}"))
    return Published(world.clock(), tag=tag)


def _settled(
    site: Workspace, what: ship_values.Merge, said: str, world: EffectContext
) -> Published:
    """Finish an interrupted publication of a cancelled sprint if it has taken effect.

    Raises as ``publish``, and ``Interrupted`` only if this process is to stop.
    """
    end = time.monotonic() + SETTLE_S

    def tick() -> process.Stop | None:
        late = process.Stop("too late") if time.monotonic() > end else None
        return world.leaves() or late

    try:
        with process.watched(tick):
            if not publish.is_out(site, what):
                return Published(world.clock(), reason=message("outcome.cancelled"))
            return Published(world.clock(), tag=publish.publish(site, what, said))
    except process.Interrupted:
        if world.leaves():
            raise
    unknown = message("outcome.cancelled_unknown", branch=what.branch)
    if publish.is_here(site, what):
        return Published(world.clock(), tag=tag_of(site), unfinished=unknown)
    return Published(world.clock(), reason=unknown)


def facts(snapshot: Snapshot, what: ship_values.Merge, chain: JsonMapping) -> JsonObject:
    """Return the content of the certificate; ``chain`` names the announcing event."""
    keys = ("branch", "base", "head", "commit", "tree")
    runs = [
        run
        for gate in snapshot.started_contract.gates_of(snapshot.current_round.code)
        if gate.required and (run := shipping.judged_since(snapshot, gate.gate_id))
    ]
    return {
        "sprint": snapshot.sprint_id,
        **{key: getattr(what, key) for key in keys},
        **({"url": what.url} if what.url else {}),
        **({"undoes": undone.commit} if (undone := snapshot.started_contract.undoes) else {}),
        "contract": snapshot.started_contract.digest,
        **chain,
        "published_ts": shipping.begun(snapshot).since_ts,
        "gates": [_gate(run, what.tree) for run in runs],
        **_approved(snapshot, what.tree),
        **_reached(snapshot),
    }


def _reached(snapshot: Snapshot) -> JsonObject:
    found = workspace.network_of(snapshot)
    return {"network": found} if found else {}


def _approved(snapshot: Snapshot, tree: str) -> JsonObject:
    """Return the approvals of that tree; empty if none was asked for."""
    found = [
        {"what": one.what, "tree": one.tree, "by": one.by, "ts": one.ts}
        for one in approval_requests.state(snapshot).given or ()
        if (one.verdict, one.tree) == (approval_requests.APPROVED, tree)
    ]
    return {"approvals": found} if found else {}


def _gate(run: GateRunValue, tree: str) -> JsonObject:
    folder = Path(run.stdout_path).parent / "runs" / str(run.number)
    return {
        "gate_id": run.gate_id,
        "run": run.number,
        "digest": run.digest,
        "tree": tree,
        "exit_code": run.exit_code,
        "stdout_sha256": certificate.digest_of(folder / "stdout.txt"),
        "stderr_sha256": certificate.digest_of(folder / "stderr.txt"),
    }


def _site(snapshot: Snapshot, world: EffectContext) -> Workspace:
    site = workspace.site_of(snapshot, world)
    assert site is not None, "what is shipped has a base"
    return site
