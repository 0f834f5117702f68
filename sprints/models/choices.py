"""Make the choices of a model field from an enum of the state package."""

from enum import StrEnum


def choices_of(statuses: type[StrEnum]) -> list[tuple[str, str]]:
    """Return (value, label) pairs; the label of IN_PROGRESS is "In Progress"."""
    return [(one.value, one.name.replace("_", " ").title()) for one in statuses]
