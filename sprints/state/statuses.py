"""The statuses of each kind of row: the only list of them."""

from enum import StrEnum


class SprintStatus(StrEnum):
    """created -> running -> succeeded | failed | blocked | cancelled; a retry runs it again."""

    CREATED = "created"
    RUNNING = "running"
    BLOCKED = "blocked"
    FAILED = "failed"
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"


class RoundStatus(StrEnum):
    """pending -> in_progress -> done | blocked."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    BLOCKED = "blocked"


class TaskStatus(StrEnum):
    """pending -> in_progress -> done | blocked | cancelled."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    BLOCKED = "blocked"
    DONE = "done"
    CANCELLED = "cancelled"


class DeliveryStatus(StrEnum):
    """pending -> running -> delivered, or pending again until the tries are used up; dropped."""

    PENDING = "pending"
    RUNNING = "running"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"
