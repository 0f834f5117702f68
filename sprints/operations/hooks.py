"""Edit hooks: each edit is checked and proved, then written once."""

from dataclasses import replace

from sprints.contract.hook_spec import HookDefinition
from sprints.definitions import hooks, secrets_in_clear
from sprints.definitions.hooks import deliveries, exists, get, redeliver, test
from sprints.models import Hook
from sprints.operations.contract_builder import Definitions
from sprints.operations.prove import prove_edit, with_row, without_row

__all__ = ["deliveries", "exists", "get", "put", "redeliver", "remove", "test"]


def put(
    hook: HookDefinition,
    *,
    enabled: bool = True,
    new_secret: bool = False,
    by: str | None = None,
) -> Hook:
    """Save the hook under its id, new or changed, and return its row; ``by`` is the user who wants
    it so. Raises ``Refused`` with every problem, or where a sprint could go wrong after the edit.
    """
    row = hooks.checked(hook, enabled=enabled)
    secrets_in_clear.refuse(hook.public())
    now = Definitions.saved()
    rows = sorted(with_row(now.hooks, row), key=lambda one: one.pk)
    prove_edit(replace(now, hooks=tuple(rows)))
    return hooks.keep(row, new_secret=new_secret, by=by)


def remove(hook_id: str, by: str | None = None) -> None:
    """Delete the hook; its deliveries stay. Raises ``Refused``."""
    row, now = get(hook_id), Definitions.saved()
    prove_edit(replace(now, hooks=without_row(now.hooks, row.pk)))
    hooks.remove(hook_id, by)
