"""Read many sprints as in state.json, in a fifth of the time that the models take.

The database itself formats times as in the file, and a row becomes only its part of the file.
PostgreSQL formats a time without fractions differently: if a sprint differs from its expected form,
compare again with ``state_file.many``.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice

from django.db import connection, models

from sprints.contract.json_types import JsonObject, JsonValue
from sprints.journal.fast_json import loads
from sprints.models.row_types import MODELS, field_of
from sprints.state.state_mapping import CHILDREN, KEYS

AT_ONCE = 200
TIME = {
    "sqlite": "replace({}, ' ', 'T') || 'Z'",
    "postgresql": """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
}
KEY = {"sprint": "sprint_id", "round": "id", "task": "round_id", "gate_run": "round_id"}


def many(ids: Iterable[str]) -> Iterator[tuple[str, JsonObject]]:
    """Yield those sprints in the given order. Needs a transaction with one consistent view."""
    rest = iter(ids)
    while some := list(islice(rest, AT_ONCE)):
        sprints = dict(_read("sprint", some))
        rounds = {}
        for key, value in _read("round", some):
            sprints[key.partition("/")[0]]["rounds"][value["round_id"]] = value
            rounds[key] = value
        for key, task in _read("task", some):
            rounds[key]["tasks"][task["task_id"]] = task
        for key, run in _read("gate_run", some):
            sprints[key.partition("/")[0]]["gates"][run["gate_id"]] = run
        yield from ((name, sprints[name]) for name in some)


def _read(row: str, ids: list[str]) -> Iterator[tuple[str, JsonObject]]:
    """Yield each row's part of the file, with the row's id or that of its round."""
    sql, keys, parsed = _asked(row, len(ids))
    children = CHILDREN.get(row, ())
    with connection.cursor() as cursor:
        cursor.execute(sql, ids)
        for key, extra, *columns in cursor:
            value = dict(zip(keys, columns, strict=True))
            for name in parsed:
                value[name] = _parsed(value[name])
            for name in [name for name in keys if "/" in name]:
                where, _, inner = name.partition("/")
                if (held := value.pop(name)) is not None:
                    value[where][inner] = held
            for child in children:
                value[child] = {}
            if extra != "{}":
                value |= _parsed(extra)
            yield key, value


def _parsed(text: str | None) -> JsonValue:
    return {} if text == "{}" else None if text is None else loads(text.encode())


@cache
def _asked(row: str, count: int) -> tuple[str, list[str], list[str]]:
    """Return the query, the keys of its columns after the first two, and those that are JSON."""
    meta = MODELS[row]._meta
    names, keys, parsed = [KEY[row], "extra"], [], []
    for name, key in KEYS[row].items():
        field = field_of(row, name)
        column = f"one.{field.column}"
        if isinstance(field, models.DateTimeField):
            column = TIME[connection.vendor].format(column)
        elif isinstance(field, models.JSONField):
            parsed.append(key)
        names.append(column)
        keys.append(key)
    named = ", ".join([f"one.{name}" for name in names[:2]] + names[2:])
    places = ", ".join(["%s"] * count)
    table = meta.db_table
    order = ", ".join(f"one.{name}" for name in meta.ordering or ())
    whose = "one"
    if KEY[row] == "round_id":
        whose = "two"
        table += f" one JOIN {MODELS['round']._meta.db_table} two ON two.id = one.round_id"
    else:
        table += " one"
    sql = f"SELECT {named} FROM {table} WHERE {whose}.sprint_id IN ({places}) ORDER BY {order}"
    return sql, keys, parsed
