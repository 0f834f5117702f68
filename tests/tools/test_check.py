"""Test ``tools/check.py``: every step runs, and only a failed one prints its details."""

import os
from pathlib import Path

from tools.check import Step, check, run

GOOD = Step("good", ("-c", "print('all is well')"))
BAD = Step("bad", ("-c", "print('line 7 is wrong'); raise SystemExit(3)"))


def test_a_step_that_holds_is_one_line(capsys):
    assert check((GOOD,), ()) == 0

    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("OK      good")
    assert first.endswith(" s")
    assert last == "all checks passed"


def test_a_step_that_fails_is_told_and_the_others_still_run(capsys):
    assert check((BAD, GOOD), (GOOD,)) == 1

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines if " s" in line] == [
        ["FAILED", "bad"],
        ["OK", "good"],
        ["OK", "good"],
    ]
    assert "line 7 is wrong" in lines
    assert "all is well" not in lines
    assert lines[-1] == "failed: bad"


def test_a_step_that_fails_without_a_word_says_its_exit_code(capsys):
    check((Step("mute", ("-c", "raise SystemExit(4)")),), ())

    assert "exit code 4" in capsys.readouterr().out


def test_a_step_has_a_store_and_a_database_of_its_own(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres:///live")
    tell = "import os; print(os.environ['STUDIO_GATEWAY_REPO'], os.environ.get('DATABASE_URL'))"

    repo, database = run(Step("tell", ("-c", tell))).output.rsplit(maxsplit=1)

    assert repo != os.environ.get("STUDIO_GATEWAY_REPO")
    assert not Path(repo).exists()
    assert database == "None"
