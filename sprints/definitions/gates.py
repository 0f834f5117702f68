"""Check, store and record the gates that a user edits."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone

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
        raise Unknown(f"no gate {gate_id!r}; see: studio-gateway gate list")
    return gate


def exists(gate_id: str) -> bool:
    """Return whether there is a gate of that id. Raises ``Refused`` for an invalid id."""
    return Gate.objects.filter(pk=_id(gate_id)).exists()


def checked(gate: Definition, profiles: Sequence[str], *, enabled: bool = True) -> Gate:
    """Return the gate as a row that is not saved. Raises ``Refused`` with every problem."""
    if problems := [*_problems(gate, profiles)]:
        raise Refused(problems=problems)
    return Gate(**gate.to_json(), profiles=list(profiles), enabled=enabled)


def keep(gate: Gate, *, by: str | None = None, told: bool = True) -> Gate:
    """Save a checked row, new or changed, and return it as it is then. ``by`` is the user who
    changes it; ``told`` is False where another event tells of it.
    """
    values = gate.definition.to_json() | {"profiles": gate.profiles, "enabled": gate.enabled}
    gate_id = values.pop("gate_id")
    with transaction.atomic():
        there = Gate.objects.filter(pk=gate_id)
        position = there.values_list("position", flat=True).first()
        values["position"] = Gate.objects.count() if position is None else position
        row, made = Gate.objects.update_or_create(pk=gate_id, defaults=values)
        if told:
            _tell("added" if made else "changed", gate_id, by, as_told(row))
    return row


def put(
    gate: Definition, profiles: Sequence[str], *, enabled: bool = True, told: bool = True
) -> Gate:
    """Check and save the gate, without a proof. Raises ``Refused`` with every problem."""
    return keep(checked(gate, profiles, enabled=enabled), told=told)


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
        text = "a gate's title is one line of 1 to 200 characters"
        yield Problem("title", ProblemCode.WRONG_FORMAT, text)
    yield from gate.problems()
    alike = Gate.objects.filter(gate_id__iexact=gate.gate_id).exclude(pk=gate.gate_id).first()
    if alike:  # their evidence would share a folder on many file systems
        text = f"gate {alike.gate_id} differs from {gate.gate_id} in case alone"
        yield Problem("gate_id", ProblemCode.TAKEN, text)
    for code in gate.rounds:
        if code not in CODES:
            text = f"{code} is not a round; there are: {', '.join(CODES)}"
            yield Problem("rounds", ProblemCode.UNKNOWN_CHOICE, text)
    for name in profiles:
        if name not in PROFILES:
            text = f"no profile {name!r}; there are: {', '.join(PROFILES)}"
            yield Problem("profiles", ProblemCode.UNKNOWN_CHOICE, text)
    if not profiles:
        text = "a gate belongs to at least one profile"
        yield Problem("profiles", ProblemCode.REQUIRED, text)
    if gate.kind not in KINDS:
        text = f"no gate kind {gate.kind!r}; there are: {', '.join(KINDS)}"
        yield Problem("kind", ProblemCode.UNKNOWN_CHOICE, text)
