"""Read and write agents as TOML: a table an agent, with its differences from a fresh row."""

import json
import tomllib
from collections.abc import Iterable
from dataclasses import fields, replace

from gates.problem import Problem, ProblemCode
from sprints.contract.agent_spec import CARD, AgentDefinition
from sprints.contract.json_types import JsonObject
from sprints.prompts.roster import AGENTS
from sprints.state.refusals import Refused

KINDS: dict[str, tuple[type, ...]] = {
    "title": (str,),
    "mission": (str,),
    "runner": (str,),
    "command": (list,),
    "model": (str,),
    "timeout_s": (int, float),
    "grace_s": (int, float),
    "idle_s": (int, float),
    "pass_env": (list,),
    "env": (dict,),
    "reply": (dict,),
    "policy": (str,),
    "home": (str,),
    "network": (str, list),
    **dict.fromkeys(CARD, (list,)),
}
KEPT = (
    "label",
    "title",
    "mission",
    "home",
    "network",
    *CARD,
)  # fields that stay if an agent's table leaves them out


def written(agents: Iterable[AgentDefinition]) -> str:
    """Return the file's text."""
    return "\n".join(_table(agent) for agent in agents)


def _table(agent: AgentDefinition) -> str:
    usual = {field.name: field.default for field in fields(agent)}
    lines = [f"[{agent.agent_id}]  # {agent.label}"]
    for name in KINDS:
        value = getattr(agent, name)
        if name in ("home", "network", *CARD) or (value not in (None, {}) and value != usual[name]):
            lines.append(f"{name} = {_value(value)}")
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_text(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return _text(value) if isinstance(value, str) else repr(value)


def _text(text: str) -> str:
    """Return a TOML basic string: JSON, except for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def read(text: str, agents: Iterable[AgentDefinition]) -> list[AgentDefinition]:
    """Return the agents in the file.

    Missing keys get the values of a fresh row, but title, mission, home, network and card stay.
    Raises ``Refused`` with every reason.
    """
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        text = f"this is no TOML: {exc}"
        raise Refused(problems=[Problem("file", ProblemCode.WRONG_FORMAT, text)]) from exc
    there = {agent.agent_id: agent for agent in agents}
    if problems := [*_problems(tables)]:
        raise Refused(problems=problems)
    return [_changed(there[agent_id], table) for agent_id, table in tables.items()]


def _changed(agent: AgentDefinition, table: JsonObject) -> AgentDefinition:
    fresh = AgentDefinition(agent.agent_id, **{name: getattr(agent, name) for name in KEPT})
    lists = {name: tuple(value) for name, value in table.items() if isinstance(value, list)}
    return replace(fresh, **{**table, **lists})


def _problems(tables: JsonObject) -> Iterable[Problem]:
    for agent_id, table in tables.items():
        if agent_id not in AGENTS or not isinstance(table, dict):
            text = f"{agent_id!r} is not the table of an agent from agent_01 to agent_15"
            yield Problem(agent_id, ProblemCode.UNKNOWN_KEY, text)
            continue
        for name, value in table.items():
            if found := _refusal(name, value):
                code, text = found
                yield Problem(f"{agent_id}.{name}", code, f"{agent_id}: {text}")


def _refusal(name: str, value: object) -> tuple[ProblemCode, str] | None:
    if name not in KINDS:
        text = f"nothing is called {name!r}; there are: {', '.join(KINDS)}"
        return ProblemCode.UNKNOWN_KEY, text
    if not isinstance(value, KINDS[name]) or isinstance(value, bool):
        return ProblemCode.WRONG_TYPE, f"{name} is a {KINDS[name][0].__name__}"
    if isinstance(value, list) and not all(isinstance(word, str) for word in value):
        return ProblemCode.WRONG_TYPE, f"{name} is a list of texts"
    texts = value.values() if isinstance(value, dict) and name == "env" else ()
    if not all(isinstance(word, str) for word in texts):
        return ProblemCode.WRONG_TYPE, f"{name} is a table of texts"
    return None
