"""Revert a shipped sprint by a sprint of its own, which ships the revert."""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from gates.problem import Problem, ProblemCode
from gates.removal import remove
from sprints.contract.git_values import Base, Undone
from sprints.core import commands, unshipping
from sprints.git.gateway_repo import Workspace, own_clone, tree_of
from sprints.git.git import GitError
from sprints.git.merge import at_scratch
from sprints.git.revert import revert
from sprints.ids import check_id
from sprints.models import Sprint
from sprints.models.transitions import record
from sprints.operations.lifecycle import record_act
from sprints.queries.sprints import get
from sprints.state.engine_meta import CREATED_BY, UNSHIPS, SprintMeta, Unships
from sprints.state.messages import message
from sprints.state.refusals import NotNow, RefusalCode, Refused
from sprints.state.transitions import MoveRefused
from sprints.store.file_lock import locked

LIFE = "unship"  # not a sprint yet: its refs differ from those of any life
LONGEST_WHY = 200
# The revert is judged under the same terms.
KEPT = (
    "gate_profile", "round_deadline", "approvals", "approval_hours", "approval_default",
)  # fmt: skip
NEXT = {"created": "run", "running": "run", "failed": "retry", "blocked": "retry"}


def unship(sprint_id: str, by: str, why: str = "") -> str:
    """Create the sprint that reverts this one's shipped merge, and return its id.

    The user's repository is unchanged. Raises ``Refused``, and nothing is made then.
    """
    if len(why) > LONGEST_WHY or not why.isprintable():
        text = message("refused.reason", longest=LONGEST_WHY)
        raise Refused(problems=[Problem("why", ProblemCode.WRONG_FORMAT, text)])
    with locked(settings.STORE.root / "unship.lock"):
        return _unship(get(sprint_id), by, why)


def _unship(sprint: Sprint, by: str, why: str) -> str:
    try:
        found = unshipping.shipped(sprint.pk, sprint.parsed_meta)
    except MoveRefused as exc:
        raise NotNow(str(exc), exc.code) from exc
    name = check_id(_free_name(sprint.pk))
    assert found.commit is not None, "what is shipped is a commit"
    assert found.branch is not None, "what is shipped is on a branch"
    undone, remote = Undone(sprint.pk, found.commit), found.remote or ""
    recorded = Unships(
        sprint=undone.sprint,
        commit=undone.commit,
        branch=found.branch,
        head=_reverted(name, found.branch, remote, undone, why),
        remote=remote or None,
        why=why or None,
    )
    kept = SprintMeta({key: sprint.meta[key] for key in KEPT if key in sprint.meta})
    meta = kept.having(CREATED_BY, by).having(UNSHIPS, recorded)
    at, folder = timezone.now(), str(settings.STORE.evidence_of(name))
    title = f"Revert {sprint.pk}"
    try:
        with transaction.atomic():
            record(name, [commands.create(name, title, folder, meta.stored, at)], None, at)
            record_act(sprint.pk, lambda snapshot, at: unshipping.asked(snapshot, name, why, by))
    except IntegrityError as exc:
        text = message("refused.sprint_just_made", sprint_id=name)
        raise NotNow(text, RefusalCode.CHANGING) from exc
    return name


def _free_name(sprint_id: str) -> str:
    """Return a free name for the reverting sprint. Raises ``NotNow`` if one exists already."""
    for name in unshipping.names_of(sprint_id):
        there = Sprint.objects.filter(sprint_id__iexact=name).first()
        if there is None:
            return name
        recorded = there.parsed_meta.unships
        mine = recorded is not None and recorded.sprint == sprint_id
        if mine and not _is_given_up(there):
            act = NEXT.get(there.status, "show")
            about = {"sprint_id": sprint_id, "other": there.pk, "status": there.status}
            raise NotNow(message("refused.unshipping", **about, act=act))
    times = unshipping.MOST_NAMES
    raise NotNow(message("refused.unshipped_too_often", sprint_id=sprint_id, times=times))


def _is_given_up(sprint: Sprint) -> bool:
    """Return whether the reverting sprint was cancelled, or failed and was archived."""
    put_away = sprint.status == Sprint.Status.FAILED and sprint.archived_at is not None
    return put_away or sprint.status == Sprint.Status.CANCELLED


def _reverted(name: str, branch: str, remote: str, undone: Undone, why: str) -> str:
    """Return the revert commit. Raises ``Refused``."""
    store = settings.STORE
    trailers = {"Sprint": name, "Unships": undone.sprint}
    tree = tree_of(store.root, name)
    try:
        own = own_clone(store.repo, store.root)
    except GitError as exc:
        raise Refused(message("refused.unship", sprint_id=undone.sprint, error=exc)) from exc
    site = Workspace(store.repo, own, tree, name, LIFE, Base(branch, ""), remote)
    try:
        return revert(site, undone, why, trailers)
    except (GitError, OSError) as exc:
        remove(at_scratch(site).tree)
        words = exc.strerror if isinstance(exc, OSError) else exc
        raise Refused(message("refused.unship", sprint_id=undone.sprint, error=words)) from exc
