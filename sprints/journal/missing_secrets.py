"""Name the secrets that events leave out of a setting: an address, a key, a marked text.

Such a setting is rebuilt without its secret, turned off where possible, and reported with the
command that completes it.
"""

from gates.redaction import MARK
from sprints.contract.json_types import JsonObject, JsonValue

OFF: dict[str, JsonObject] = {"hook": {"enabled": False}, "schedule": {"next_at": None}}
_MARK = MARK.decode()
_GATEWAY = "studio-gateway"


def lacking(kind: str, row: JsonObject) -> str:
    """Return the setting, its missing secret and the command to type; empty if none is missing."""
    name = row.get(f"{kind}_id")
    marked = ", ".join(key for key, value in row.items() if _is_marked(value))
    match kind:
        case "hook" if row["kind"] == "webhook":
            what, option = "its URL and its secret are", "--url URL --enable"
            return f"webhook {name}: {what} not in events; {_off(f'hook set {name} {option}')}"
        case "hook" if row["kind"] == "notify":
            then = _off(f"hook set {name} --notify URL --enable")
            return f"notification {name}: its URL is not in events; {then}"
        case "hook" if marked:
            then = _off(f"hook set {name} --command '…' --enable")
            return f"hook {name}: the secret in its command is not in events; {then}"
        case "schedule" if marked:
            then = _off(f"schedule set {name} --brief-file F, then schedule on {name}")
            return f"schedule {name}: the secret in its {marked} is not in events; {then}"
        case "gate" | "agent" if marked:
            then = f"type: {_GATEWAY} {kind} set {name} --help"
            return f"{kind} {name}: the secret in its {marked} is not in events; {then}"
    return ""


def _off(act: str) -> str:
    return f"it is off; type: {_GATEWAY} {act}"


def as_it_may_stand(kind: str, row: JsonObject) -> JsonObject:
    """Return the row without its secrets: turned off, and with empty marked variables."""
    if not lacking(kind, row):
        return row
    found = row | OFF.get(kind, {})
    if "env" in row:
        found["env"] = {k: "" if _is_marked(v) else v for k, v in row["env"].items()}
    return found


def agrees(kind: str, recorded: JsonObject, name: str, there: JsonValue) -> bool:
    """Return whether the database value ``there`` fits the row ``recorded`` by the events."""
    off = OFF.get(kind, {})
    if name in off and there == off[name] and lacking(kind, recorded):
        return True
    return _alike(recorded[name], there)


def _is_marked(value: object) -> bool:
    match value:
        case str():
            return _MARK in value
        case dict():
            return any(_is_marked(one) for one in value.values())
        case list():
            return any(_is_marked(one) for one in value)
    return False


def _alike(recorded: JsonValue, there: JsonValue) -> bool:
    """Return whether both values are equal, apart from removed secrets."""
    match recorded:
        case str() if _MARK in recorded:
            return isinstance(there, str)
        case dict() if isinstance(there, dict):
            return recorded.keys() == there.keys() and all(
                _alike(recorded[k], there[k]) for k in recorded
            )
        case list() if isinstance(there, list):
            same = zip(recorded, there, strict=False)
            return len(recorded) == len(there) and all(_alike(a, b) for a, b in same)
    return bool(recorded == there)
