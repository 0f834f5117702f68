"""What is to be shipped, and what came of that, as values."""

from dataclasses import dataclass


class Moved(Exception):
    """The branch is no longer where the merge began; nothing was done."""


class Refused(Exception):
    """It cannot be published as things are, and nothing was done; the message says why."""


class Unfinished(Exception):
    """It is published, and what goes with that could not be done; the message says what and why."""


@dataclass(frozen=True, slots=True)
class Merge:
    """The sprint's ``head`` and the head ``base`` of ``branch``, in one ``commit`` with the files
    of ``tree``. Without a commit there is nothing to ship, or ``reason`` says why it cannot be.
    ``url`` is where it is to be pushed, without a secret; empty where it is not.
    """

    branch: str = ""
    base: str = ""
    head: str = ""
    commit: str = ""
    tree: str = ""
    reason: str = ""
    url: str = ""
