"""Edit gates: each edit is checked and proved, then written once."""

from collections.abc import Sequence
from dataclasses import replace

from gates.definition import Definition
from gates.models import Gate
from sprints.definitions import gates, secrets_in_clear
from sprints.definitions.gates import exists, get
from sprints.operations.contract_builder import Definitions
from sprints.operations.prove import prove_edit, with_row, without_row

__all__ = ["exists", "get", "put", "remove"]


def put(
    gate: Definition, profiles: Sequence[str], *, enabled: bool = True, by: str | None = None
) -> Gate:
    """Save the gate under its id, new or changed, and return its row; ``by`` is the user who wants
    it so. Raises ``Refused`` with every problem, or where a sprint could go wrong after the edit.
    """
    row = gates.checked(gate, profiles, enabled=enabled)
    secrets_in_clear.refuse(row.definition.to_json())
    now = Definitions.saved()
    prove_edit(replace(now, gates=with_row(now.gates, row)))
    return gates.keep(row, by=by)


def remove(gate_id: str, by: str | None = None) -> None:
    """Delete the gate; its runs and running sprints keep theirs. Raises ``Refused``."""
    row, now = get(gate_id), Definitions.saved()
    prove_edit(replace(now, gates=without_row(now.gates, row.pk)))
    gates.remove(gate_id, by)
