"""Define every act of an operator once; commands, pages and schedules only translate."""

from sprints.operations import agents, gates, hooks
from sprints.operations.adopt import adopt, newer, older_than_file
from sprints.operations.approvals import approve, reject
from sprints.operations.archive import archive, restore
from sprints.operations.backup import backup
from sprints.operations.base_commit import contract_to_explore
from sprints.operations.cleanup import tidy
from sprints.operations.contract_builder import contract_for
from sprints.operations.export import export
from sprints.operations.import_store import import_store
from sprints.operations.lifecycle import create, edit, retry, run, start, step
from sprints.operations.plan import plan, worst_of
from sprints.operations.prove import prove_all
from sprints.operations.rebuild import check_rebuild, rebuild
from sprints.operations.replay import replay_all
from sprints.operations.schedules import (
    add_schedule,
    fire_schedules,
    remove_schedule,
    set_schedule,
    turn_schedule,
)
from sprints.operations.steering import (
    answer,
    ask_to_cancel,
    cancel,
    move_first,
    pause,
    resume,
    set_budget,
)
from sprints.operations.store import (
    configuration,
    configure,
    configure_all,
    initialise,
    settle_files,
)
from sprints.operations.unship import unship
from sprints.operations.upgrade import upgrade, way_back
from sprints.operations.verify import is_one_chain, record_verified, verify, verify_file
from sprints.operations.verify_tag import verify_tag
from sprints.runner.runner import LeaseLost, StopRequest
from sprints.state.refusals import NotNow, Refused, Unknown
from sprints.store.layout import StoreError

__all__ = [
    "LeaseLost",
    "NotNow",
    "Refused",
    "StopRequest",
    "StoreError",
    "Unknown",
    "add_schedule",
    "adopt",
    "agents",
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
    "contract_to_explore",
    "create",
    "edit",
    "export",
    "fire_schedules",
    "gates",
    "hooks",
    "import_store",
    "initialise",
    "is_one_chain",
    "move_first",
    "newer",
    "older_than_file",
    "pause",
    "plan",
    "prove_all",
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
