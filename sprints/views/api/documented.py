"""Describe each response in the OpenAPI document."""

from sprints.views.api import shapes


def noes(*statuses: int) -> dict[int, type[shapes.Error]]:
    """Return the error responses of an operation, with those that all operations have."""
    return dict.fromkeys(sorted({401, 503, *statuses}), shapes.Error)
