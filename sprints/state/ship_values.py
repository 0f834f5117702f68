"""Define the merge to be shipped, and the failures of shipping, as values."""

from dataclasses import dataclass
from enum import StrEnum

from gates import wording


class ShipCause(StrEnum):
    """Why shipping is impossible, where a program may want to know; empty for all other reasons.

    ``base_rewound``: the base has dropped a commit that the ship would bring back.
    """

    NONE = ""
    BASE_REWOUND = "base_rewound"


class Moved(Exception):
    """The branch has moved since the merge was made; nothing was changed."""


class Refused(Exception):
    """Publishing is not possible now, and nothing was changed; the message says why."""

    def __init__(self, text: str) -> None:
        super().__init__(wording.spoken(text))


class Unfinished(Exception):
    """The merge is published, but a follow-up failed; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Merge:
    """The merge of the sprint's ``head`` into ``branch``, whose head is ``base``.

    ``commit`` is the merge commit, with the files of ``tree``. Without a commit there is nothing to
    ship, or ``reason`` says why shipping is impossible. ``url`` is the push target without secrets;
    empty for no push. ``rebased`` is the commit from which the work began, if the base has dropped
    it and ``head`` has the work without it.
    """

    branch: str = ""
    base: str = ""
    head: str = ""
    commit: str = ""
    tree: str = ""
    reason: str = ""
    url: str = ""
    rebased: str = ""
    cause: ShipCause = ShipCause.NONE
