"""Figures that were kept of an earlier run, and how far those of this one are from them."""

import json
from pathlib import Path
from typing import Any

KEPT = Path(__file__).with_name("kept.json")
Rows = dict[str, dict[str, Any]]


def read(path: Path) -> Rows:
    """The kept rows by their names; none where there is no file. Raises ``ValueError``."""
    if not path.exists():
        return {}
    return {row["name"]: row for row in json.loads(path.read_text())}


def keep(path: Path, rows: list[dict[str, Any]]) -> None:
    """Keep these rows in place of those of the same names; all others stay."""
    kept = read(path) | {row["name"]: row for row in rows}
    path.write_text(json.dumps(list(kept.values()), indent=1) + "\n")


def change(row: dict[str, Any], kept: Rows) -> str:
    """How the row differs from the kept one, in words: its ratio to the floor where it has one,
    since that alone is the same on every machine, else its value. Empty where none was kept.
    """
    before = kept.get(row["name"])
    if before is None:
        return ""
    key = "value" if row["ratio"] is None or before["ratio"] is None else "ratio"
    was, now = before[key], row[key]
    part = f" ({100 * (now / was - 1):+.0f} %)" if was else ""
    return f"{key} was {was:.2f}{part}"
