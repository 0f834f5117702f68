"""What each answer looks like in the OpenAPI document."""

from typing import Any

from sprints.views.api import shapes


def noes(*statuses: int) -> dict[int, Any]:
    """The refusals that an operation knows, beside those that all do."""
    return dict.fromkeys(sorted({401, 503, *statuses}), shapes.Error)
