"""Carry out an operator's acts from a sprint's page: one operation each."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import resolve_url

from sprints import operations, queries
from sprints.contract.contract import CODES, ContractError
from sprints.contract.json_types import JsonObject
from sprints.models import Sprint
from sprints.operations import Refused
from sprints.queries.snapshots import ENDED, UNSHIPPED_BY, is_shipped
from sprints.roles import Role
from sprints.state.stop_reason import StopCode
from sprints.views.middleware import needs
from sprints.views.questions import answer_of, question_in
from sprints.views.request import Request
from sprints.views.responses import answer, only
from sprints.views.sprint_rows import SprintRows

Do = Callable[[str, str, QueryDict], str]


@dataclass(frozen=True, slots=True)
class Act:
    """A button. ``verb`` is also the last part of its path; ``key`` opens its confirmation."""

    verb: str
    label: str
    key: str
    says: str
    main: bool = False


def acts_of(rows: SprintRows) -> list[Act]:
    """Return the acts that the sprint's state allows."""
    if rows.sprint.archived_at:
        says = "Puts the sprint back into state.json and into all lists."
        return [Act("restore", "Restore", "a", says)]
    found = _onward(rows)
    if rows.sprint.status in ENDED:
        says = "Takes the sprint out of state.json and out of all lists; nothing of it is lost."
        found.append(Act("archive", "Archive", "a", says))
    return found


def _onward(rows: SprintRows) -> list[Act]:
    """Return the acts that lead the sprint on, or end it."""
    sprint, where = rows.sprint, (rows.sprint.current_round or "").split("_")[0]
    if sprint.is_foreign and sprint.status != Sprint.Status.SUCCEEDED:
        says = (
            "Starts it at R0, under the gates as they are here: what it came with was not judged."
        )
        again = Act("retry", "Retry from R0", "r", says, main=True)
        ends = Act("cancel", "Cancel", "c", "Ends the sprint. Nothing of it runs here.")
        return [again, ends] if sprint.status in ("running", "blocked") else [again]
    stop = Act("cancel", "Cancel", "c", "Ends the sprint and whatever runs of it. Nothing is lost.")
    hold = Act("pause", "Pause", "p", "Holds the sprint at its next step; what runs goes on.")
    onward = Act("resume", "Resume", "p", "Lets the sprint go on where it was held.", main=True)
    match sprint.status:
        case "created":
            says = "Hands the sprint to the workers, who begin with R0."
            run = Act("run", "Run", "r", says, main=True)
            step = Act("step", "Step R0", "s", "Lets the workers take R0 alone, and holds it then.")
            return [onward if rows.paused else run, step, stop]
        case "running" if sprint.cancel_by:
            return []
        case "running":
            says = f"Lets the workers take {where} to its end, and holds the sprint then."
            step = Act("step", f"Step {where}", "s", says)
            return [onward, step, stop] if rows.paused else [hold, stop]
        case "failed" | "blocked" | "cancelled" if where:
            says = f"Starts a new attempt at {where}, under the gates as they are now."
            # An answer, a budget or an approval needs no new attempt.
            code = sprint.stopped_for and sprint.stopped_for.code
            waits = code in (StopCode.BUDGET, StopCode.APPROVAL_NEEDED) or question_in(rows)
            again = Act("retry", f"Retry from {where}", "r", says, main=not waits)
            if code == StopCode.BUDGET:
                says = "Lets its agents go on in the same round, up to so much in all."
                return [Act("budget", "Give more", "b", says, main=True), again, stop]
            return [again, stop] if sprint.status == "blocked" else [again]
        case "succeeded" if is_shipped(sprint.meta) and UNSHIPPED_BY not in sprint.meta:
            says = "Makes a sprint that reverts the merge, judges that, and publishes it."
            return [Act("unship", "Take back", "u", says)]
    return []


def _run(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.start(sprint_id, by=by)
    return "Handed to the workers."


def _retry(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.start(sprint_id, again=True, by=by)
    return "A new attempt is handed to the workers."


def _step(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.step(sprint_id, by)
    return "One round is handed to the workers."


def _pause(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.pause(sprint_id, by, form.get("why", "").strip())
    return "Paused: it holds at its next step."


def _resume(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.resume(sprint_id, by)
    return "It goes on."


def _cancel(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.ask_to_cancel(sprint_id, by)
    if queries.get(sprint_id).status == "cancelled":
        return "Cancelled."
    return "Asked to stop: it is cancelled as soon as nothing of it runs."


def _unship(sprint_id: str, by: str, form: QueryDict) -> str:
    name = operations.unship(sprint_id, by, form.get("why", "").strip())
    operations.start(name, by=by)
    return f"{name} takes it back; it is handed to the workers."


def _archive(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.archive([sprint_id], by)
    return "Archived: Restore puts it back."


def _restore(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.restore([sprint_id], by)
    return "Restored."


def _answer(sprint_id: str, by: str, form: QueryDict) -> str:
    named = form.get("question") or "none"  # a page always names the displayed question
    operations.answer(sprint_id, answer_of(queries.look(sprint_id), form), by, named)
    return "Answered: the sprint goes on."


def _approve(sprint_id: str, by: str, form: QueryDict) -> str:
    named = form.get("ask") or "none"  # a page always names the displayed request
    operations.approve(sprint_id, by, form.get("why", "").strip(), named)
    return "Approved: the sprint goes on."


def _reject(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.reject(sprint_id, by, form.get("why", "").strip(), form.get("ask") or "none")
    return "Rejected: the sprint has failed."


def _budget(sprint_id: str, by: str, form: QueryDict) -> str:
    amounts = {"launches": int, "minutes": float, "tokens": int, "usd": float}
    try:
        given = {
            key: kind(text) for key, kind in amounts.items() if (text := form.get(key, "").strip())
        }
    except ValueError:
        raise Refused("launches and minutes, tokens and usd are numbers") from None
    return f"Agents have used {operations.set_budget(sprint_id, by, **given)}."


def _edit(sprint_id: str, by: str, form: QueryDict) -> str:
    meta: JsonObject = {}
    if "brief" in form:
        meta["brief"] = str(form["brief"]).replace("\r\n", "\n") or None
    if "agents_shown" in form:
        meta["active_agents"] = form.getlist("active_agents") or None
    if "gate_profile" in form:
        meta["gate_profile"] = form["gate_profile"] or None
    if "acks_shown" in form:
        given = {code: _listed(form.get(f"acks_{code}", "")) for code in CODES}
        meta["required_acks_by_round"] = {c: v for c, v in given.items() if v is not None} or None
    if "merge_shown" in form:
        meta["enable_auto_merge"] = True if "enable_auto_merge" in form else None
    operations.edit(sprint_id, by, title=form.get("title"), meta=meta)
    return "Changed."


def _listed(text: str) -> list[str] | None:
    """Return agents separated by commas or spaces; ``-`` means none, empty text no change."""
    words = text.replace(",", " ").split()
    return None if not words else [] if words == ["-"] else words


ACTS: dict[str, Do] = {
    "run": _run,
    "step": _step,
    "retry": _retry,
    "pause": _pause,
    "resume": _resume,
    "cancel": _cancel,
    "unship": _unship,
    "archive": _archive,
    "restore": _restore,
    "answer": _answer,
    "approve": _approve,
    "reject": _reject,
    "budget": _budget,
    "edit": _edit,
}


@only("POST")
@needs(Role.OPERATOR)
def act(request: Request, sprint_id: str, verb: str) -> HttpResponse:
    """Carry out the act, and show the sprint's page with the result."""
    try:
        queries.get(sprint_id)
    except Refused as exc:
        return answer(request, 404, str(exc))
    try:
        done = ACTS[verb](sprint_id, request.user.get_username(), request.POST)
        messages.success(request, done)
    except (Refused, ContractError, operations.StoreError) as exc:
        messages.error(request, f"Refused: {exc}.")
    return HttpResponseRedirect(resolve_url("sprint", sprint_id))
