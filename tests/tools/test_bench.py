"""Test every section of the benchmark on stores of a few sprints."""

import json
import subprocess
import sys

import pytest

from tests.world import ROOT
from tools.bench import baseline
from tools.bench.__main__ import SECTIONS

TINY = {
    "sprint": {"stored": [0, 3], "runs": 1},
    "transitions": {"count": 50},
    "commands": {"sizes": [30], "runs": 1},
    "latency-sqlite": {"runs": 2},
    "journal": {"sizes": [[2, 60]]},
    "web": {"sizes": [[2, 60]], "asks": 2},
    "watchers": {"watchers": 2, "seconds": 1.0},
    "floods": {"seconds": 1.0, "turns": 1},
    "serve": {"idle_s": 0.2},
    "capture": {"megabytes": 1, "runs": 1},
}
# The same code where there is a server; and what needs a machine that has nothing else to do.
LEFT_OUT = {"latency-redis", "latency-postgres", "queue"}


def test_no_section_is_forgotten():
    assert {*SECTIONS} == {*TINY} | LEFT_OUT


@pytest.mark.parametrize("section", TINY)
def test_a_section_ends_with_its_figures(section, tmp_path):
    argv = [sys.executable, "-m", "tools.bench", section, "--json", "--quick"]
    argv += ["--keep", str(tmp_path / "kept.json"), "--with", json.dumps(TINY[section])]

    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert rows
    assert all(row["name"] and {"value", "unit"} <= row.keys() for row in rows)
    assert baseline.read(tmp_path / "kept.json").keys() == {row["name"] for row in rows}


def test_a_figure_is_compared_with_the_one_that_was_kept(tmp_path):
    file = tmp_path / "kept.json"
    first = {"name": "verify", "value": 50.0, "ratio": 0.5}
    other = {"name": "rebuild", "value": 4.0, "ratio": None}
    baseline.keep(file, [first, other])
    baseline.keep(file, [first | {"value": 90.0, "ratio": 0.4}])

    before = baseline.read(file)

    assert baseline.change(first | {"value": 10.0}, before) == "ratio was 0.40 (+25 %)"
    assert baseline.change(other | {"value": 3.0}, before) == "value was 4.00 (-25 %)"
    assert baseline.change(first | {"name": "new"}, before) == ""
    assert baseline.read(tmp_path / "none.json") == {}
