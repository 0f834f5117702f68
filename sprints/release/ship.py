"""What is to be shipped, and what came of that, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Merge:
    """The sprint's ``head`` and the head ``base`` of ``branch``, in one ``commit`` with the files
    of ``tree``. Without a commit there is nothing to ship, or ``reason`` says why it cannot be.
    """

    branch: str = ""
    base: str = ""
    head: str = ""
    commit: str = ""
    tree: str = ""
    reason: str = ""
