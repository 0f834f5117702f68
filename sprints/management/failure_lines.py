"""Choose the lines of a failed gate's output to print: the failing line and the last ones."""

from sprints.output.failing import failing
from sprints.output.rows import texts
from sprints.output.windows import preceding
from sprints.state.snapshot import GateRunValue
from sprints.store.evidence import open_evidence

LINES = 20
END_BYTES = 64 << 10
LONGEST = 500  # characters of a line


def failure_lines(run: GateRunValue) -> list[str]:
    """Return the last lines of the output that names the failure, without control characters.

    If the failing line stands before them, it comes first, followed by ``…``. Return an empty list
    if the gate has printed nothing or its output is gone.
    """
    found = []
    for stream in ("stderr", "stdout"):
        lines = _end(run, stream)
        if there := failing(lines):
            found.append((there.rank, there.index, lines))
    if not found:
        return []
    _, index, lines = min(found, key=lambda one: one[0])
    first = max(0, len(lines) - LINES)
    above = [lines[index], "…"] if index < first else []
    return [_printable(line) for line in (*above, *lines[first:])]


def _end(run: GateRunValue, stream: str) -> list[str]:
    """Return the lines at the end of the run's output, without empty ones at the very end."""
    sprint_id, gate_id, number = run.id.split("/")
    try:
        with open_evidence(sprint_id, f"gates/{gate_id}/runs/{number}/{stream}.txt") as file:
            end = preceding(file, file.seek(0, 2), lines=END_BYTES, most=END_BYTES)
    except OSError:
        return []
    lines = texts(end.data)
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _printable(line: str) -> str:
    cut = line if len(line) <= LONGEST else f"{line[:LONGEST]} …"
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut.expandtabs())
