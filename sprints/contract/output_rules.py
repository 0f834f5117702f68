"""Check the rules that read an agent command's output; a contract freezes them as data.

    take, where   the reply: the field "take" of the last JSON object that has it and all of "where"
    usage         the usage: "last" (of a final record), "each" (of messages, summed; those
                  with the same "by" count once), in each the fields "input", "cached", "output",
                  "cost_usd"
    fails         objects that mean a failure, whatever the exit code: "say" is the field with the
                  reason
    denied        one such object for tools that the agent was not allowed to use
    session       how a further attempt resumes a session: the words that replace {session} in the
                  command, "begin" and "again", in which {id} is filled in; "id", the field with
                  the session's id, if any; "unknown", texts that report an unknown id; "total":
                  the usage is that of the whole session
    signs         texts that identify a failure: {"rate limited": [texts]}

A field is a path, ``a.b``; ``*`` stands for every item. If a path finds several values, numbers are
summed and the first text is taken.
"""

import json
from collections.abc import Iterator

from sprints.contract.json_types import JsonMapping, JsonObject, JsonValue

COUNTS = ("input", "cached", "output", "cost_usd")
WORDS = ("begin", "again", "unknown")
KEYS = {"take", "where", "usage", "fails", "denied", "session", "signs"}
LONGEST_PATH, MOST_PATHS, LONGEST = 100, 10, 10_000  # the last: of all rules, as JSON


def problems(rules: JsonValue) -> Iterator[str]:
    """Yield one line for each fault of the rules."""
    if not isinstance(rules, dict) or not rules or set(rules) - KEYS or not _takes(rules):
        yield 'a reply is found by {"take": "field"}, and "where" {field: value}'
        return
    if len(json.dumps(rules)) > LONGEST:
        yield f"how it is read takes at most {LONGEST} characters"
    fails = rules.get("fails", [])
    said = [*fails, rules["denied"]] if "denied" in rules and isinstance(fails, list) else fails
    if not isinstance(said, list) or not all(_has(one, {"where", "say"}, "say") for one in said):
        yield '"fails" is a list of {"where": {field: value}, "say": field}, "denied" is one'
        said = []
    usage = rules.get("usage", {})
    if not isinstance(usage, dict) or set(usage) - {"last", "each"}:
        yield '"usage" has "last", "each" or both'
        usage = {}
    if not all(_has(one, {"where", "by", *COUNTS}, *COUNTS) for one in usage.values()):
        yield f'what is used is found by fields: {", ".join(COUNTS)}; beside them "where", "by"'
        usage = {}
    if not _are_signs(rules.get("signs", {})):
        yield '"signs" is {"what it is": [texts]}'
    if not _is_session(rules.get("session", {})):
        yield '"session" has lists of texts, "begin", "again", "unknown", a field "id", "total"'
    for one in (rules, *said, *usage.values()):
        if not all(is_path(key) and _is_value(value) for key, value in _where(one).items()):
            yield 'what stands in "where" are texts, or true and false'


def _takes(rules: JsonMapping) -> bool:
    named = is_path(rules["take"]) if "take" in rules else "where" not in rules
    return named and isinstance(rules.get("where", {}), dict)


def _has(one: JsonValue, known: set[str], *least: str) -> bool:
    """Return whether ``one`` has only known keys, and paths in at least one of ``least``."""
    if not isinstance(one, dict) or set(one) - known or not isinstance(one.get("where", {}), dict):
        return False
    named = [value for key, value in one.items() if key != "where"]
    return any(key in one for key in least) and all(map(_are_paths, named))


def _are_paths(value: JsonValue) -> bool:
    several = value if isinstance(value, list) else [value]
    return 0 < len(several) <= MOST_PATHS and all(map(is_path, several))


def _are_signs(signs: JsonValue) -> bool:
    return isinstance(signs, dict) and all(
        is_path(word) and isinstance(texts, list) and all(map(is_path, texts))
        for word, texts in signs.items()
    )


def _is_session(rules: JsonValue) -> bool:
    if not isinstance(rules, dict) or set(rules) - {*WORDS, "id", "total"}:
        return False
    lists = [rules.get(name, []) for name in WORDS]
    return (
        all(isinstance(one, list) and all(map(is_path, one)) for one in lists)
        and is_path(rules.get("id", "id"))
        and isinstance(rules.get("total", False), bool)
    )


def _where(one: JsonMapping) -> JsonObject:
    where: JsonObject = one.get("where", {})
    return where


def is_path(value: object) -> bool:
    """Return whether ``value`` is one printable, non-empty line."""
    return isinstance(value, str) and 0 < len(value.strip()) <= LONGEST_PATH and value.isprintable()


def _is_value(value: object) -> bool:
    return isinstance(value, bool) or is_path(value)
