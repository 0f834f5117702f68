"""Revert a shipped sprint by a sprint of its own; pure.

The branch of the reverting sprint begins with the revert commit. It has only the last round, whose
gates judge that commit. Then it is merged, judged, published and tagged as every sprint is.
"""

from collections.abc import Iterator
from dataclasses import replace

from sprints.contract.approval_policy import SHIP, Approvals
from sprints.contract.contract import Contract
from sprints.contract.git_values import Base, Undone
from sprints.core import shipping
from sprints.state.engine_meta import UNSHIPPED_BY, Shipping, SprintMeta
from sprints.state.event_codes import EventKind
from sprints.state.messages import because, message
from sprints.state.row_changes import update_sprint
from sprints.state.snapshot import Snapshot
from sprints.state.transitions import MoveRefused, Transition

LONGEST_ID, MOST_NAMES = 57, 20


def name_of(sprint_id: str) -> str:
    """Return the id of the sprint that reverts ``sprint_id``."""
    return f"{sprint_id[:LONGEST_ID].rstrip('.')}-unship"


def names_of(sprint_id: str) -> Iterator[str]:
    """Yield the candidate ids: each is used if the earlier ones are taken or were cancelled."""
    yield name_of(sprint_id)
    for number in range(2, MOST_NAMES + 1):
        yield f"{sprint_id[: LONGEST_ID - 3].rstrip('.')}-unship-{number}"


def shipped(sprint_id: str, meta: SprintMeta) -> Shipping:
    """Return the shipped merge in meta. Raises ``MoveRefused`` if nothing was shipped."""
    if meta.shipping and is_shipped(meta):
        return meta.shipping
    raise MoveRefused(message("refused.nothing_shipped", sprint_id=sprint_id))


def is_shipped(meta: SprintMeta) -> bool:
    """Return whether the sprint has shipped something."""
    found = meta.shipping
    if found is None or found.status != shipping.SHIPPED:
        return False
    return None not in (found.tag, found.commit, found.branch)


def undoing(contract: Contract, meta: SprintMeta) -> Contract:
    """Return the drafted contract, reduced to a revert if ``meta`` asks for one."""
    recorded = meta.unships
    if recorded is None:
        return contract
    last = contract.rounds[-1]
    gates = contract.gates_of(last.code)
    return replace(
        contract,
        rounds=(replace(last, acks=()),),
        gates=tuple(replace(gate, rounds=(last.code,)) for gate in gates),
        agents=(),
        budget=None,
        base=Base(recorded.branch, recorded.head),
        ship=True,
        ship_remote=recorded.remote or "",
        undoes=Undone(recorded.sprint, recorded.commit),
        fix_attempts=0,
        rerun_red=False,
        approvals=_before_ship(contract),
    )


def _before_ship(contract: Contract) -> Approvals | None:
    """Return the approvals for a revert: only those before shipping.

    No agent has written any of the revert, so no path is protected.
    """
    found = contract.approvals
    return replace(found, before=(SHIP,), protected=()) if found and SHIP in found.before else None


def asked(snapshot: Snapshot, name: str, why: str, by: str) -> Transition:
    """Record the revert in the sprint that is reverted, too."""
    meta = snapshot.sprint.meta.having(UNSHIPPED_BY, name)
    change = update_sprint(snapshot.sprint_id, (snapshot.sprint.status,), {"meta": meta.stored})
    words = message("event.unship_requested", name=name, by=by, because=because(why))
    return Transition(
        EventKind.SPRINT_CHANGED, words, (change,), data={"by": by, "keys": [UNSHIPPED_BY]}
    )
