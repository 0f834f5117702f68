"""Check, store and record the gates that a user edits."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone

from gates.command_line import joining
from gates.definition import Definition
from gates.kinds import KINDS
from gates.models import Gate
from gates.problem import Problem, ProblemCode
from sprints.contract.contract import CODES, PROFILES
from sprints.contract.json_types import JsonObject
from sprints.ids import BadId, check_id
from sprints.models.transitions import note
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.messages import message
from sprints.state.refusals import Refused, Unknown


def get(gate_id: str) -> Gate:
    """Return the gate of that id. Raises ``Refused``."""
    gate = Gate.objects.filter(pk=_id(gate_id)).first()
    if gate is None:
        raise Unknown(message("refused.no_gate", name=repr(gate_id)))
    return gate


def exists(gate_id: str) -> bool:
    """Return whether there is a gate of that id. Raises ``Refused`` for an invalid id."""
    return Gate.objects.filter(pk=_id(gate_id)).exists()


def checked(gate: Definition, profiles: Sequence[str], *, enabled: bool = True) -> Gate:
    """Return the gate as a row that is not saved. Raises ``Refused`` with every problem."""
    if problems := [*_problems(gate, profiles)]:
        raise Refused(problems=problems)
    return Gate(**gate.to_json(), profiles=list(profiles), enabled=enabled)


def keep(gate: Gate, *, by: str | None = None, recorded: bool = True) -> Gate:
    """Save a checked row, new or changed, and return it as it is then. ``by`` is the user who
    changes it; ``recorded`` is False where another event tells of it.
    """
    values = gate.definition.to_json() | {"profiles": gate.profiles, "enabled": gate.enabled}
    gate_id = values.pop("gate_id")
    with transaction.atomic():
        there = Gate.objects.filter(pk=gate_id)
        position = there.values_list("position", flat=True).first()
        values["position"] = Gate.objects.count() if position is None else position
        row, made = Gate.objects.update_or_create(pk=gate_id, defaults=values)
        if recorded:
            _tell("added" if made else "changed", gate_id, by, as_told(row))
    return row


def put(
    gate: Definition, profiles: Sequence[str], *, enabled: bool = True, recorded: bool = True
) -> Gate:
    """Check and save the gate, without a proof. Raises ``Refused`` with every problem."""
    return keep(checked(gate, profiles, enabled=enabled), recorded=recorded)


def as_told(row: Gate) -> JsonObject:
    """Return the gate as in events."""
    return {**row.definition.to_json(), "profiles": [*row.profiles], "enabled": row.enabled}


def remove(gate_id: str, by: str | None = None) -> None:
    """Delete the gate; its runs stay, and running sprints keep it. Raises ``Refused``."""
    gate = get(gate_id)
    with transaction.atomic():
        gate.delete()
        _tell("removed", gate_id, by, {"code": EventCode.REMOVED.value, "gate_id": gate_id})


def _tell(what: str, gate_id: str, by: str | None, data: JsonObject) -> None:
    words = message(f"event.gate_{what}", gate_id=gate_id)
    note(EventKind.GATE_CHANGED, words, timezone.now(), data | ({"by": by} if by else {}))


def _id(gate_id: str) -> str:
    try:
        return check_id(gate_id, "gate id")
    except BadId as exc:
        raise Refused(problems=exc.problems) from exc


def _problems(gate: Definition, profiles: Sequence[str]) -> Iterable[Problem]:
    try:
        check_id(gate.gate_id, "gate id")
    except BadId as exc:
        yield from exc.problems
    if not gate.title.strip() or len(gate.title) > 200 or not gate.title.isprintable():
        text = message("refused.gate_title")
        yield Problem("title", ProblemCode.WRONG_FORMAT, text)
    yield from gate.problems()
    if shell := joining(gate.command):
        yield Problem("command", ProblemCode.WRONG_FORMAT, shell)
    alike = Gate.objects.filter(gate_id__iexact=gate.gate_id).exclude(pk=gate.gate_id).first()
    if alike:  # their evidence would share a folder on many file systems
        text = message("refused.gate_alike", gate_id=gate.gate_id, other=alike.gate_id)
        yield Problem("gate_id", ProblemCode.TAKEN, text)
    for code in gate.rounds:
        if code not in CODES:
            text = message("refused.no_round", name=code, names=", ".join(CODES))
            yield Problem("rounds", ProblemCode.UNKNOWN_CHOICE, text)
    for name in profiles:
        if name not in PROFILES:
            text = message("refused.profile", name=repr(name), names=", ".join(PROFILES))
            yield Problem("profiles", ProblemCode.UNKNOWN_CHOICE, text)
    if not profiles:
        text = message("refused.no_profile")
        yield Problem("profiles", ProblemCode.REQUIRED, text)
    if gate.kind not in KINDS:
        text = message("refused.gate_kind", name=repr(gate.kind), names=", ".join(KINDS))
        yield Problem("kind", ProblemCode.UNKNOWN_CHOICE, text)
