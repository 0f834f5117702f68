"""Texts of refusals, by what is wrong. Each says where, and what to type next if that helps."""

from collections.abc import Mapping

REFUSAL_TEXTS: Mapping[str, str] = {
    # Acts that the state of a sprint refuses.
    "refused.retry": "sprint {sprint_id} is {status};"
    " only a failed, blocked or cancelled one that had started can be retried",
    "refused.archive": "sprint {sprint_id} is {status}; only one that has ended is archived",
    "refused.archived": "sprint {sprint_id} is archived already",
    "refused.not_archived": "sprint {sprint_id} is not archived",
    "refused.pause": "sprint {sprint_id} is {status}; there is nothing to pause",
    "refused.paused": "sprint {sprint_id} is paused already, by {paused_by}",
    "refused.not_paused": "sprint {sprint_id} is not paused",
    "refused.step": "sprint {sprint_id} is paused by {paused_by}",
    "refused.frozen": "{keys}: frozen with the contract while the sprint runs",
    "refused.cancel": "sprint {sprint_id} is {status}; there is nothing to cancel",
    "refused.run": "sprint {sprint_id} is {status}",
    "refused.run_imported": "sprint {sprint_id} ran elsewhere when it was imported;"
    " to run it from its first round: studio-gateway sprint retry {sprint_id}",
    "refused.no_agents": "sprint {sprint_id} runs no agent command: there is no budget to set",
    "refused.budget": "sprint {sprint_id} is {status}; there is nothing to launch",
    "refused.budget_too_low": "sprint {sprint_id} stays blocked: agents have used {amount};"
    " give more --{resource}",
    "refused.no_question": "sprint {sprint_id} is {status}; no agent asks a question",
    "refused.other_question": "sprint {sprint_id} does not wait for the answer to that question",
    "refused.answered": "{by} answered {agent_id} already, at {ts}",
    "refused.no_approval": "sprint {sprint_id} is {status}; it waits for no approval",
    "refused.other_approval": "sprint {sprint_id} does not wait for that approval",
    "refused.decided": "{by} {verdict} this approval already, at {ts}",
    "refused.expired": "this approval expired at {ts}",
    "refused.expired_now": "the approval expired at {ts};"
    " next: studio-gateway sprint retry {sprint_id}",
    "refused.nothing_shipped": "sprint {sprint_id} has shipped nothing that could be reverted",
    # Rows that have changed since they were read.
    "refused.no_row": "no {row} {id}",
    "refused.row_status": "{row} {id} cannot become {wanted} from {status}",
    "refused.row_held": "sprint {id} is run by another process now",
    "refused.row_changed": "{row} {id} has changed in the meantime",
}
