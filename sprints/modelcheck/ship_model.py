"""Model the possible outcomes of shipping; pure."""

from datetime import datetime

from sprints.core import shipping
from sprints.core.actions import Merged, Outcome, Published
from sprints.modelcheck.model import WORLD
from sprints.state import ship_values
from sprints.state.snapshot import Snapshot


def outcomes(snapshot: Snapshot, at: datetime) -> list[tuple[str, str, Outcome]]:
    """Return the possible outcomes of a merge or a publication."""
    if shipping.status(snapshot) == shipping.PUBLISHING:
        return [
            (WORLD, "shipped", Published(at, tag="t")),
            (WORLD, "moved", Published(at, moved=True)),
            (WORLD, "refused", Published(at, reason="not clean")),
        ]
    url = "u" if snapshot.started_contract.ship_remote else ""
    found = shipping.state(snapshot)
    assert found is not None, "a merge is recorded before it begins"
    tree = f"t{found.tries}"  # the base has moved since the last one
    return [
        (WORLD, "merged", Merged(at, ship_values.Merge("main", "b", "h", "c", tree, url=url))),
        (WORLD, "nothing", Merged(at, ship_values.Merge("main", "b", "h"))),
        (WORLD, "conflict", Merged(at, ship_values.Merge("main", "b", "h", reason="it conflicts"))),
    ]
