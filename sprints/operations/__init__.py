"""Every act of an operator, written once; commands, pages and schedules only translate."""

from sprints.operations.approval_acts import approve, reject
from sprints.operations.archive_acts import archive, restore
from sprints.operations.backup_acts import backup
from sprints.operations.export_acts import export
from sprints.operations.ground import contract_to_walk
from sprints.operations.import_acts import import_store
from sprints.operations.plan_acts import plan, worst_of
from sprints.operations.proof_acts import prove_all, proved
from sprints.operations.rebuild_acts import check_rebuild, rebuild
from sprints.operations.record_acts import (
    is_one_chain,
    record_verified,
    verify,
    verify_file,
)
from sprints.operations.replay_acts import replay_all
from sprints.operations.schedule_acts import (
    add_schedule,
    fire_schedules,
    remove_schedule,
    set_schedule,
    turn_schedule,
)
from sprints.operations.ship_acts import verify_tag
from sprints.operations.sprint_acts import (
    create,
    edit,
    retry,
    run,
    start,
    step,
)
from sprints.operations.steering_acts import (
    answer,
    ask_to_cancel,
    cancel,
    pause,
    resume,
    set_budget,
)
from sprints.operations.store_acts import (
    configuration,
    configure,
    configure_all,
    initialise,
    settle_files,
)
from sprints.operations.terms import contract_for
from sprints.operations.tidy_acts import tidy
from sprints.operations.unship_acts import unship
from sprints.operations.upgrade_acts import upgrade, way_back
from sprints.queries import NotNow, Refused, Unknown
from sprints.store import StoreError

__all__ = [
    "NotNow",
    "Refused",
    "StoreError",
    "Unknown",
    "add_schedule",
    "answer",
    "approve",
    "archive",
    "ask_to_cancel",
    "backup",
    "cancel",
    "check_rebuild",
    "configuration",
    "configure",
    "configure_all",
    "contract_for",
    "contract_to_walk",
    "create",
    "edit",
    "export",
    "fire_schedules",
    "import_store",
    "initialise",
    "is_one_chain",
    "pause",
    "plan",
    "prove_all",
    "proved",
    "rebuild",
    "record_verified",
    "reject",
    "remove_schedule",
    "replay_all",
    "restore",
    "resume",
    "retry",
    "run",
    "set_budget",
    "set_schedule",
    "settle_files",
    "start",
    "step",
    "tidy",
    "turn_schedule",
    "unship",
    "upgrade",
    "verify",
    "verify_file",
    "verify_tag",
    "way_back",
    "worst_of",
]  # fmt: skip
