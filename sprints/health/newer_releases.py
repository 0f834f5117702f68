"""Find releases and work of this record that the record does not have: it was restored.

A record lies beside a repository. If it is restored from an old backup, the repository still has
the tags of later releases, and perhaps the gateway's own clone has the work of later sprints.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from sprints.git import certificate
from sprints.git.gateway_repo import home_of
from sprints.git.git import GitError
from sprints.git.repair import own_of
from sprints.git.user_repo import users
from sprints.models import Event, Sprint
from sprints.state.event_codes import EventKind
from sprints.state.messages import Message, message
from sprints.store.layout import Store

MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Newer:
    """What an older record lacks.

    ``tags`` has the hash of the missing event for each tag with a certificate of this record.
    ``unsure`` is the same for certificates that do not name their record, as earlier versions wrote
    them: another gateway may have made them. ``sprints`` are those in the gateway's own clone.
    """

    tags: Mapping[str, str]
    unsure: Mapping[str, str]
    sprints: tuple[str, ...]

    @property
    def is_certain(self) -> bool:
        """Return whether no other gateway can have made what the record lacks."""
        return bool(self.tags or self.sprints)

    @property
    def text(self) -> Message | None:
        """Return what has happened in one sentence; None if the record lacks nothing."""
        if self.tags:
            return message("notice.older_record", names=_named(self.tags))
        if self.sprints:
            return message("notice.older_record.work", names=_named(self.sprints))
        if self.unsure:
            return message("notice.older_record.unsure", names=_named(self.unsure))
        return None


def newer(store: Store) -> Newer:
    """Return what the repository has of this record and the record itself lacks.

    Certificates of other records do not count, and nothing that ``adopt`` has recorded. Raises
    ``DatabaseError``.
    """
    adopted = [event.body["data"] for event in Event.objects.filter(kind=EventKind.RECORD_ADOPTED)]
    first = Event.objects.filter(seq=1).values_list("hash", flat=True).first()
    if first is None:
        return Newer({}, {}, ())
    ours, unsure = {}, {}
    left = {data["before"] for data in adopted}  # what these go on to ship is of another record
    for tag, facts in _certificates(store):
        match facts.get("record"):
            case None:
                unsure[tag] = facts["chain"]
            case one if one == first and facts.get("incarnation", "") not in left:
                ours[tag] = facts["chain"]
    known = {chain for data in adopted for chain in data["certificates"].values()}
    known |= _recorded([*ours.values(), *unsure.values()])
    if not any(chain in known for chain in unsure.values()):
        unsure = {}  # this record has shipped nothing here: they are of another
    sprints = _sprints(store) - {name for data in adopted for name in data["sprints"]}
    return Newer(
        {tag: chain for tag, chain in ours.items() if chain not in known},
        {tag: chain for tag, chain in unsure.items() if chain not in known},
        tuple(sorted(sprints)),
    )


def _certificates(store: Store) -> list[tuple[str, Mapping[str, str]]]:
    with suppress(GitError, OSError):
        if (store.repo / ".git").exists():
            git = users(store.repo, home_of(store.root))
            return [*certificate.all_of(git, {"safe.directory": str(store.repo)})]
    return []


def _recorded(chains: list[str]) -> set[str]:
    found: set[str] = set()
    for at in range(0, len(chains), 500):
        rows = Event.objects.filter(kind=EventKind.SHIP_PUBLISHING, hash__in=chains[at : at + 500])
        found |= set(rows.values_list("hash", flat=True))
    return found


def _sprints(store: Store) -> set[str]:
    """Return the sprints that have work in the gateway's own clone and no row."""
    own = own_of(store.root)
    if own is None:
        return set()
    with suppress(GitError):
        lines = own("for-each-ref", "--format=%(refname:strip=2)", "refs/sg").split("\n")
        return {line.partition("/")[0] for line in lines if line} - set(
            Sprint.objects.values_list("pk", flat=True)
        )
    return set()


def _named(names: Mapping[str, str] | tuple[str, ...]) -> str:
    shown = [*names][:MOST_NAMED]
    return ", ".join(shown) + (f" and {more} more" if (more := len(names) - len(shown)) else "")
