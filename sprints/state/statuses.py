"""List the statuses of each kind of row; there is no other list."""

from enum import StrEnum


class SprintStatus(StrEnum):
    """The statuses of a sprint; a retry runs it again.

    created -> running -> succeeded | failed | blocked | cancelled
    """

    CREATED = "created"
    RUNNING = "running"
    BLOCKED = "blocked"
    FAILED = "failed"
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"


class RoundStatus(StrEnum):
    """The statuses of a round: pending -> in_progress -> done | blocked."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    BLOCKED = "blocked"


class TaskStatus(StrEnum):
    """The statuses of a task: pending -> in_progress -> done | blocked | cancelled."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    BLOCKED = "blocked"
    DONE = "done"
    CANCELLED = "cancelled"


class DeliveryStatus(StrEnum):
    """The statuses of a delivery.

    pending -> running -> delivered, or pending again until the attempts are used up, or dropped.
    """

    PENDING = "pending"
    RUNNING = "running"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"
