"""Ask git which protected paths a sprint's work has changed."""

from sprints.contract.protected_paths import Touched
from sprints.core import shipping
from sprints.core.actions import Compared
from sprints.effects import workspace
from sprints.effects.context import EffectContext
from sprints.git.git import GitError
from sprints.git.protected_diff import compared
from sprints.state.snapshot import Snapshot


def compare(snapshot: Snapshot, world: EffectContext) -> Compared:
    """Compare the merge that is to be published, else the branch, with the base."""
    terms = snapshot.started_contract.approvals
    assert terms is not None, "only a contract with approvals has protected paths"
    try:
        site = workspace.site_of(snapshot, world)
    except GitError as exc:
        return Compared(world.clock(), Touched(reason=str(exc)))
    assert site is not None, "only a clone is compared with its base"
    ends = ("", "")
    if shipping.status(snapshot) == shipping.JUDGING:
        ship = shipping.begun(snapshot)
        ends = ship.base or "", ship.commit or ""
    return Compared(world.clock(), compared(site, terms.protected, *ends))
