"""Refuse settings that would break an invariant, before anything runs."""

from typing import cast

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from gates.definition import MAX_TIMEOUT_S

QUEUE = "queue"  # our own tag: each process of the cluster repeats these checks


@register(QUEUE)
def timeouts_in_order(**kwargs: object) -> list[CheckMessage]:
    """Return an error unless the queue's timeouts are in order.

    The queue's timeout kills a worker without notice, so it must exceed every gate's timeout. The
    queue hands out a message again after ``retry``, so that must exceed the timeout.
    """
    queue = cast(dict[str, float | None], settings.Q_CLUSTER)
    timeout_s, retry_s = queue["timeout"], queue["retry"] or 0
    found: list[CheckMessage] = []
    if timeout_s is not None and timeout_s <= MAX_TIMEOUT_S:
        hint = f"set it above {MAX_TIMEOUT_S} seconds, the longest that a gate may take"
        found.append(Error("Q_CLUSTER: timeout would end a gate", hint=hint, id="sprints.E001"))
    if timeout_s is not None and retry_s <= timeout_s:
        hint = "set retry above timeout"
        found.append(
            Error("Q_CLUSTER: retry runs a task twice at once", hint=hint, id="sprints.E002")
        )
    return found
