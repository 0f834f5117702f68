"""The branch of a sprint as values: where it begins, and what an agent was seen to do on it."""

from dataclasses import asdict, dataclass
from typing import Any, Self

MOST_PATHS = 20
OBSERVED, ABSENT, UNKNOWN, REFUSED = "observed", "absent", "unknown", "refused"


@dataclass(frozen=True, slots=True)
class Base:
    """The commit that a sprint begins from, and the branch whose head it was; empty where none
    was checked out.
    """

    branch: str
    commit: str

    def to_json(self) -> dict[str, Any]:
        """As it is frozen with the contract."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of ``to_json``."""
        return cls(data["branch"], data["commit"])


@dataclass(frozen=True, slots=True)
class Seen:
    """What git shows of one try of an agent, whatever the agent says: ``seen`` is ``observed``
    where the files differ from those of ``baseline``, which was noted before it began, ``absent``
    where they do not, ``unknown`` where git could not tell, and ``reason`` says why; ``refused``
    where they did, and were put back.

    ``head`` is the sprint's branch after it, ``files`` how many differ, ``paths`` the first of
    them; ``notes`` say what was left out of the branch, and where that is.
    """

    seen: str
    baseline: str = ""
    head: str = ""
    files: int = 0
    paths: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """As it stands in the task: what is empty is left out."""
        whole = asdict(self) | {"paths": [*self.paths], "notes": [*self.notes]}
        return {key: value for key, value in whole.items() if value or key in ("seen", "files")}


@dataclass(frozen=True, slots=True)
class Undone:
    """What a sprint takes back: the merge ``commit`` by which ``sprint`` was shipped."""

    sprint: str
    commit: str

    def to_json(self) -> dict[str, Any]:
        """As it is frozen with the contract."""
        return asdict(self)


def branch_of(sprint_id: str) -> str:
    """The name of the sprint's branch."""
    return f"sg/{sprint_id}"
