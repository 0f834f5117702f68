"""Settings that would break a promise are refused before anything runs."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from gates.definition import MAX_TIMEOUT_S

QUEUE = "queue"  # a tag of ours: what a process of the cluster checks again for itself


@register(QUEUE)
def timeouts_in_order(**kwargs: Any) -> list[CheckMessage]:
    """The queue's timeout kills a worker without a word, so it lies above every gate's own; and
    the queue hands a message out again after ``retry``, so that lies above the timeout.
    """
    queue: dict[str, Any] = settings.Q_CLUSTER
    found: list[CheckMessage] = []
    if queue["timeout"] is not None and queue["timeout"] <= MAX_TIMEOUT_S:
        hint = f"set it above {MAX_TIMEOUT_S} seconds, the longest that a gate may take"
        found.append(Error("Q_CLUSTER: timeout would end a gate", hint=hint, id="sprints.E001"))
    if queue["timeout"] is not None and queue["retry"] <= queue["timeout"]:
        hint = "set retry above timeout"
        found.append(
            Error("Q_CLUSTER: retry runs a task twice at once", hint=hint, id="sprints.E002")
        )
    return found
