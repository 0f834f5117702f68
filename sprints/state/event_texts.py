"""Texts of events, by kind or code; FORMATS and earlier releases fix some of them.

A key is ``event.`` and the kind of the event, or its ``data.code`` where one kind has several.
``event.stopped.`` and a stop code is of the error that ends or blocks a sprint.
"""

from collections.abc import Mapping

SPRINT_TEXTS: Mapping[str, str] = {
    "because": ": {why}",
    # The life of a sprint.
    "event.sprint_created": "sprint created: {sprint_id}",
    "event.sprint_started": "sprint started",
    "event.sprint_retried": "sprint retried from {round_id}, attempt {attempt}",
    "event.sprint_paused": "sprint paused by {by}{because}",
    "event.sprint_resumed": "sprint resumed by {by}",
    "event.moved_first": "moved to the head of the queue by {by}",
    "event.step_requested": "one round requested by {by}: {round_id}",
    "event.step_cleared": "sprint runs to its end",
    "event.held_after_step": "sprint paused after {round_id}, as {by} requested",
    "event.cancel_requested": "cancel requested by {by}",
    "event.sprint_cancelled": "sprint cancelled by {by}",
    "event.sprint_succeeded": "sprint succeeded",
    "event.sprint_changed": "sprint changed by {by}: {keys}",
    "event.sprint_archived": "sprint archived by {by}",
    "event.sprint_restored": "sprint restored by {by}",
    "event.evidence_moved": "evidence folder moved to {folder}",
    "event.unship_requested": "{by} requested that sprint {name} reverts this sprint{because}",
    "event.wait_overdue": "overdue: the sprint has waited for {what} since {since_ts}",
    "event.round_started": "round started: {round_id}",
    "event.round_done": "round done: {round_id}",
    "event.round_overdue": "round {round_id} is over its minutes: {minutes}",
    # What ends or blocks a sprint.
    "event.stopped.gate_failed": "required gate failed; stopping sprint",
    "event.stopped.gate_flaky": "gate {gate_id} failed and then passed on the same tree;"
    " the sprint is blocked",
    "event.stopped.no_workspace": "{agent_id} could not be asked; stopping sprint",
    "event.stopped.agent_failed": "agent {agent_id} did not answer; stopping sprint",
    "event.stopped.agent_asks": "agent {agent_id} asks a question that only a human can answer;"
    " the sprint is blocked",
    "event.stopped.hook_failed": "hook {hook_id} failed at {point}; the sprint is blocked",
    "event.stopped.ship_refused": "the passed work cannot be shipped: {detail};"
    " the sprint is blocked",
    "event.stopped.paths_unknown": "protected paths could not be compared;"
    " the sprint is blocked: {detail}",
    "event.stopped.budget": "the agent budget is used up: {amount}; the sprint is blocked",
    "event.stopped.deadline": "round {round_id} exceeded its {minutes} minutes; stopping sprint",
    "event.stopped.engine_error": "the engine cannot run the sprint: {detail}",
    # Gates and hooks.
    "event.gate_started": "gate started: {gate_id}",
    "event.gate_finished": "gate finished: {gate_id} exit_code={exit_code}",
    "event.gate_repeated": "gate {gate_id} is run again",
    "event.advisory_gate_failed": "advisory gate {gate_id} failed: {reason}",
    "event.hook_started": "hook started: {hook_id} at {point}",
    "event.hook_finished": "hook finished: {hook_id} at {point}: {reason}",
    "event.hook_finished.retried": "hook finished: {hook_id} at {point}: {reason};"
    " another attempt follows",
    "payload.blocking_hook": "the sprint waits for hook {hook_id} at {point}",
    "payload.test": "a test of this hook",
    # Agents.
    "event.task_started": "asked {agent_id}: {task_id}",
    "event.task_started.again": "asked {agent_id} again: {task_id}, attempt {number}",
    "event.task_done": "{agent_id} answered: {status}{denied}",
    "event.task_done.unchanged": "{agent_id} answered: {status}{denied};"
    " git shows no change for the second time",
    "denied": " (denied tools: {tools})",
    "noted": "; noted: {notes}",
    "event.task_asks": "{agent_id} asks: {questions}",
    "event.task_returned.plan": "the tasks of {agent_id} are sent back: {errors}",
    "event.task_returned.unchanged": "{agent_id} answered: {status}{denied};"
    " git shows no change, so the agent is asked again",
    "event.task_returned.no_form": "{agent_id} did not answer in the form: {reason};"
    " the agent is asked again",
    "event.task_stopped": "{agent_id} was stopped: {reason}",
    "event.task_stopped.again": "{agent_id} was stopped: {reason}; the agent is asked again",
    "event.task_failed": "{agent_id} did not answer: {reason}",
    "event.task_failed.no_workspace": "{agent_id} was not asked: {reason}",
    "event.task_answered": "{by} answered {agent_id}",
    "event.budget_changed": "{by} set the agent budget to {budget}",
    "budget": "{launches} launches and {minutes} minutes",
    "budget.tokens": ", {tokens} tokens",
    "budget.usd": ", {usd} USD",
    # Approvals.
    "event.approval_asked": "an approval {approval} is needed; the sprint is blocked",
    "event.approved": "{by} gave the approval {approval}{because}",
    "event.rejected": "{by} rejected the approval {approval}{because}",
    "event.approval_expired": "the approval {approval} expired at {until_ts} without a decision",
    "event.paths_compared": "protected files changed: {paths}",
    "event.paths_compared.same": "no protected file changed",
    "event.paths_compared.unknown": "protected paths could not be compared: {reason}",
    # Shipping.
    "event.ship_started": "merging the work of {sprint_id}",
    "event.ship_started.again": "merging the work of {sprint_id}, attempt {number}",
    "event.ship_skipped": "nothing to ship: {branch} contains all changes",
    "event.ship_merged": "merged with {branch} as {commit}; the gates run next",
    "event.ship_merged.rebased": "{branch} no longer has {start}, from which the sprint began:"
    " the work was rebased and merged as {commit}; the gates run next",
    "event.ship_publishing": "publishing {commit} on {where}",
    "event.ship_moved": "{where} has moved; merging again",
    "event.ship_refused": "not shipped: {reason}",
    "event.shipped": "shipped {commit} on {where}, tag {tag}",
    "event.shipped.unfinished": "shipped {commit} on {where}, tag {tag}; unfinished: {unfinished}",
    "branch_of_remote": "{branch} of {remote}",
}

STORE_TEXTS: Mapping[str, str] = {
    # The store and its files.
    "event.store_initialized": "studio_gateway initialized",
    "event.config_changed": "{key} set to {value} by {by}",
    "event.upgraded": "store upgraded by {count} migrations",
    "event.imported": "{sprints} sprints and {events} events imported from {path}",
    "event.sprint_imported": "sprint imported: {sprint_id}",
    "event.sprint_moved": "files of sprint {sprint_id} moved to {folder}",
    "event.state_imported": "other keys of state.json imported",
    "event.journal_repaired": "{file} had lost the events {first} to {last}, which are restored",
    "event.record_adopted": "{by} adopted the restored record: it continues after event {seq}"
    " as incarnation {incarnation}",
    "event.mirror_repaired": "incomplete last line of {file} moved to another file",
    "event.journal_failed": "journal files cannot be written: {reason}",
    "event.journal_written": "journal files are written again",
    "event.verified": "{events} events verified",
    "event.verify_failed": "verification found a difference: {difference}",
    "event.verify_unfinished": "verification did not finish: exit code {exit_code}",
    # Definitions.
    "event.gate_added": "gate added: {gate_id}",
    "event.gate_changed": "gate changed: {gate_id}",
    "event.gate_removed": "gate removed: {gate_id}",
    "event.agent_changed": "agent changed: {agent_id}",
    "event.hook_added": "hook added: {hook_id}",
    "event.hook_changed": "hook changed: {hook_id}",
    "event.hook_disabled": "hook disabled ({why}): {hook_id}",
    "event.hook_removed": "hook removed: {hook_id}",
    "event.hook_undelivered": "delivery to hook {hook_id} failed at {point}: {reason}",
    "event.hook_not_repeated": "hook {hook_id} gets no events that a hook has caused",
    # Schedules.
    "event.schedule_added": "schedule added: {schedule_id}",
    "event.schedule_changed": "schedule changed: {schedule_id}",
    "event.schedule_enabled": "schedule turned on: {schedule_id}",
    "event.schedule_disabled": "schedule turned off: {schedule_id}",
    "event.schedule_corrected": "schedule {schedule_id} is due at {after}, not at {before}:"
    " the clock of this machine was ahead",
    "event.schedule_removed": "schedule removed: {schedule_id}",
    "event.schedule_fired": "schedule {schedule_id} is due: {sprint_id}",
    "event.schedule_fired.late": "schedule {schedule_id} is due: {sprint_id},"
    " {minutes} minutes late",
    "event.schedule_skipped": "schedule {schedule_id} skipped: sprint {running} is still running",
    "event.schedule_failed": "schedule {schedule_id} could not start a sprint: {reason}",
    "event.schedule_given_up": "schedule {schedule_id} is turned off: {reason}",
    # Users and tokens.
    "event.token_created": "token {token} of {user} created by {by}",
    "event.token_revoked": "token {token} of {user} revoked by {by}",
    "event.token_rotated": "token {token} of {user} rotated by {by}: now {key}",
    "event.token_rotated.own": "token of config.json rotated by {by}: now {key}",
    "event.sign_in_attack": "{failures} failed sign-ins from {address} within {minutes} minutes",
    "event.user_added": "user {user} added by {by}: {role}",
    "event.user_role": "user {user} is {role} now (by {by})",
    "event.user_password": "user {user} has a new password (by {by})",
    "event.user_enabled": "user {user} is enabled (by {by})",
    "event.user_disabled": "user {user} is disabled (by {by})",
}
