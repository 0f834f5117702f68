"""Interpret one line of terminal output; pure, in pieces of any size.

Colours become names of CSS classes; every other control sequence is dropped. A carriage return
restarts the line, so only the last state of a progress bar remains.
"""

import re
from dataclasses import dataclass, field, replace

MOST_SHOWN = 2000  # characters of one line; the download has all of it

# A whole sequence: CSI; a string (OSC, DCS …) up to its end within the line; any other.
_SEQUENCE = re.compile(
    r"\x1b(?:\[(?P<params>[0-?]*)[ -/]*(?P<final>[@-~])|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\|)"
    r"|[ -/]*[0-Z\\`-~]|)"
)
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\n]*\x1b?|[ -/]*)\Z")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LONGEST_SEQUENCE = 4096

_FLAGS = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike"}
_OFF = {22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 27: ("inverse",), 29: ("strike",)}


@dataclass(frozen=True, slots=True)
class Ink:
    """The style of the next character: colours 0 to 15 or None, and flags."""

    front: int | None = None
    back: int | None = None
    flags: frozenset[str] = frozenset()

    @property
    def classes(self) -> str:
        """Return the CSS classes, as in ``f1 b4 bold``; empty for plain text."""
        front = [] if self.front is None else [f"f{self.front}"]
        back = [] if self.back is None else [f"b{self.back}"]
        return " ".join([*front, *back, *sorted(self.flags)])


@dataclass(slots=True)
class Line:
    """One line, or the part of it read so far.

    ``spans`` are (text, ink). ``cleared``: the text before the first ``read`` was erased.
    """

    ink: Ink = field(default_factory=Ink)
    column: int = 0
    spans: list[tuple[str, Ink]] = field(default_factory=list)
    cleared: bool = False
    returned: bool = False
    folded: bool = False

    def read(self, text: str) -> None:
        """Continue the line with ``text``, which has no newline."""
        at = 0
        for found in _SEQUENCE.finditer(text):
            self._write(text[at : found.start()])
            at = found.end()
            if found["final"] == "m":
                self.ink = inked(self.ink, found["params"])
            elif found["final"] == "K" and (self.returned or found["params"] == "2"):
                self._clear()
        self._write(text[at:])

    def _write(self, text: str) -> None:
        first, *others = text.split("\r")
        self._put(first)
        for part in others:
            self.returned = True
            self._put(part)

    def _put(self, text: str) -> None:
        text = _CONTROLS.sub("", text)
        if not text:
            return
        if self.returned:
            self._clear()
        room = MOST_SHOWN - self.column
        self.column += len(text)
        if len(text) > room:
            self.folded = self.folded or room >= 0
            text = text[: max(room, 0)]
        if text and self.spans and self.spans[-1][1] == self.ink:
            self.spans[-1] = (self.spans[-1][0] + text, self.ink)
        elif text:
            self.spans.append((text, self.ink))

    def _clear(self) -> None:
        self.spans.clear()
        self.column, self.cleared, self.returned, self.folded = 0, True, False, False

    @property
    def text(self) -> str:
        """Return the visible text, without style."""
        return "".join(text for text, _ in self.spans)


def inked(ink: Ink, params: str) -> Ink:
    """Return the style after ``ESC [ params m``; unknown codes change nothing."""
    codes = [int(code[:5] or 0) for code in re.split("[;:]", params) if code.isdigit() or not code]
    codes.reverse()
    while codes:
        code = codes.pop()
        if code == 0:
            ink = Ink()
        elif code in _FLAGS:
            ink = replace(ink, flags=ink.flags | {_FLAGS[code]})
        elif code in _OFF:
            ink = replace(ink, flags=ink.flags - set(_OFF[code]))
        elif code in (38, 48):
            colour = _mixed(codes)
            ink = replace(ink, front=colour) if code == 38 else replace(ink, back=colour)
        else:
            ink = _coloured(ink, code)
    return ink


def _coloured(ink: Ink, code: int) -> Ink:
    match code:
        case _ if 30 <= code <= 37:
            return replace(ink, front=code - 30)
        case 39:
            return replace(ink, front=None)
        case _ if 40 <= code <= 47:
            return replace(ink, back=code - 40)
        case 49:
            return replace(ink, back=None)
        case _ if 90 <= code <= 97:
            return replace(ink, front=code - 82)
        case _ if 100 <= code <= 107:
            return replace(ink, back=code - 92)
    return ink


def _mixed(codes: list[int]) -> int | None:
    """Return one of the 16 colours for ``5;n`` or ``2;r;g;b``; remove it from ``codes``."""
    kind = codes.pop() if codes else 0
    if kind == 5 and codes:
        number = codes.pop()
        if number < 16:
            return number
        if number >= 232:
            grey = 8 + (number - 232) * 10
            return _nearest(grey, grey, grey)
        level = [0, 95, 135, 175, 215, 255]
        cube = min(number, 255) - 16
        return _nearest(level[cube // 36], level[cube // 6 % 6], level[cube % 6])
    if kind == 2 and len(codes) >= 3:
        return _nearest(codes.pop(), codes.pop(), codes.pop())
    codes.clear()
    return None


def _nearest(red: int, green: int, blue: int) -> int:
    most = max(red, green, blue)
    if most - min(red, green, blue) < 32:
        return 0 if most < 64 else 8 if most < 140 else 7 if most < 220 else 15
    half = most / 2
    colour = (red > half) + 2 * (green > half) + 4 * (blue > half)
    return colour + 8 if most > 200 else colour


def settled(data: bytes) -> int:
    """Return how many bytes of ``data`` are independent of the bytes that follow.

    The rest is an incomplete character, an incomplete control sequence or a carriage return.
    """
    cut = len(data)
    if unfinished := _UNFINISHED.search(data, max(0, cut - _LONGEST_SEQUENCE)):
        cut = unfinished.start()
    for back in range(1, min(3, cut) + 1):
        byte = data[cut - back]
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            cut -= back if length > back else 0
            break
        if byte < 0x80:
            break
    while cut and data[cut - 1] == 0x0D:
        cut -= 1
    return cut
