"""Decide what of the definitions a role may see: the one rule for pages, API and back office.

The commands of agents and the values of variables are for admins, who edit them.
"""

import json

from sprints.contract.json_types import JsonValue
from sprints.roles import Role

HIDDEN = "(hidden)"
_TOLD_BY = ('"env":', '"agent_id":')  # keys of every line that contains a definition


def shown(value: JsonValue, role: int) -> JsonValue:
    """Return JSON data, such as an event or a contract, with what ``role`` may not see hidden."""
    return value if role >= Role.ADMIN else _without(value)


def shown_line(line: str, role: int) -> str:
    """Return a line of JSON as ``shown`` does; most lines contain no definition and stay."""
    if role >= Role.ADMIN or not any(key in line for key in _TOLD_BY):
        return line
    return json.dumps(_without(json.loads(line)), ensure_ascii=False)


def _without(value: JsonValue) -> JsonValue:
    match value:
        case dict():
            found = {key: _without(one) for key, one in value.items()}
            if isinstance(env := value.get("env"), dict):
                found["env"] = dict.fromkeys(env, HIDDEN)
            if "agent_id" in value and value.get("command"):
                found["command"] = [HIDDEN]
            return found
        case list():
            return [_without(one) for one in value]
    return value
