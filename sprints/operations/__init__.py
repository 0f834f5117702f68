"""Every act of an operator, written once; commands, pages and schedules only translate."""

from sprints.operations.sprint_acts import (
    cancel,
    contract_of,
    create,
    pause,
    resume,
    retry,
    run,
    start,
)
from sprints.operations.store_acts import configuration, configure, initialise, settle_files
from sprints.queries import Refused
from sprints.store import StoreError

__all__ = [
    "Refused", "StoreError", "cancel", "configuration", "configure", "contract_of", "create",
    "initialise", "pause", "resume", "retry", "run", "settle_files", "start",
]  # fmt: skip
