"""Find the reason of a failure in a command's output."""

import re
from collections.abc import Iterator
from pathlib import Path

from sprints.agents.output_reader import TAIL_BYTES, end_of, holds, objects, texts
from sprints.contract.json_types import JsonMapping, JsonValue
from sprints.prompts.reply_format import plain

LONGEST = 300  # characters of a reported line
MOST_NAMED = 10  # tools


def failed(folder: Path, rules: JsonMapping) -> str:
    """Return the failure that the command reports, in one line with its sign; empty if none."""
    for value in _printed(folder):
        for rule in rules.get("fails", ()):
            if holds(value, rule) and (line := next(texts(value, rule["say"]), "")):
                return _signed(line, rules) or line[:LONGEST]
    return ""


def signed(folder: Path, rules: JsonMapping) -> str:
    """Return the last line of its error output with a known sign; empty if there is none."""
    if not rules.get("signs"):
        return ""
    for line in reversed(plain(end_of(folder / "stderr.txt", TAIL_BYTES)).split("\n")):
        if found := _signed(" ".join(line.split()), rules):
            return found
    return ""


def of(text: str, rules: JsonMapping) -> str:
    """Return the sign in a short text that stands in place of a reply; empty if there is none."""
    line = " ".join(text.split())
    return _signed(line, rules) if len(line) <= LONGEST else ""


def _signed(line: str, rules: JsonMapping) -> str:
    for word, signs in rules.get("signs", {}).items():
        if any(_stands(sign, line) for sign in signs):
            return f"{word}: {line[:LONGEST]}"
    return ""


def _stands(sign: str, line: str) -> bool:
    """Return whether the sign begins a word of the line; 429 is not in 4290."""
    end = r"(?!\w)" if sign[-1].isdigit() else ""
    return re.search(rf"(?<!\w){re.escape(sign)}{end}", line, re.IGNORECASE) is not None


def denied(folder: Path, rules: JsonMapping) -> tuple[str, ...]:
    """Return the distinct tools that the agent was not allowed to use."""
    rule = rules.get("denied")
    if rule is None:
        return ()
    named = [
        name[:LONGEST]
        for value in _printed(folder)
        if holds(value, rule)
        for name in texts(value, rule["say"])
    ]
    return tuple(dict.fromkeys(named))[:MOST_NAMED]


def _printed(folder: Path) -> Iterator[JsonValue]:
    for name in ("stdout.txt", "stderr.txt"):
        yield from objects(end_of(folder / name))
