"""What an agent's program has printed: the end of it, and where in it the reply stands."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sprints.agents.replies import Unreadable, plain

END_BYTES = 4 << 20  # a line of JSON may be long
HEAD_BYTES, TAIL_BYTES, TAIL_LINES, LONGEST_LINE = 2048, 4096, 3, 200


def end_of(path: Path, most: int = END_BYTES) -> bytes:
    """The last ``most`` bytes of a file that the program may have put something else in place of;
    empty where there is nothing to read.
    """
    return ends_of(path, 0, most)[2]


def ends_of(path: Path, head: int, tail: int) -> tuple[bytes, int, bytes]:
    """The first ``head`` bytes of such a file, how many are left out, and its last ``tail`` bytes:
    each byte once.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                return b"", 0, b""
            first = file.read(min(head, about.st_size))
            at = max(len(first), about.st_size - tail)
            file.seek(at)
            return first, at - len(first), file.read(tail)
    except OSError:
        return b"", 0, b""


def found(printed: bytes, reply: dict[str, Any] | None) -> bytes:
    """The reply in what was printed: all of it, or a field of the last JSON object that has it, be
    that one line of many or the whole. Raises ``Unreadable``.
    """
    if reply is None:
        return printed
    for candidate in _objects(printed):
        where = reply.get("where", {})
        text = _field(candidate, reply["take"])
        if isinstance(text, str) and all(_field(candidate, k) == v for k, v in where.items()):
            return text.encode("utf-8", "replace")
    raise Unreadable(f"no JSON object in it has {reply['take']}")


def _objects(printed: bytes) -> Iterator[Any]:
    """What of it is JSON: the whole, else its lines, the last first."""
    for part in (printed, *reversed(printed.splitlines())):
        if part.lstrip()[:1] not in (b"{", b"["):
            continue
        try:
            whole = json.loads(part)
        except (ValueError, RecursionError):
            continue
        yield from reversed(whole) if isinstance(whole, list) else [whole]


def _field(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def last_lines(folder: Path) -> str:
    """The last lines of its errors, else of its output, on one line; empty where there are none."""
    for name in ("stderr.txt", "stdout.txt"):
        text = plain(end_of(folder / name, TAIL_BYTES))
        lines = [" ".join(line.split())[-LONGEST_LINE:] for line in text.split("\n")]
        if lines := [line for line in lines if line]:
            return " | ".join(lines[-TAIL_LINES:])
    return ""
