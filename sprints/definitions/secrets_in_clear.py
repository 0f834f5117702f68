"""Find secrets in definitions, contracts and settings, which must be recorded unchanged.

What is executed, compared or hashed is never redacted, so a secret in it is refused.
"""

from collections.abc import Iterator

from gates import secret_values
from gates.definition import referred
from gates.problem import Problem, ProblemCode
from gates.redaction import Redactor, redactor
from sprints.contract.json_types import JsonMapping, JsonValue
from sprints.state.messages import message
from sprints.state.refusals import Refused

IDS = ("gate_id", "agent_id", "hook_id", "code")  # of an item in a list


def problems(definition: JsonMapping) -> list[Problem]:
    """Return every field of a gate, an agent or a hook that holds a secret.

    A variable of its environment that is named like a secret may only refer to another variable.
    """
    env = definition.get("env") or {}
    named = {
        name: Problem(
            f"env.{name}", ProblemCode.CONFLICT, message("refused.secret_in_env", name=name)
        )
        for name, value in env.items()
        if secret_values.is_named(name) and not referred(value) and _is_secret(value)
    }
    found = [one for one in in_clear(definition) if one.field.removeprefix("env.") not in named]
    return [*found, *named.values()]


def refuse(definition: JsonMapping) -> None:
    """Raise ``Refused`` if the gate, agent or hook holds a secret in clear."""
    if found := problems(definition):
        raise Refused(problems=found)


def in_clear(data: JsonMapping) -> list[Problem]:
    """Return every field of JSON data with a known secret, or a text that looks like one.

    Fields are dotted, with the id of an item in a list: ``gates.lint.command``.
    """
    ours = redactor(secret_values.known())
    return [
        Problem(field, ProblemCode.CONFLICT, message("refused.secret_in_clear", field=field))
        for field in dict.fromkeys(_fields(data, "", ours))
    ]


def _fields(value: JsonValue, name: str, ours: Redactor) -> Iterator[str]:
    match value:
        case str():
            text = secret_values.without_everyday(value)
            if ours.clean(text) != text:
                yield name
        case dict():
            for key, one in value.items():
                yield from _fields(one, f"{name}.{key}" if name else key, ours)
        case list() | tuple():
            for one in value:
                key = next((one[i] for i in IDS if i in one), "") if isinstance(one, dict) else ""
                yield from _fields(one, f"{name}.{key}" if key else name, ours)


def _is_secret(value: str) -> bool:
    return bool(value) and not secret_values.is_everyday(value)
