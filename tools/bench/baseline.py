"""Keep the figures of a run, and compare later ones with them."""

import json
from pathlib import Path
from typing import Any

KEPT = Path(__file__).with_name("kept.json")
Rows = dict[str, dict[str, Any]]


def read(path: Path) -> Rows:
    """Return the kept rows by name; none if there is no file. Raises ``ValueError``."""
    if not path.exists():
        return {}
    return {row["name"]: row for row in json.loads(path.read_text())}


def keep(path: Path, rows: list[dict[str, Any]]) -> None:
    """Replace the kept rows of the same names; all others stay."""
    kept = read(path) | {row["name"]: row for row in rows}
    path.write_text(json.dumps(list(kept.values()), indent=1) + "\n")


def change(row: dict[str, Any], kept: Rows) -> str:
    """Return the difference from the kept row, in words; empty if none was kept.

    The ratio to the floor is compared, if there is one, because only that is portable.
    """
    before = kept.get(row["name"])
    if before is None:
        return ""
    key = "value" if row["ratio"] is None or before["ratio"] is None else "ratio"
    was, now = before[key], row[key]
    part = f" ({100 * (now / was - 1):+.0f} %)" if was else ""
    return f"{key} was {was:.2f}{part}"
