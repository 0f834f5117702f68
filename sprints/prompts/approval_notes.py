"""Write the part of a prompt about approvals: protected paths, and earlier rejections."""

from collections.abc import Iterator

from sprints.state.messages import approval
from sprints.state.snapshot import Snapshot

PROTECTED = (
    "If you change one of these files, the sprint stops until a person approves the change:\n"
)
REJECTED = "What a human has rejected:\n"


def approval_lines(snapshot: Snapshot) -> Iterator[str]:
    """Yield parts of a prompt; none if no approval is needed and nothing was rejected."""
    terms = snapshot.started_contract.approvals
    if terms is None:
        return
    if terms.protected and snapshot.started_contract.base:
        yield PROTECTED + "".join(f"- {pattern}\n" for pattern in terms.protected)
    found = snapshot.sprint.meta.approval
    lines = [
        f"- {one.by} rejected the approval {approval(one.what)}, in {one.round_id}: {one.why}\n"
        for one in (found.given if found else None) or ()
        if one.verdict == "rejected" and one.by
    ]
    if lines:
        yield REJECTED + "".join(lines)
