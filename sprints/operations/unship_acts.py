"""Taking back what a sprint has shipped: a sprint of its own, which ships that."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from sprints.branch import Base, Undone
from sprints.engine import acts, unship_moves
from sprints.engine.unship_moves import UNSHIPS
from sprints.ids import check_id
from sprints.models import Sprint
from sprints.models.moves import MoveRefused, record
from sprints.operations.sprint_acts import record_act
from sprints.queries import NotNow, Refused, get
from sprints.release.git import GitError
from sprints.release.own import Site, own_clone, tree_of
from sprints.release.revert import revert

LIFE = "unship"  # before it is a sprint: its refs are told from those of any life
LONGEST_WHY = 200
NEXT = {"created": "run", "running": "run", "failed": "retry", "blocked": "retry"}


def unship(sprint_id: str, by: str, why: str = "") -> str:
    """Make the sprint that takes back what this one has shipped, and return its id; nothing of the
    user's has changed then. Raises ``Refused``, and nothing is made.
    """
    if len(why) > LONGEST_WHY or not why.isprintable():
        raise Refused(f"a reason is one line of at most {LONGEST_WHY} characters")
    sprint = get(sprint_id)
    name = check_id(unship_moves.name_of(sprint.pk))
    try:
        found = unship_moves.shipped(sprint.pk, sprint.meta)
    except MoveRefused as exc:
        raise NotNow(str(exc)) from exc
    _look_free(sprint.pk, name)
    undone, remote = Undone(sprint.pk, found["commit"]), str(found.get("remote", ""))
    head = _reverted(name, found["branch"], remote, undone, why)
    told = {
        "sprint": undone.sprint,
        "commit": undone.commit,
        "branch": found["branch"],
        "head": head,
        **({"remote": remote} if remote else {}),
        **({"why": why} if why else {}),
    }
    at, folder = timezone.now(), str(settings.STORE.evidence_of(name))
    title = f"Take back {sprint.pk}"
    with transaction.atomic():
        made = acts.create(name, title, folder, {"created_by": by, UNSHIPS: told}, at)
        record(name, [made], None, at)
        record_act(sprint.pk, lambda snapshot, at: unship_moves.asked(snapshot, name, why, by))
    return name


def _look_free(sprint_id: str, name: str) -> None:
    """Raises ``NotNow`` where that has been asked for already."""
    there = Sprint.objects.filter(sprint_id__iexact=name).first()
    if there is None:
        return
    act = NEXT.get(there.status, "show")
    hint = f"studio-gateway sprint {act} {there.pk}"
    raise NotNow(f"{sprint_id} is taken back by {there.pk}, which is {there.status}; type: {hint}")


def _reverted(name: str, branch: str, remote: str, undone: Undone, why: str) -> str:
    """The commit that takes it back. Raises ``Refused``."""
    store = settings.STORE
    trailers = {"Sprint": name, "Unships": undone.sprint}
    try:
        own, tree = own_clone(store.repo, store.root), tree_of(store.root, name)
        site = Site(store.repo, own, tree, name, LIFE, Base(branch, ""), remote)
        return revert(site, undone, why, trailers)
    except GitError as exc:
        raise Refused(f"{undone.sprint} cannot be taken back: {exc}") from exc
