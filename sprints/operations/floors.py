"""Keep the settings of a sprint within those of an admin: a sprint may add terms, never lift one.

Operators change the meta of a sprint; only admins change config.json, gates and agents.
"""

from collections.abc import Iterable

from django.conf import settings

from gates.definition import Definition
from gates.problem import Problem, ProblemCode
from sprints.contract.approval_policy import POINTS
from sprints.contract.contract import PROFILES, ContractError
from sprints.contract.gate_inputs import files_of
from sprints.contract.json_types import JsonMapping, JsonObject, JsonValue
from sprints.state.messages import message
from sprints.store.config import read_config
from sprints.store.config_values import ConfigValues


def problems(meta: JsonMapping) -> list[Problem]:
    """Return every setting in ``meta`` that lifts what config.json says. Raises ``StoreError``."""
    ours, found = read_config(settings.STORE.config), []
    if ours.get("enable_auto_merge") is False and meta.get("enable_auto_merge") is True:
        text = message("refused.floor_merge")
        found.append(Problem("enable_auto_merge", ProblemCode.CONFLICT, text))
    remote = ours.get("ship_remote")
    if remote is not None and meta.get("ship_remote", remote) != remote:
        text = message("refused.floor_remote", remote=repr(remote))
        found.append(Problem("ship_remote", ProblemCode.CONFLICT, text))
    least = ours.get("gate_profile")
    own = meta.get("gate_profile") or least
    if least in PROFILES and own in PROFILES and PROFILES.index(own) < PROFILES.index(least):
        text = message("refused.floor_profile", least=least)
        found.append(Problem("gate_profile", ProblemCode.CONFLICT, text))
    return found


def check(meta: JsonMapping) -> None:
    """Raise ``ContractError`` if ``meta`` lifts what config.json says now."""
    if found := problems(meta):
        raise ContractError(*found)


def raised(meta: JsonMapping, now: ConfigValues, gates: Iterable[Definition]) -> JsonObject:
    """Return the approvals and protected paths of a sprint: those of config.json and its own.

    A value of the wrong type is returned unchanged, for the contract to refuse.
    """
    asked = [word for word in now.approvals.split(",") if word in POINTS]
    paths = [*now.protected_paths, *files_of(gates)] if now.protected_paths else []
    return {
        "approvals": _joined(asked, meta.get("approvals", [])),
        "protected_paths": _joined(paths, meta.get("protected_paths", [])),
    }


def _joined(floor: list[str], own: JsonValue) -> JsonValue:
    if not isinstance(own, list):
        return own
    return [*floor, *(one for one in own if one not in floor)]
