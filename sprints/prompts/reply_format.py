"""Define the four parts of every reply: Status, Deliverables, Questions, Next actions."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sprints.prompts.assignments import without
from sprints.state.messages import message

MOST_QUESTIONS = 3
MOST_LINES, LONGEST_LINE, LONGEST_STATUS = 50, 1000, 300
LONGEST_TEXT = 32_000  # of a reply kept with its task; the evidence has all of it

PARTS = {
    "status": "status",
    "deliverables": "deliverables",
    "questions": "questions",
    "next actions": "next_actions",
    "next steps": "next_actions",
}
_HEADING = re.compile(
    r"[ \t]*(?:#{1,6}[ \t]*)?(?:\d[.)][ \t]*)?(?:\*\*|__)?"
    rf"({'|'.join(PARTS)})"
    r"(?:[ \t]*\([^()\n]{0,80}\))?[ \t]*(?:\*\*|__)?[ \t]*(?::[ \t]*(?:\*\*|__)?[ \t]*(.*)|)$",
    re.IGNORECASE,
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")  # CommonMark 0.31, 4.5
_BULLET = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+")
_NOTHING = {"none", "none.", "(none)", "n/a", "-", "nothing", "nothing.", "no", "no."}
_DIRECTIONAL = re.compile(r"\W*DIRECTIONAL\b\W*", re.IGNORECASE)
_OPTIONS = re.compile(r"\[([^\[\]]+)\][\s.?!]*$")
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_CONTROL = {c: "\N{REPLACEMENT CHARACTER}" for c in (*range(32), 127) if chr(c) not in "\n\t"}


class Claim(StrEnum):
    """What an agent claims in its Status."""

    BLOCKED = "blocked"  # it could not do the task
    DONE = "done"  # anything else


class Unreadable(ValueError):
    """The text is not a reply; the message says why, in a line."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An agent's answer. ``questions`` are blockers only, at most three."""

    status: str
    deliverables: tuple[str, ...]
    questions: tuple[str, ...]
    next_actions: tuple[str, ...]

    def text(self) -> str:
        """Return the reply in the format that agents write."""
        parts = [f"Status: {self.status}"]
        for title, lines in (
            ("Deliverables", self.deliverables),
            ("Questions", self.questions or ("None",)),
            ("Next actions", self.next_actions),
        ):
            parts += [f"{title}:", *(f"- {line}" for line in lines)]
        return "\n".join(parts) + "\n"

    @property
    def claim(self) -> Claim:
        """Return what the Status claims: ``BLOCKED`` if it begins with that word."""
        is_blocked = self.status.casefold().startswith(Claim.BLOCKED)
        return Claim.BLOCKED if is_blocked else Claim.DONE

    @property
    def directional(self) -> tuple[str, ...]:
        """Return the questions for a human, without the word that marks them."""
        marked = (q for q in self.questions if is_directional(q))
        return tuple(_DIRECTIONAL.sub("", q, count=1) or q for q in marked)


def is_directional(question: str) -> bool:
    """Return whether only a human can answer the question."""
    return _DIRECTIONAL.match(question) is not None


def options(question: str) -> tuple[str, ...]:
    """Return the choices at the end of a question, as in ``which one? [red | blue]``.

    Empty if it offers fewer than two.
    """
    found = _OPTIONS.search(question)
    given = [one.strip() for one in found[1].split("|")] if found else []
    offered = tuple(dict.fromkeys(one for one in given if one))
    return offered if len(offered) > 1 else ()


def plain(raw: bytes) -> str:
    """Return a command's output as a text for a database and a terminal."""
    text = _COLOUR.sub("", raw.decode("utf-8", "replace").replace("\r\n", "\n"))
    return text.translate(_CONTROL)


def parse(text: str) -> Reply:
    """Return the reply at the end of ``text``: its last Status and the parts that follow.

    Text over the limits and task blocks are left out. Raises ``Unreadable``.

    Every part but Status may be missing. Markdown around headings and items is removed. A heading
    in a fenced code block is a quotation, unless no Status stands outside of such blocks.
    """
    lines = without(text).split("\n")
    found_heads = [
        (n, found) for n, line in enumerate(lines) if (found := _HEADING.match(line[:2000]))
    ]
    quoted = _fenced(lines)
    heads = [(n, found) for n, found in found_heads if n not in quoted]
    if not any(_part(found) == "status" for _, found in heads):
        heads, quoted = found_heads, set()
    last = max((i for i, (_, found) in enumerate(heads) if _part(found) == "status"), default=None)
    if last is None:
        raise Unreadable(message("unreadable.no_status" if text.strip() else "unreadable.empty"))
    ends = [n for n, _ in heads[last + 1 :]] + [len(lines)]
    parts: dict[str, list[str]] = {}
    for (start, found), end in zip(heads[last:], ends, strict=True):
        hidden = quoted if _part(found) == "status" else set()
        rest = [found[2] or "", *(lines[n] for n in range(start + 1, end) if n not in hidden)]
        parts.setdefault(_part(found), []).extend(rest)
    status = " ".join(_items(parts["status"]))
    if not status:
        raise Unreadable(message("unreadable.empty_status"))
    questions = [q for q in _items(parts.get("questions", ())) if not _is_nothing(q)]
    questions.sort(key=lambda q: not _DIRECTIONAL.match(q))  # these are always kept
    return Reply(
        status=_cut(status, LONGEST_STATUS),
        deliverables=tuple(_items(parts.get("deliverables", ()))),
        questions=tuple(questions[:MOST_QUESTIONS]),
        next_actions=tuple(_items(parts.get("next_actions", ()))),
    )


def _fenced(lines: list[str]) -> set[int]:
    """Return the numbers of the lines in fenced code blocks; a block without an end is none."""
    found: set[int] = set()
    start, fence = 0, ""
    for n, line in enumerate(lines):
        mark = _FENCE.match(line)
        if mark is None:
            continue
        if not fence:
            start, fence = n, mark[1]
        elif mark[1].startswith(fence) and not mark[2].strip():
            found.update(range(start, n + 1))
            fence = ""
    return found


def _part(found: re.Match[str]) -> str:
    return PARTS[found[1].lower()]


def _items(lines: Iterable[str]) -> list[str]:
    """Return one text an item; an indented line without a bullet continues the item before."""
    found: list[str] = []
    for line in lines:
        words = line.strip()
        if not words or words.startswith("```"):
            continue
        bullet = _BULLET.match(line)
        if found and not bullet and line[:1] in " \t":
            found[-1] = f"{found[-1]} {words}"[: LONGEST_LINE + 1]
        elif len(found) < MOST_LINES:
            found.append(line[bullet.end() :].strip() if bullet else words)
    return [_cut(" ".join(item.split()), LONGEST_LINE) for item in found if item]


def _is_nothing(text: str) -> bool:
    return text.lower().strip("*_ ") in _NOTHING


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
