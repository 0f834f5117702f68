"""List the statuses of each kind of row, and which status may follow which; the only list."""

from collections.abc import Mapping
from enum import StrEnum

from gates.verdict import RUNNING, Verdict


class SprintStatus(StrEnum):
    """The statuses of a sprint; an answer, an approval or a retry runs it again.

    created -> running | cancelled
    running -> succeeded | failed | blocked | cancelled
    blocked -> running | failed | cancelled
    failed -> running
    cancelled -> running
    """

    CREATED = "created"
    RUNNING = "running"
    BLOCKED = "blocked"
    FAILED = "failed"
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"


class RoundStatus(StrEnum):
    """The statuses of a round; only an imported round that is done or begun starts again.

    pending -> in_progress | blocked
    in_progress -> done | blocked | pending
    blocked -> pending
    done -> pending
    """

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    BLOCKED = "blocked"


class TaskStatus(StrEnum):
    """The statuses of a task; a stopped task and an answered question are asked again.

    pending -> in_progress | blocked | cancelled
    in_progress -> done | blocked | pending | cancelled
    blocked -> pending
    """

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    BLOCKED = "blocked"
    DONE = "done"
    CANCELLED = "cancelled"


class DeliveryStatus(StrEnum):
    """The statuses of a delivery; an ended delivery starts again if a user redelivers it.

    pending -> running | dropped
    running -> delivered | failed | pending | dropped
    delivered -> pending
    failed -> pending
    dropped -> pending
    """

    PENDING = "pending"
    RUNNING = "running"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"


# Row -> status -> the statuses that may follow. A status with none is final.
TRANSITIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "sprint": {
        SprintStatus.CREATED: (SprintStatus.RUNNING, SprintStatus.CANCELLED),
        SprintStatus.RUNNING: (
            SprintStatus.SUCCEEDED,
            SprintStatus.FAILED,
            SprintStatus.BLOCKED,
            SprintStatus.CANCELLED,
        ),
        SprintStatus.BLOCKED: (
            SprintStatus.RUNNING,
            SprintStatus.FAILED,
            SprintStatus.CANCELLED,
        ),
        SprintStatus.FAILED: (SprintStatus.RUNNING,),
        SprintStatus.CANCELLED: (SprintStatus.RUNNING,),
        SprintStatus.SUCCEEDED: (),
    },
    "round": {
        RoundStatus.PENDING: (RoundStatus.IN_PROGRESS, RoundStatus.BLOCKED),
        RoundStatus.IN_PROGRESS: (RoundStatus.DONE, RoundStatus.BLOCKED, RoundStatus.PENDING),
        RoundStatus.BLOCKED: (RoundStatus.PENDING,),
        RoundStatus.DONE: (RoundStatus.PENDING,),
    },
    "task": {
        TaskStatus.PENDING: (TaskStatus.IN_PROGRESS, TaskStatus.BLOCKED, TaskStatus.CANCELLED),
        TaskStatus.IN_PROGRESS: (
            TaskStatus.DONE,
            TaskStatus.BLOCKED,
            TaskStatus.PENDING,
            TaskStatus.CANCELLED,
        ),
        TaskStatus.BLOCKED: (TaskStatus.PENDING,),
        TaskStatus.DONE: (),
        TaskStatus.CANCELLED: (),
    },
    "gate_run": {RUNNING: tuple(Verdict), **dict.fromkeys(Verdict, ())},
    "delivery": {
        DeliveryStatus.PENDING: (DeliveryStatus.RUNNING, DeliveryStatus.DROPPED),
        DeliveryStatus.RUNNING: (
            DeliveryStatus.DELIVERED,
            DeliveryStatus.FAILED,
            DeliveryStatus.PENDING,
            DeliveryStatus.DROPPED,
        ),
        DeliveryStatus.DELIVERED: (DeliveryStatus.PENDING,),
        DeliveryStatus.FAILED: (DeliveryStatus.PENDING,),
        DeliveryStatus.DROPPED: (DeliveryStatus.PENDING,),
    },
}
