"""Remove secrets from the texts in rows and events before they are recorded, so that both agree.

What is executed, compared or hashed stays unchanged: the contract, the commands of gates, the
settings that are frozen, ids and paths. ``sprints.definitions.secrets_in_clear`` refuses a secret
there.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings

from gates.redaction import Redactor, redactor
from gates.secret_values import known
from sprints.contract.json_types import JsonMapping, JsonObject, JsonValue
from sprints.contract.meta import FROZEN
from sprints.models.row_types import field_of
from sprints.store.config import read_config
from sprints.store.layout import StoreError

# The fields with texts of people and programs.
WORDS = {
    "sprint": {"title", "last_error", "meta", "waiting", "stop_reason", "cancel_by"},
    "round": {"title", "notes", "overdue_note"},
    "task": {"title", "details", "prompt", "reply"},
    "gate_run": {"title", "reason", "excerpt"},
    "delivery": {"reason", "output"},
}

EXACT = {"contract", "command", *FROZEN}  # keys of an event's data and of a sprint's meta

_read: dict[tuple[Path, int, int], tuple[str, ...]] = {}


def own_secrets() -> Iterator[str]:
    """Yield the token and the secret key of this gateway, as config.json has them now."""
    yield settings.SECRET_KEY
    path: Path = settings.STORE.config
    try:
        found = path.stat()
        state = (path, found.st_mtime_ns, found.st_ino)
        if state not in _read:
            config = read_config(path)
            _read.clear()
            _read[state] = tuple(
                config[key] for key in ("auth_token", "secret_key") if key in config
            )
        yield from _read[state]
    except (OSError, StoreError):
        return  # commands and pages report the fault


def needed(values: Iterable[JsonValue]) -> Redactor | None:
    """Return the redactor for these JSON values; None if they hold no secret."""
    ours = redactor(known())
    form, shape = ours.looks("\n".join(_texts(values)).encode("utf-8", "surrogatepass"))
    return ours if form or shape else None


def clean(value: JsonValue) -> JsonValue:
    """Return JSON data, above all a text, without secrets."""
    ours = needed([value])
    return ours.clean_json(value) if ours else value


def clean_data(ours: Redactor, data: JsonMapping) -> JsonObject:
    """Return an event's data or a sprint's meta without secrets in its texts."""
    return {key: one if _is_exact(key) else ours.clean_json(one) for key, one in data.items()}


def _is_exact(key: str) -> bool:
    return key in EXACT or key.endswith("_id")


def clean_values(ours: Redactor, row: str, values: JsonMapping) -> JsonObject:
    """Return new values of a row without secrets, each text cut to its field's length."""
    cleaned = dict(values)
    for name in WORDS[row] & values.keys():
        value = values[name]
        one = clean_data(ours, value) if name == "meta" else ours.clean_json(value)
        cleaned[name] = one[: field_of(row, name).max_length] if isinstance(one, str) else one
    return cleaned


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from _texts(value.values())
        case Iterable() if not isinstance(value, bytes):
            for one in value:
                yield from _texts(one)
