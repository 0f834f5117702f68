"""Write docs/states.md from the statuses and their transitions."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "states.md"

PAGE = """\
# States

For everyone who reads a status in a file, in an answer of the API or in the code. This page lists
the statuses of each kind of row, and which status may follow which. `python tools/state_charts.py`
writes it from `sprints/state/statuses.py`. A test compares the table with every step that the model
check explores.

A status without a next status is final.

{charts}
"""

TITLES = {
    "sprint": "Sprint",
    "round": "Round",
    "task": "Task",
    "gate_run": "Gate run",
    "delivery": "Delivery",
}


def chart(table: Mapping[str, tuple[str, ...]]) -> str:
    """Return the transitions of one kind of row as a Mermaid state diagram."""
    steps = [f"    {one} --> {then}" for one, following in table.items() for then in following]
    return "\n".join(["```mermaid", "stateDiagram-v2", *steps, "```"])


def text() -> str:
    """Return the page."""
    from sprints.state.statuses import TRANSITIONS

    return PAGE.format(charts="\n\n".join(_parts(TRANSITIONS)))


def _parts(transitions: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Iterator[str]:
    for row, table in transitions.items():
        yield f"## {TITLES[row]}"
        lines = (
            f"| `{one}` | {', '.join(f'`{then}`' for then in following)} |"
            for one, following in table.items()
        )
        yield "\n".join(["| status | next status |", "|---|---|", *lines])
        yield chart(table)


def main() -> int:
    """Write the file; return the exit code."""
    sys.path.insert(0, str(ROOT))
    FILE.write_text(text(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
