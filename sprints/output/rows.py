"""Render a window as HTML: a row for each line, everything escaped, styles as classes."""

from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString

from sprints.output.ansi import Ink, Line
from sprints.output.windows import LEAD, Window

_FOLDED = '<em class="folded"> … the rest of this line stands in the file</em>'


@dataclass(frozen=True, slots=True)
class Rows:
    """The HTML of a window.

    ``more`` belongs to the last displayed line: it is appended, or replaces it if ``clears``.
    ``html`` are the rows below. ``number`` is that of the line at the window's end.
    """

    more: SafeString
    clears: bool
    html: SafeString
    number: int | None


def rows(window: Window, stream: str, marked: int | None = None, *, apart: bool = False) -> Rows:
    """Return the window's lines as HTML.

    Ids are ``stdout-L12``, or ``stdout-B4096`` by the line's first byte if its number is unknown.
    ``marked`` is the offset of the line to mark. ``apart``: nothing is displayed above, so a
    continued line is a row of its own.
    """
    line = _before(window)
    parts = window.data.split(b"\n")
    more, clears, html = "", False, []
    at, number = window.start, window.number
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        line.read(part.decode("utf-8", "replace"))
        goes_on = index == 0 and window.continues
        if goes_on and not apart:
            more, clears = _spans(line), line.cleared
        elif part or not last:
            name = f"B{at}" if number is None or goes_on else f"L{number}"
            html.append(_row(f"{stream}-{name}", name[1:], _spans(line), marked=at == marked))
        if not last:
            line = Line(ink=line.ink)
            number = None if number is None else number + 1
        at += len(part) + 1
    return Rows(SafeString(more), clears, SafeString("".join(html)), number)


def texts(data: bytes) -> list[str]:
    """Return the visible lines of ``data``, without styles."""
    found, ink = [], Ink()
    for part in data.split(b"\n"):
        line = Line(ink=ink)
        line.read(part.decode("utf-8", "replace"))
        found.append(line.text)
    return found


def _before(window: Window) -> Line:
    """Return the line as it stands where the window begins, without visible text."""
    *above, own = window.lead.split(b"\n")
    line = Line()
    for part in above:
        line = Line(ink=line.ink)
        line.read(part.decode("utf-8", "replace"))
    is_whole = bool(above) or window.start <= LEAD
    line = Line(ink=line.ink, column=0 if is_whole else len(own))
    line.read(own.decode("utf-8", "replace"))
    line.spans.clear()
    line.cleared = line.folded = False
    return line


def _row(name: str, shown: str, spans: str, *, marked: bool) -> str:
    mark = " marked" if marked else ""
    return (
        f'<div class="ln{mark}" id="{name}"><a href="#{name}">{shown}</a><code>{spans}</code></div>'
    )


def _spans(line: Line) -> str:
    html = "".join(
        f'<span class="{ink.classes}">{escape(text)}</span>' if ink.classes else escape(text)
        for text, ink in line.spans
    )
    return html + (_FOLDED if line.folded else "")
