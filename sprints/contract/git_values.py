"""Define values of git: base commit, branch, remote name, and the observed result of an agent."""

import re
from dataclasses import asdict, dataclass
from typing import Self

from sprints.contract.json_types import JsonObject

MOST_PATHS = 20
OBSERVED, ABSENT, UNKNOWN, REFUSED = "observed", "absent", "unknown", "refused"
FILTERED = "filtered"  # why the work was not committed: a file needs a filter


@dataclass(frozen=True, slots=True)
class Base:
    """The commit from which a sprint begins, and its branch; empty if no branch was checked out."""

    branch: str
    commit: str

    def to_json(self) -> JsonObject:
        """Return the base as JSON data for the contract."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: JsonObject) -> Self:
        """Return the base that ``to_json`` has written."""
        return cls(data["branch"], data["commit"])


@dataclass(frozen=True, slots=True)
class Seen:
    """The change that git observes after one attempt of an agent, whatever the agent reports.

    ``seen`` is ``observed`` if the files differ from the commit ``baseline``, ``absent`` if not. It
    is ``unknown`` if git failed (see ``reason``), and ``refused`` if they differed and were
    restored.

    ``head`` is the sprint's branch after the attempt, ``files`` how many files differ, ``paths``
    the first of them. ``notes`` say what was left out of the branch, and where it is kept.
    ``cause`` is ``filtered`` if nothing was committed because a changed file needs a filter.
    """

    seen: str
    baseline: str = ""
    head: str = ""
    files: int = 0
    paths: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""
    cause: str = ""

    def to_json(self) -> JsonObject:
        """Return JSON data for the task, without empty fields."""
        whole = asdict(self) | {"paths": [*self.paths], "notes": [*self.notes]}
        return {key: value for key, value in whole.items() if value or key in ("seen", "files")}


@dataclass(frozen=True, slots=True)
class Undone:
    """The merge ``commit`` that a sprint reverts, and the ``sprint`` that shipped it."""

    sprint: str
    commit: str

    def to_json(self) -> JsonObject:
        """Return the value as JSON data for the contract."""
        return asdict(self)


def branch_of(sprint_id: str) -> str:
    """Return the name of the sprint's branch."""
    return f"sg/{sprint_id}"


REMOTE_RULE = "the name of a remote, such as origin, or empty for none"


def is_remote(value: object) -> bool:
    """Return whether ``value`` is a valid name of a remote, or empty for none."""
    return isinstance(value, str) and bool(
        re.fullmatch(r"([A-Za-z0-9][\w./-]{0,99})?", value, re.A)
    )
