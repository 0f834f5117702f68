"""Texts of refusals, by what is wrong. Each says where, and what to type next if that helps."""

from collections.abc import Mapping

REFUSAL_TEXTS: Mapping[str, str] = {
    # Acts that the state of a sprint refuses.
    "refused.retry": "sprint {sprint_id} {is_status};"
    " only a failed, blocked or cancelled one that had started can be retried",
    "refused.archive": "sprint {sprint_id} {is_status}; only ended sprints can be archived",
    "refused.archived": "sprint {sprint_id} is archived already",
    "refused.not_archived": "sprint {sprint_id} is not archived",
    "refused.pause": "sprint {sprint_id} {is_status}; there is nothing to pause",
    "refused.paused": "sprint {sprint_id} is paused already, by {paused_by}",
    "refused.not_paused": "sprint {sprint_id} is not paused",
    "refused.not_queued": "sprint {sprint_id} is not queued; it {is_status}",
    "refused.not_queued_yet": "sprint {sprint_id} is not queued; it {is_status};"
    " to queue it: studio-gateway sprint run {sprint_id} --queue",
    "refused.not_queued_paused": "sprint {sprint_id} is not queued; it is paused by {paused_by};"
    " to continue: studio-gateway sprint resume {sprint_id}",
    "refused.step": "sprint {sprint_id} is paused by {paused_by}",
    "refused.frozen": "{keys}: frozen with the contract while the sprint runs",
    "refused.cancel": "sprint {sprint_id} {is_status}; there is nothing to cancel",
    "refused.run": "sprint {sprint_id} {is_status}",
    "refused.run_retry": "sprint {sprint_id} {is_status};"
    " try: studio-gateway sprint retry {sprint_id}",
    "refused.run_answer": "sprint {sprint_id} is {status};"
    " next: studio-gateway sprint answer {sprint_id} --text '…'",
    "refused.run_approve": "sprint {sprint_id} is {status} for an approval, {point};"
    " next: studio-gateway sprint approve {sprint_id}",
    "refused.run_budget": "sprint {sprint_id} is {status}: {reason};"
    " next: studio-gateway sprint budget {sprint_id}",
    "refused.run_imported": "sprint {sprint_id} ran elsewhere when it was imported;"
    " to run it from its first round: studio-gateway sprint retry {sprint_id}",
    "refused.no_agents": "sprint {sprint_id} runs no agent command: there is no budget to set",
    "refused.budget": "sprint {sprint_id} {is_status}; there is nothing to launch",
    "refused.budget_too_low": "sprint {sprint_id} stays blocked: agents have used {amount};"
    " give more --{resource}",
    "refused.no_question": "sprint {sprint_id} {is_status}; no agent asks a question",
    "refused.other_question": "sprint {sprint_id} does not wait for the answer to that question",
    "refused.answered": "{by} answered {agent_id} already, at {ts}",
    "refused.no_approval": "sprint {sprint_id} {is_status}; it waits for no approval",
    "refused.no_approval_now": "sprint {sprint_id} {is_status}; it waits for no approval;"
    " {by} {verdict} the last one, {name}, at {ts}",
    "refused.other_approval": "sprint {sprint_id} does not wait for that approval",
    "refused.decided": "{by} {verdict} this approval already, at {ts}",
    "refused.expired": "this approval expired at {ts}",
    "refused.expired_now": "the approval expired at {ts};"
    " next: studio-gateway sprint retry {sprint_id}",
    "refused.nothing_shipped": "sprint {sprint_id} has shipped nothing that could be reverted",
    # Sprints that are made, run, stopped or reverted.
    "refused.no_sprint": "no sprint {sprint_id}; see: studio-gateway sprint list",
    "refused.sprint_taken": "sprint {sprint_id} already exists; it {is_status}",
    "refused.sprint_just_made": "sprint {sprint_id} has just been made on another host; try again",
    "refused.title": "a title is one line of at most 200 characters",
    "refused.brief": "a brief is a text; this one holds a NUL",
    "refused.profile": "no profile {name}; there are: {names}",
    "refused.deadline": "no deadline {name}; there are: {names}",
    "refused.restore_first": "sprint {sprint_id} is archived;"
    " first: studio-gateway archive --restore {sprint_id}",
    "refused.changing": "sprint {sprint_id} keeps changing; try again",
    "refused.still_stopping": "sprint {sprint_id} has been asked to stop and is still stopping",
    "refused.stuck": "the rows of sprint {sprint_id} do not fit together: {error};"
    " see: studio-gateway doctor",
    "refused.reason": "a reason is one line of at most {longest} characters",
    "refused.no_reason": "a rejection says why: give the reason for the next attempt",
    "refused.answer": "an answer is a text of 1 to {longest} characters",
    "refused.unship": "sprint {sprint_id} cannot be reverted: {error}",
    "refused.unshipping": "sprint {sprint_id} is reverted by {other}, which {is_status};"
    " type: studio-gateway sprint {act} {other}",
    "refused.unshipped_too_often": "sprint {sprint_id} was to be reverted {times} times already",
    # Settings, schedules, gates, agents and hooks.
    "refused.no_setting": "no setting {name}; there are: {names}",
    "refused.no_schedule": "no schedule {name}; see: studio-gateway schedule list",
    "refused.schedule_taken": "schedule {schedule_id} already exists;"
    " change it: schedule set {schedule_id}",
    "refused.schedule_id": "a schedule id has at most {longest} characters",
    "refused.no_gate": "no gate {name}; see: studio-gateway gate list",
    "refused.gate_title": "a gate's title is one line of 1 to 200 characters",
    "refused.gate_alike": "gate {gate_id} differs from gate {other} only in upper and lower case",
    "refused.gate_kind": "no gate kind {name}; there are: {names}",
    "refused.no_round": "{name} is not a round; there are: {names}",
    "refused.floor_merge": "an admin has turned merging off for all sprints;"
    " to turn it on: studio-gateway config set enable_auto_merge true",
    "refused.floor_remote": "an admin has set the remote of all sprints to {remote};"
    " to change it: studio-gateway config set ship_remote NAME",
    "refused.floor_profile": "an admin has set the gate profile of all sprints to {least};"
    " to run less: studio-gateway config set gate_profile quick",
    "refused.secret_in_clear": "{field} holds a secret in clear, and events would keep it;"
    " let the program read it from a variable or a file",
    "refused.secret_in_env": "env.{name} holds a secret in clear, and events would keep it;"
    " name the variable that has the value: {name}='${{{name}}}'",
    "refused.no_profile": "a gate belongs to at least one profile",
    "refused.no_agent": "no agent {name}; see: studio-gateway agent list",
    "refused.no_hook": "no hook {name}; see: studio-gateway hook list",
    "refused.hook_kind": "no hook kind {name}; there are: {names}",
    "refused.hook_disabled": "hook {hook_id} is disabled; enable it first: studio-gateway hook set",
    "refused.too_many_hooks": "there are {most} hooks already; remove one first",
    "refused.no_points": "a hook subscribes to at least one of: {names}",
    "refused.point_twice": "a hook names a point twice",
    "refused.no_point": "no event or point {name}; there are: {names}",
    "refused.no_delivery": "no delivery {name}; see: studio-gateway hook deliveries",
    "refused.delivery_awaited": "sprint {sprint_id} waits for this delivery;"
    " type: studio-gateway sprint retry",
    "refused.delivery_open": "delivery {delivery} is {status};"
    " only one that has ended is redelivered",
    # Rows that have changed since they were read.
    "refused.no_row": "no {row} {id}",
    "refused.row_status": "{row} {id} cannot become {wanted} from {status}",
    "refused.row_held": "sprint {id} is run by another process now",
    "refused.row_changed": "{row} {id} has changed in the meantime",
}

STORE_REFUSAL_TEXTS: Mapping[str, str] = {
    # Backups, exports and upgrades.
    "refused.path_taken": "{path} is there already; name another",
    "refused.path_inside": "{path} lies in the store itself; name a place outside",
    "refused.archive_name": "{path} is to be a .tar.gz; name it so: {option} {path}.tar.gz",
    "refused.see_doctor": "{error}; see: studio-gateway doctor",
    "refused.postgresql": "PostgreSQL backs up its own databases; type: {command}",
    "refused.work_copy": "the work of agents cannot be copied: {error}; see: studio-gateway doctor",
    "refused.served": "a web of this store is being served; stop serve, then try again",
    "refused.workers": "the workers of host {host} are at work; stop them, then try again",
    "refused.sprint_runs": "sprint {sprint_id} is run by {who}; let it end, then try again",
    # Imports.
    "refused.own_store": "{path} is the store of this gateway; name another",
    "refused.no_path": "there is no {path}; name the folder of a store, or an archive of one",
    "refused.no_archive": "{path} is neither a folder nor a .tar.gz; name the folder of a store",
    "refused.damaged_archive": "{path} is damaged: {error}; name a whole archive",
    "refused.path": "{why}",
    "refused.no_store": "{path} holds no {state} and no {events}; name the folder of a store",
    "refused.no_store_in_archive": "{path} holds no {state} and no {events};"
    " name an archive of a store",
    "refused.import_used": "this gateway has sprints already; import into a new, empty repository",
    "refused.import_evidence": "there is evidence in {folder} already; move it away first",
    "refused.import_unfit": "{path}: {error}; repair it there, then import again",
    "refused.import_events": "this gateway has {number} events of its own, where those of {path}"
    " have to be the first; import into a new, empty repository",
    "refused.import_room": "the disk has no room for {path} and all before it;"
    " make room on it, then import again",
    "refused.import_files": "more than {number} files of evidence cannot be imported",
    "refused.import_large": "{path} is larger than {most}, the most that is read of it",
    "refused.import_impossible": "{path} has an event that is impossible: {error};"
    " nothing was imported",
    "refused.import_no_state": "{path} holds no {state}, and no events that explain one",
    # A record that is older than its repository.
    "notice.older_record": "this record lacks releases of its own ({names}): the store was"
    " restored from an older backup; to continue it, type: studio-gateway adopt",
    "notice.older_record.unsure": "this record lacks releases of this repository ({names}): the"
    " store was restored from an older backup, or another gateway shipped them; to continue the"
    " record, type: studio-gateway adopt",
    "notice.older_record.work": "this record lacks sprints whose work this store has ({names}): the"
    " database was restored from an older backup; to continue it, type: studio-gateway adopt",
    "notice.older_record.file": "{file} has events that the database lacks: the database was"
    " restored from an older backup; to continue it, type: studio-gateway adopt",
    # Rebuilds and proofs.
    "refused.rebuild_chain": "{path}: {error}; see: studio-gateway verify {path}",
    "refused.rebuild_impossible": "{path} has an event that is impossible: {error}",
    "refused.rebuild_used": "the database is not empty; move it away: {remedy}",
    "refused.rebuild_filled": "the database is not empty; name an empty one in DATABASE_URL",
    "refused.rebuild_nothing": "there is no event to rebuild from",
    "refused.breaks_invariant": "under these gates, hooks and agents an invariant can be broken:"
    " {invariant}. {text}; path: … {path}",
}
