"""Choose the part of an output that a page opens on: the end, a given line, or the failure."""

import re
from dataclasses import dataclass
from typing import BinaryIO

from gates.models import GateRun
from sprints.output import windows
from sprints.output.failing import SURE, Failing, failing
from sprints.output.rows import Rows, rows, texts
from sprints.store.evidence import open_evidence

STREAMS = ("stdout", "stderr")
SEARCHED = 256 << 10  # bytes at the end of an output, and a quarter of that at its head


def opened(run: GateRun, stream: str) -> BinaryIO:
    """Open the output of that run. Raises ``FileNotFoundError``."""
    sprint_id, gate_id, number = run.pk.split("/")
    return open_evidence(sprint_id, f"gates/{gate_id}/runs/{number}/{stream}.txt")


@dataclass(frozen=True, slots=True)
class Fault:
    """The line that names the failure: its offset, and its number if known."""

    stream: str
    offset: int
    number: int | None
    text: str

    @property
    def anchor(self) -> str:
        """Return the id of its row: ``stderr-L12``."""
        name = f"B{self.offset}" if self.number is None else f"L{self.number}"
        return f"{self.stream}-{name}"


def fault_of(run: GateRun) -> Fault | None:
    """Return the line with the surest sign in either output; None if both are empty or gone."""
    found: list[tuple[int, Fault]] = []
    for stream in reversed(STREAMS):
        try:
            with opened(run, stream) as file:
                found += _faults(file, stream)
        except OSError:
            continue
    return min(found, key=lambda one: one[0])[1] if found else None


def _faults(file: BinaryIO, stream: str) -> list[tuple[int, Fault]]:
    size = file.seek(0, 2)
    whole = windows.preceding(file, size, lines=SEARCHED, most=SEARCHED)
    there = _fault(file, whole, stream)
    if whole.start and (there is None or there[0] == SURE):
        head = windows.following(file, 0, over=True, most=SEARCHED // 4)
        early = _fault(file, head, stream)
        if early and early[0] < SURE:
            return [early]
    return [there] if there else []


def _fault(file: BinaryIO, window: windows.Window, stream: str) -> tuple[int, Fault] | None:
    lines = texts(window.data)
    found: Failing | None = failing(lines)
    if found is None:
        return None
    before = window.data.split(b"\n")[: found.index]
    offset = window.start + sum(len(part) + 1 for part in before)
    number = None if window.number is None else window.number + found.index
    return found.rank, Fault(stream, offset, number, _plain(lines[found.index]))


def _plain(line: str) -> str:
    """Return the line for a banner, without pytest's mark."""
    return re.sub(r"^E {3,}", "", line).strip()[:300]


@dataclass(frozen=True, slots=True)
class Output:
    """A window of one output, ready to be shown; ``gone`` says why there is none."""

    stream: str
    over: bool
    start: int = 0
    end: int = 0
    size: int = 0
    shown: Rows | None = None
    opens: str = ""
    gone: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The requested place: a line by its number, or bytes from or before an offset."""

    line: int | None = None
    since: int | None = None
    before: int | None = None


def output(run: GateRun, stream: str, wanted: Wanted, fault: Fault | None) -> Output:
    """Return the window that the page opens on: the requested place, the failure, or the end."""
    over = run.status != GateRun.RUNNING
    try:
        with opened(run, stream) as file:
            window, marked = _window(file, wanted, fault, over=over)
    except OSError:
        return Output(stream, over, gone="" if not over else "This output is not here (any more).")
    opens = f"{stream}-L{wanted.line}" if wanted.line else ""
    if fault and fault.stream == stream and not opens and wanted == Wanted():
        opens = fault.anchor
    shown = rows(window, stream, marked, apart=True)
    return Output(stream, over, window.start, window.end, window.size, shown, opens)


def _window(
    file: BinaryIO, wanted: Wanted, fault: Fault | None, *, over: bool
) -> tuple[windows.Window, int | None]:
    if wanted.before is not None:
        return windows.preceding(file, wanted.before), None
    if wanted.since is not None:
        return windows.following(file, wanted.since, over=over), wanted.since
    if wanted.line is not None:
        there = windows.around(file, wanted.line, over=over)
        if there is not None:
            return there, windows.offset_of(file, wanted.line)
    tail = windows.tail(file, over=over)
    if fault is None or wanted.line is not None:
        return tail, None
    if fault.offset >= tail.start:
        return tail, fault.offset
    back = windows.preceding(file, fault.offset, lines=200)
    return windows.following(file, back.start, over=over), fault.offset
