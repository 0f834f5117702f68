"""Start the acts that move a sprint: create, edit, run, start, step, retry."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from gates import fault_points, process
from gates.problem import BadSettings, Problem, ProblemCode
from sprints.contract.approval_policy import bad_points
from sprints.contract.contract import DEADLINES, PROFILES, Contract
from sprints.contract.json_types import JsonMapping, JsonObject
from sprints.contract.meta import FROZEN, BadMeta, merged
from sprints.core import commands, pause
from sprints.core.wait_reason import with_wait_reason
from sprints.definitions.secrets_in_clear import in_clear
from sprints.ids import BadId, check_id
from sprints.models import Sprint
from sprints.models.lease import LeaseUnavailable, release, take
from sprints.models.loading import load
from sprints.models.transitions import record
from sprints.operations import floors
from sprints.operations.base_commit import Ground, ground, grounded
from sprints.operations.contract_builder import contract_for
from sprints.operations.store import refuse_path
from sprints.queries.sprints import get
from sprints.queue import enqueue
from sprints.runner.runner import StopRequest, Stuck, run_sprint
from sprints.state.messages import Message, message
from sprints.state.refusals import NotNow, RefusalCode, Refused
from sprints.state.snapshot import Snapshot, evolve
from sprints.state.stop_reason import StopCode
from sprints.state.transitions import ExpectedVersion, MoveRefused, Transition

TRIES = 20


def create(
    sprint_id: str,
    *,
    title: str = "",
    by: str,
    brief: str = "",
    profile: str = "",
    deadline: str = "",
    gates_at_once: int | None = None,
    meta: JsonMapping | None = None,
    approvals: list[str] | None = None,
) -> Sprint:
    """Create a sprint that can be started. Raises ``Refused``.

    The default ``title`` is the id. The arguments after ``by`` go into the sprint's meta if they
    are given, and override ``meta``.
    """
    try:
        check_id(sprint_id)
    except BadId as exc:
        raise Refused(problems=exc.problems) from exc
    check_wish(title, brief, profile, deadline)
    refuse_path()
    if approvals and (problems := bad_points(approvals)):
        raise Refused(problems=problems)
    title = title.strip() or sprint_id
    given: JsonObject = {
        "brief": brief,
        "gate_profile": profile,
        "round_deadline": deadline,
        "gates_at_once": gates_at_once,
        "approvals": approvals,
    }
    given = {key: value for key, value in given.items() if value}
    try:
        whole = merged({"created_by": by}, {**(meta or {}), **given})
    except BadMeta as exc:
        raise Refused(problems=exc.problems) from exc
    _refuse_settings(whole)
    at = timezone.now()
    move = commands.create(sprint_id, title, str(settings.STORE.evidence_of(sprint_id)), whole, at)
    try:
        record(sprint_id, [move], None, at)
    except IntegrityError:
        there = Sprint.objects.filter(sprint_id__iexact=sprint_id).first()
        if there is None:
            raise
        status = "archived" if there.archived_at else there.status
        text = message("refused.sprint_taken", sprint_id=there.sprint_id, status=status)
        taken = Problem("sprint_id", ProblemCode.TAKEN, text)
        raise NotNow(code=RefusalCode.ALREADY_EXISTS, problems=[taken]) from None
    return Sprint.objects.get(pk=sprint_id)


def _refuse_settings(meta: JsonMapping) -> None:
    """Raise ``Refused`` if a setting lifts one of an admin, or if a frozen one holds a secret."""
    exact = {key: meta[key] for key in sorted(FROZEN & meta.keys())}
    if found := floors.problems(meta) + in_clear(exact):
        raise Refused(problems=found)


def check_wish(title: str, brief: str, profile: str, deadline: str) -> None:
    """Check the settings of a new sprint. Raises ``Refused`` with every problem."""
    found = []
    if len(title.strip()) > 200 or not title.strip().isprintable():
        text = message("refused.title")
        found.append(Problem("title", ProblemCode.WRONG_FORMAT, text))
    if profile and profile not in PROFILES:
        text = message("refused.profile", name=repr(profile), names=", ".join(PROFILES))
        found.append(Problem("profile", ProblemCode.UNKNOWN_CHOICE, text))
    if deadline and deadline not in DEADLINES:
        text = message("refused.deadline", name=repr(deadline), names=", ".join(DEADLINES))
        found.append(Problem("deadline", ProblemCode.UNKNOWN_CHOICE, text))
    if "\0" in brief:
        text = message("refused.brief")
        found.append(Problem("brief", ProblemCode.WRONG_FORMAT, text))
    if found:
        raise Refused(problems=found)


def _contract_of(snapshot: Snapshot, found: Callable[[], Ground]) -> Contract:
    """Return the contract for a sprint that starts now, with the base ``found``.

    Raises ``ContractError``.
    """
    meta = snapshot.sprint.meta.stored
    floors.check(meta)
    return grounded(contract_for(meta), snapshot.contract, found)


def run(sprint_id: str, wish: StopRequest, *, one_round: bool = False) -> Snapshot:
    """Run the sprint in this process, starting it if needed, until it ends or waits.

    Raises ``Refused`` if it has ended, if another process runs it, or if its contract is invalid.
    Raises ``LeaseLost`` if another process takes the lease meanwhile.
    """
    sprint = get(sprint_id)
    if sprint.is_foreign and sprint.status == "running":
        raise Refused(_came(sprint_id))
    if sprint.status not in ("created", "running"):
        raise Refused(_with_next_act(sprint), RefusalCode.WRONG_STATUS)
    return run_here(sprint_id, wish, one_round=one_round, retry=False)


def _with_next_act(sprint: Sprint) -> Message:
    """Return that a stopped sprint cannot run, and the act that leads it on."""
    about = {"sprint_id": sprint.pk, "status": sprint.status}
    reason = sprint.stopped_for
    match reason and reason.code:
        case StopCode.AGENT_ASKS:
            return message("refused.run_answer", **about)
        case StopCode.APPROVAL_NEEDED if reason:
            return message("refused.run_approve", **about, point=reason.point)
        case StopCode.BUDGET if reason:
            return message("refused.run_budget", **about, reason=reason.text())
    can_retry = sprint.status in commands.STOPPED and sprint.current_round
    return message("refused.run_retry" if can_retry else "refused.run", **about)


def start(
    sprint_id: str, *, again: bool = False, by: str = "", found: Ground | None = None
) -> Sprint:
    """Record the sprint's start, or with ``again`` its retry, and enqueue it for the workers.

    Both happen in one transaction; ``by`` names the operator, if given. Raises ``Refused``.

    ``found`` is the result of ``ground``, if the caller has a transaction open.
    """
    get(sprint_id)
    base = ground() if found is None else found  # before the transaction

    def queued(snapshot: Snapshot, at: datetime) -> Transition | None:
        if not again:
            _check_can_go_on(snapshot)
        move = (_retry if again else _start_or_go_on)(snapshot, at, lambda: base)
        return replace(move, data=move.data | {"by": by}) if move and by else move

    with transaction.atomic():
        record_act(sprint_id, queued)
        enqueue.ask(sprint_id)
    return get(sprint_id)


def _came(sprint_id: str) -> Message:
    return message("refused.run_imported", sprint_id=sprint_id)


def _check_can_go_on(snapshot: Snapshot) -> None:
    if snapshot.is_foreign and snapshot.sprint.status == "running":
        raise MoveRefused(_came(snapshot.sprint_id))
    if snapshot.sprint.status not in ("created", "running"):
        about = {"sprint_id": snapshot.sprint_id, "status": snapshot.sprint.status}
        raise MoveRefused(message("refused.run", **about))


def step(sprint_id: str, by: str) -> Sprint:
    """Hand the sprint to the workers for its current round only, starting it if needed.

    The hold after the round is recorded at once, so it survives a crash. Raises ``Refused``.
    """
    get(sprint_id)
    base = ground()  # before the transaction

    def queued(snapshot: Snapshot, at: datetime) -> Transition:
        _check_can_go_on(snapshot)
        if snapshot.sprint.status == "running":
            return pause.step(snapshot, None, snapshot.current_round.code, by)
        contract = _contract_of(snapshot, lambda: base)
        begun = commands.start(snapshot, contract, at)
        return pause.step(snapshot, begun, contract.rounds[0].code, by)

    with transaction.atomic():
        record_act(sprint_id, queued)
        enqueue.ask(sprint_id)
    return get(sprint_id)


def retry(sprint_id: str, wish: StopRequest) -> Snapshot:
    """Start a new attempt at the round that failed, and run it here. Raises as ``run``."""
    get(sprint_id)
    return run_here(sprint_id, wish, one_round=False, retry=True)


def run_here(
    sprint_id: str, wish: StopRequest, *, one_round: bool, retry: bool, beside: bool = False
) -> Snapshot:
    """Take the lease and run the sprint in this process. Raises ``Refused`` and ``LeaseLost``."""
    try:
        lease = take(sprint_id, process.identity(), beside=beside)
    except LeaseUnavailable as exc:
        raise Refused(str(exc), RefusalCode.HELD) from exc
    fault_points.point("lease_taken")
    try:
        process.warm()
        begin = _retry if retry else _start_or_go_on
        snapshot = record_act(sprint_id, lambda snapshot, at: begin(snapshot, at, ground))
    except BaseException:
        release(lease, unused=True)
        raise
    try:
        return run_sprint(lease, wish, snapshot, one_round=one_round)
    except Stuck as exc:
        raise Refused(message("refused.stuck", sprint_id=sprint_id, error=exc)) from exc


def record_act(
    sprint_id: str,
    make: Callable[[Snapshot, datetime], Transition | None],
    *,
    archived: bool = False,
) -> Snapshot:
    """Record the transition that ``make`` returns for the present sprint; return the new sprint.

    An archived sprint is refused unless ``archived``. Raises ``Refused``.
    """
    for _ in range(TRIES):
        at = timezone.now()
        snapshot = load(sprint_id, at)
        if snapshot.sprint.archived_at and not archived:
            text = message("refused.restore_first", sprint_id=sprint_id)
            raise NotNow(text, RefusalCode.ARCHIVED)
        try:
            move = make(snapshot, at)
        except MoveRefused as exc:
            raise NotNow(str(exc), exc.code) from exc
        except BadSettings as exc:
            raise Refused(problems=exc.problems) from exc
        if move is None:
            return snapshot
        moves = with_wait_reason(snapshot, [move], at)
        try:
            record(sprint_id, moves, ExpectedVersion(snapshot.version), at)
        except MoveRefused:
            continue  # it has changed since it was read: try again
        return replace(evolve(snapshot, moves, at), version=snapshot.version + 1)
    raise NotNow(message("refused.changing", sprint_id=sprint_id), RefusalCode.CHANGING)


def _start_or_go_on(
    snapshot: Snapshot, at: datetime, found: Callable[[], Ground]
) -> Transition | None:
    if snapshot.sprint.status != "created":
        return pause.go_on(snapshot)
    return commands.start(snapshot, _contract_of(snapshot, found), at)


def _retry(snapshot: Snapshot, at: datetime, found: Callable[[], Ground]) -> Transition:
    return commands.retry(snapshot, _contract_of(snapshot, found), at)


def edit(
    sprint_id: str, by: str, title: str | None = None, meta: JsonMapping | None = None
) -> Sprint:
    """Set the title, and merge ``meta`` shallowly, in which None removes a key; return the sprint.

    Raises ``Refused``, with nothing changed, if ``sprints.contract.meta`` refuses a key.
    """
    if title is not None:
        check_wish(title, "", "", "")
        title = title.strip() or sprint_id
    _refuse_settings(meta or {})
    was_paused = get(sprint_id).parsed_meta.pause is not None
    with transaction.atomic():
        after = record_act(
            sprint_id, lambda snapshot, at: commands.edit(snapshot, title, meta or {}, by, at)
        )
        if was_paused and not after.paused and after.sprint.status == Sprint.Status.RUNNING:
            enqueue.ask(sprint_id)
    return get(sprint_id)
