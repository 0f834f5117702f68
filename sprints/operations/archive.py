"""Move ended sprints out of state.json and back; their rows and evidence stay."""

from collections.abc import Iterable

from django.db import transaction

from sprints.core import commands
from sprints.operations.lifecycle import record_act
from sprints.queries.sprints import get


def archive(sprint_ids: Iterable[str], by: str) -> list[str]:
    """Archive all of them or none; return their ids. Raises ``Refused``."""
    return _each(sprint_ids, lambda snapshot, at: commands.archive(snapshot, by, at))


def restore(sprint_ids: Iterable[str], by: str) -> list[str]:
    """Put all of them back into state.json, or none; return their ids. Raises ``Refused``."""
    return _each(sprint_ids, lambda snapshot, at: commands.restore(snapshot, by))


def _each(sprint_ids: Iterable[str], make: commands.Make) -> list[str]:
    names = list(dict.fromkeys(sprint_ids))
    with transaction.atomic():
        for name in names:
            record_act(get(name).pk, make, archived=True)
    return names
