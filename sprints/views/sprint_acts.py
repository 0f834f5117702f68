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
from sprints.queries.snapshots import ENDED, is_shipped
from sprints.roles import Role
from sprints.state.messages import message
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
        return [_act("restore", "a")]
    found = _onward(rows)
    if rows.sprint.status in ENDED:
        found.append(_act("archive", "a"))
    return found


def _act(verb: str, key: str, says: str = "says", *, main: bool = False, where: str = "R0") -> Act:
    """Return the act with its texts; ``says`` names that of its confirmation."""
    label, text = message(f"act.{verb}", where=where), message(f"act.{verb}.{says}", where=where)
    return Act(verb, label, key, text, main)


def _onward(rows: SprintRows) -> list[Act]:
    """Return the acts that lead the sprint on, or end it."""
    sprint, where = rows.sprint, (rows.sprint.current_round or "").split("_")[0]
    if sprint.is_foreign and sprint.status != Sprint.Status.SUCCEEDED:
        again = _act("retry", "r", "imported", main=True)
        ends = _act("cancel", "c", "imported")
        return [again, ends] if sprint.status in ("running", "blocked") else [again]
    stop, hold, onward = _act("cancel", "c"), _act("pause", "p"), _act("resume", "p", main=True)
    match sprint.status:
        case "created":
            return [onward if rows.paused else _act("run", "r", main=True), _act("step", "s"), stop]
        case "running" if sprint.cancel_by:
            return []
        case "running":
            step = _act("step", "s", where=where)
            ahead = [_act("first", "m")] if _has_others_ahead(rows) else []
            return [onward, step, stop] if rows.paused else [*ahead, hold, stop]
        case "failed" | "blocked" | "cancelled" if where:
            # An answer, a budget or an approval needs no new attempt.
            code = sprint.stopped_for and sprint.stopped_for.code
            waits = code in (StopCode.BUDGET, StopCode.APPROVAL_NEEDED) or question_in(rows)
            again = _act("retry", "r", main=not waits, where=where)
            if code == StopCode.BUDGET:
                return [_act("budget", "b", main=True), again, stop]
            return [again, stop] if sprint.status == "blocked" else [again]
        case "succeeded" if is_shipped(sprint.parsed_meta) and not sprint.parsed_meta.unshipped_by:
            return [_act("unship", "u")]
    return []


def _has_others_ahead(rows: SprintRows) -> bool:
    """Return whether the sprint is queued, and not the next one."""
    waits = rows.waiting
    return rows.shown == "queued" and waits is not None and waits["place"] > 1


def _run(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.start(sprint_id, by=by)
    return message("act.run.done")


def _retry(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.start(sprint_id, again=True, by=by)
    return message("act.retry.done")


def _step(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.step(sprint_id, by)
    return message("act.step.done")


def _pause(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.pause(sprint_id, by, form.get("why", "").strip())
    return message("act.pause.done")


def _resume(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.resume(sprint_id, by)
    return message("act.resume.done")


def _first(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.move_first(sprint_id, by)
    return message("act.first.done")


def _cancel(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.ask_to_cancel(sprint_id, by)
    if queries.get(sprint_id).status == "cancelled":
        return message("act.cancel.done")
    return message("act.cancel.asked")


def _unship(sprint_id: str, by: str, form: QueryDict) -> str:
    name = operations.unship(sprint_id, by, form.get("why", "").strip())
    operations.start(name, by=by)
    return message("act.unship.done", name=name)


def _archive(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.archive([sprint_id], by)
    return message("act.archive.done")


def _restore(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.restore([sprint_id], by)
    return message("act.restore.done")


def _answer(sprint_id: str, by: str, form: QueryDict) -> str:
    named = form.get("question") or "none"  # a page always names the displayed question
    operations.answer(sprint_id, answer_of(queries.look(sprint_id), form), by, named)
    return message("act.answer.done")


def _approve(sprint_id: str, by: str, form: QueryDict) -> str:
    named = form.get("ask") or "none"  # a page always names the displayed request
    operations.approve(sprint_id, by, form.get("why", "").strip(), named)
    return message("act.approve.done")


def _reject(sprint_id: str, by: str, form: QueryDict) -> str:
    operations.reject(sprint_id, by, form.get("why", "").strip(), form.get("ask") or "none")
    return message("act.reject.done")


def _budget(sprint_id: str, by: str, form: QueryDict) -> str:
    amounts = {"launches": int, "minutes": float, "tokens": int, "usd": float}
    try:
        given = {
            key: kind(text) for key, kind in amounts.items() if (text := form.get(key, "").strip())
        }
    except ValueError:
        raise Refused("launches and minutes, tokens and usd are numbers") from None
    amount = operations.set_budget(sprint_id, by, **given)
    return message("act.budget.done", amount=amount)


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
    return message("act.edit.done")


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
    "first": _first,
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
        messages.error(request, message("act.refused", reason=exc))
    return HttpResponseRedirect(resolve_url("sprint", sprint_id))
