"""Every act of an operator, written once; commands, pages and schedules only translate."""

from sprints.operations.backup_acts import backup
from sprints.operations.rebuild_acts import check_rebuild, rebuild
from sprints.operations.record_acts import record_verified, verify, verify_file
from sprints.operations.schedule_acts import (
    add_schedule,
    fire_schedules,
    remove_schedule,
    set_schedule,
    turn_schedule,
)
from sprints.operations.sprint_acts import (
    cancel,
    contract_for,
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
    "Refused",
    "StoreError",
    "add_schedule",
    "backup",
    "cancel",
    "check_rebuild",
    "configuration",
    "configure",
    "contract_for",
    "contract_of",
    "create",
    "fire_schedules",
    "initialise",
    "pause",
    "rebuild",
    "record_verified",
    "remove_schedule",
    "resume",
    "retry",
    "run",
    "set_schedule",
    "settle_files",
    "start",
    "turn_schedule",
    "verify",
    "verify_file",
]  # fmt: skip
