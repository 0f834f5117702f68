"""Measure the gateway, and print each figure beside the figure of a bare loop.

If an earlier run saved its results with ``--keep``, the command prints the difference.
"""

import argparse
import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tools.bench import baseline

SECTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # section: arguments of the whole run, arguments of --quick
    "sprint": ({"stored": (0, 1000, 5000), "runs": 25}, {"stored": (0, 200), "runs": 7}),
    "transitions": ({"count": 5000}, {"count": 1000}),
    "commands": ({"sizes": (1000, 1_000_000), "runs": 11}, {"sizes": (1000, 20_000), "runs": 5}),
    **{
        f"latency-{on}": ({"on": on, "runs": 100}, {"on": on, "runs": 10})
        for on in ("sqlite", "redis", "postgres")
    },
    "journal": (
        {"sizes": ((1000, 100_000), (10_000, 1_000_000))},
        {"sizes": ((20, 2000), (400, 40_000))},
    ),
    "queue": ({"idle_s": 30.0, "many": 200}, {"idle_s": 8.0, "many": 20}),
    "web": (
        {"sizes": ((50, 1000), (5000, 1_000_000)), "asks": 100},
        {"sizes": ((50, 1000), (500, 20_000)), "asks": 20},
    ),
    "watchers": ({"watchers": 100, "seconds": 20.0}, {"watchers": 30, "seconds": 5.0}),
    "floods": ({"seconds": 10.0, "turns": 3}, {"seconds": 4.0, "turns": 1}),
    "serve": ({"idle_s": 60.0}, {"idle_s": 20.0}),
    "capture": ({"megabytes": 1000, "runs": 7}, {"megabytes": 300, "runs": 3}),
}


def main() -> int:
    """Run the sections, each in its own process, because Django can be set up only once."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument(
        "section",
        nargs="*",
        choices=[[], *SECTIONS],
        help=f"sections to run (default: all): {', '.join(SECTIONS)}",
    )
    parser.add_argument("--quick", action="store_true", help="use smaller stores and fewer runs")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument(
        "--keep",
        nargs="?",
        const=baseline.KEPT,
        type=Path,
        metavar="FILE",
        help="save the results in FILE",
    )
    parser.add_argument(
        "--compare",
        default=baseline.KEPT,
        type=Path,
        metavar="FILE",
        help="compare with the results in FILE (default: the saved results)",
    )
    parser.add_argument("--with", dest="given", help=argparse.SUPPRESS)  # other arguments, as JSON
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        return _section(options.section[0], quick=options.quick, given=options.given)
    rows, before = [], baseline.read(options.compare)
    for name in options.section or SECTIONS:
        argv = [sys.executable, "-m", "tools.bench", name, "--alone"]
        argv += ["--quick"] if options.quick else []
        argv += ["--with", options.given] if options.given else []
        done = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert done.stdout is not None
        for line in done.stdout:
            row = json.loads(line)
            rows.append(row)
            if not options.json:
                print(_worded(row), baseline.change(row, before), flush=True)
        if done.wait():
            return done.returncode
    if options.keep:
        baseline.keep(options.keep, rows)
    if options.json:
        print(json.dumps(rows, indent=2))
    return 0


def _section(name: str, *, quick: bool, given: str | None) -> int:
    module = importlib.import_module(f"tools.bench.{name.split('-')[0]}")
    arguments = SECTIONS[name][quick] | (json.loads(given) if given else {})
    for figure in module.figures(**arguments):
        row = {**vars(figure), "ratio": figure.ratio}
        print(json.dumps(row), flush=True)
    return 0


def _worded(row: dict[str, Any]) -> str:
    floor = "" if row["floor"] is None else f"floor {row['floor']:,.1f}, ratio {row['ratio']:.2f}"
    goal = ""
    if row["goal"]:
        goal = f"{row['goal']}: {'met' if row['met'] else 'NOT MET'}"
    return f"{row['name']:<52} {row['value']:>10,.2f} {row['unit']:<6} {floor:<32} {goal:<32}"


if __name__ == "__main__":
    sys.exit(main())
