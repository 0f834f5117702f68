"""Read an agent command's output, and find the reply in it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from gates.untrusted_file import open_regular
from sprints.contract.json_types import JsonMapping, JsonObject, JsonValue
from sprints.prompts.reply_format import Unreadable, plain
from sprints.state.messages import message

END_BYTES = 4 << 20  # a line of JSON may be long
HEAD_BYTES, TAIL_BYTES, TAIL_LINES, LONGEST_LINE = 2048, 4096, 3, 200


def end_of(path: Path, most: int = END_BYTES) -> bytes:
    """Return the last ``most`` bytes of an untrusted file; empty if it cannot be read."""
    return ends_of(path, 0, most)[2]


def ends_of(path: Path, head: int, tail: int) -> tuple[bytes, int, bytes]:
    """Return the first ``head`` bytes, the number of bytes left out, and the last ``tail`` bytes.

    The parts never overlap. The file is untrusted: all are empty unless it is a plain file.
    """
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            first = file.read(min(head, size))
            at = max(len(first), size - tail)
            file.seek(at)
            return first, at - len(first), file.read(tail)
    except OSError:
        return b"", 0, b""


def found(printed: bytes, rules: JsonObject | None) -> bytes:
    """Return the reply: the whole output, or a field of the last JSON object that has it.

    The object may be one line or the whole output. Raises ``Unreadable``.
    """
    if rules is None or "take" not in rules:
        return printed
    for candidate in objects(printed):
        text = next(values(candidate, rules["take"]), None)
        if isinstance(text, str) and holds(candidate, rules):
            return text.encode("utf-8", "replace")
    raise Unreadable(message("unreadable.no_object", key=rules["take"]))


def objects(printed: bytes) -> Iterator[JsonValue]:
    """Yield the JSON values in the output: the whole, else its lines, the last first."""
    for part in (printed, *reversed(printed.splitlines())):
        yield from reversed(json_of(part))


def json_of(part: bytes) -> list[JsonValue]:
    """Return the JSON values in ``part``: one, or the items of an array; none if it is not JSON."""
    if part.lstrip()[:1] not in (b"{", b"["):
        return []
    try:
        whole = json.loads(part)
    except (ValueError, RecursionError):
        return []
    return whole if isinstance(whole, list) else [whole]


def values(value: JsonValue, path: str) -> Iterator[JsonValue]:
    """Yield the values at path ``a.b``; ``*`` is every item of a list or an object."""
    name, more, rest = path.partition(".")
    if name == "*":
        items = value.values() if isinstance(value, dict) else value
        here = [*items] if isinstance(value, dict | list) else []
    else:
        here = [value[name]] if isinstance(value, dict) and name in value else []
    for one in here:
        yield from values(one, rest) if more else (one,)


def holds(value: JsonValue, rule: JsonMapping) -> bool:
    """Return whether a JSON value has all fields in the rule's ``where``."""
    return all(
        any(one == wanted and type(one) is type(wanted) for one in values(value, path))
        for path, wanted in rule.get("where", {}).items()
    )


def texts(value: JsonValue, paths: str | list[str]) -> Iterator[str]:
    """Yield the texts at those paths, each as one printable line."""
    for path in [paths] if isinstance(paths, str) else paths:
        for one in values(value, path):
            if isinstance(one, str) and (
                line := " ".join(plain(one.encode("utf-8", "replace")).split())
            ):
                yield line


def last_lines(folder: Path) -> str:
    """Return the last lines of its errors, else of its output, in one line; empty if none."""
    for name in ("stderr.txt", "stdout.txt"):
        text = plain(end_of(folder / name, TAIL_BYTES))
        lines = [" ".join(line.split())[-LONGEST_LINE:] for line in text.split("\n")]
        if lines := [line for line in lines if line]:
            return " | ".join(lines[-TAIL_LINES:])
    return ""
