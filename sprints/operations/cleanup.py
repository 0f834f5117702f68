"""Free disk space: remove clones of archived sprints, and pack the gateway's own clone."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.utils import timezone

from gates import process
from sprints.effects.workspace import site_at
from sprints.git.capture_work import Mark
from sprints.git.gateway_repo import home_of, own_clone, repack
from sprints.git.git import GATEWAY, GitError
from sprints.git.remove_clone import clear
from sprints.models import Sprint
from sprints.models.lease import LeaseUnavailable, release, take
from sprints.models.loading import load
from sprints.store import clones


def tidy() -> dict[str, str]:
    """Remove the clone of each archived sprint; return by sprint why it stays, empty if removed.

    A sprint that is running is left for the next time.
    """
    store, found = settings.STORE, dict[str, str]()
    for name in sorted(_archived()):
        with suppress(LeaseUnavailable), _held(name):
            snapshot = load(name, timezone.now())
            try:
                site = site_at(snapshot, store.repo) if snapshot.sprint.archived_at else None
                if site:
                    found[name] = clear(site, _mark(name))
            except GitError as exc:
                found[name] = str(exc)
    if (home_of(store.root) / "own.git").is_dir():
        with suppress(GitError, OSError):
            repack(own_clone(store.repo, store.root))
    return found


def _archived() -> set[str]:
    """Return the archived sprints that still have files in the work folder."""
    folder = clones.seen_of(settings.STORE.root)
    if not folder.is_dir():
        return set()
    names = {path.name.removeprefix(".").partition("~")[0] for path in folder.iterdir()}
    rows = Sprint.objects.filter(pk__in=names, archived_at__isnull=False)
    return set(rows.values_list("pk", flat=True))


@contextmanager
def _held(sprint_id: str) -> Iterator[None]:
    """Hold the sprint's lease in the block. Raises ``LeaseUnavailable``."""
    lease = take(sprint_id, process.identity(), beside=True)
    try:
        yield
    finally:
        release(lease)


def _mark(sprint_id: str) -> Mark:
    words = f"What lay in the clone of {sprint_id} when it was archived"
    return Mark("archived", words, GATEWAY, {"Sprint": sprint_id})
