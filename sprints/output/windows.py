"""Read windows of a file of any size: a bounded number of bytes, cut where lines end."""

from dataclasses import dataclass
from typing import BinaryIO

from sprints.output.ansi import settled

MOST_LINES = 1000
MOST_BYTES = 512 << 10  # maximum of one window
MOST_COUNTED = 64 << 20  # bytes searched for newlines to number a line
LEAD = 16 << 10  # bytes before a window that determine its first line's beginning and style
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Window:
    """The bytes from ``start`` on.

    ``lead`` are the bytes before them; ``size`` is the file's. ``number`` is that of the first
    line, None if it is too far in to be counted.
    """

    start: int
    data: bytes
    lead: bytes
    size: int
    number: int | None

    @property
    def end(self) -> int:
        """Return where the next window begins."""
        return self.start + len(self.data)

    @property
    def continues(self) -> bool:
        """Return whether the window begins within a line."""
        return self.start > 0 and not self.lead.endswith(b"\n")


def following(
    file: BinaryIO, start: int, *, over: bool, number: int | None = None, most: int = MOST_BYTES
) -> Window:
    """Return the window from ``start`` on.

    If more may follow (not ``over``, or over ``most`` bytes), it ends where later bytes cannot
    change its meaning. ``number`` is that of the line at ``start``, counted if not given.
    """
    size = _size(file)
    start = min(max(start, 0), size)
    data = _read(file, start, min(most, size - start))
    if start + len(data) < size and (newline := data.rfind(b"\n")) >= 0:
        data = data[: newline + 1]
    elif not (over and start + len(data) == size):
        cut = settled(data)
        data = data[:cut] if cut or len(data) < most else data
    return _window(file, start, data, size, number)


def preceding(
    file: BinaryIO, end: int, *, lines: int = MOST_LINES, most: int = MOST_BYTES
) -> Window:
    """Return the last ``lines`` lines before ``end``, within ``most`` bytes."""
    size = _size(file)
    end = min(max(end, 0), size)
    start = _lines_back(file, end, lines, most)
    return _window(file, start, _read(file, start, end - start), size, None)


def tail(file: BinaryIO, *, over: bool, lines: int = MOST_LINES) -> Window:
    """Return the last ``lines`` lines of the file."""
    size = _size(file)
    return following(file, _lines_back(file, size, lines, MOST_BYTES), over=over)


def around(file: BinaryIO, number: int, *, over: bool, before: int = 200) -> Window | None:
    """Return the lines around line ``number``; None if it is missing or too far in."""
    start = offset_of(file, max(1, number - before))
    if start is None:
        return None
    window = following(file, start, over=over, number=max(1, number - before))
    return window if window.data.count(b"\n") >= min(before, number - 1) else None


def offset_of(file: BinaryIO, number: int) -> int | None:
    """Return where line ``number`` (from 1) begins; None if unknown."""
    at, left = 0, number - 1
    while left > 0:
        block = _read(file, at, _BLOCK) if at < MOST_COUNTED else b""
        if not block:
            return None
        inside = block.count(b"\n")
        if inside < left:
            left -= inside
            at += len(block)
            continue
        here = -1
        for _ in range(left):
            here = block.index(b"\n", here + 1)
        return at + here + 1
    return at


def number_at(file: BinaryIO, offset: int) -> int | None:
    """Return the number (from 1) of the line at ``offset``; None if it is too far in."""
    if offset > MOST_COUNTED:
        return None
    count, at = 1, 0
    while at < offset:
        block = _read(file, at, min(_BLOCK, offset - at))
        if not block:
            break
        count += block.count(b"\n")
        at += len(block)
    return count


def _lines_back(file: BinaryIO, end: int, lines: int, most: int) -> int:
    """Return where the last ``lines`` lines before ``end`` begin, within ``most`` bytes."""
    floor = max(0, end - most)
    data = _read(file, floor, end - floor)
    at = len(data) - 1 if data.endswith(b"\n") else len(data)
    for _ in range(lines):
        newline = data.rfind(b"\n", 0, at)
        if newline < 0:
            break
        at = newline
    else:
        return floor + at + 1
    if floor == 0:
        return 0
    newline = data.find(b"\n", 0, len(data) - 1)
    if newline >= 0:
        return floor + newline + 1
    inside = 0  # one line longer than a window: begin with a whole character
    while inside < min(3, len(data)) and 0x80 <= data[inside] < 0xC0:
        inside += 1
    return floor + inside


def _window(file: BinaryIO, start: int, data: bytes, size: int, number: int | None) -> Window:
    ahead = min(LEAD, start)
    lead = _read(file, start - ahead, ahead) if data else _read(file, start - 1, min(1, start))
    if number is None and data:
        number = number_at(file, start)
    return Window(start, data, lead, size, number)


def _size(file: BinaryIO) -> int:
    return file.seek(0, 2)


def _read(file: BinaryIO, at: int, most: int) -> bytes:
    if most <= 0:
        return b""
    file.seek(at)
    return file.read(most)
