"""Test refused budgets."""

import pytest

BUDGET = ("sprint", "budget", "s1")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--launches", "0"], "--launches must be a whole number from 1 to 10000;"),
        (["--launches", "10001"], "--launches must be a whole number from 1 to 10000;"),
        (["--launches", "-1"], "--launches"),
        (["--launches", "1.5"], "--launches"),
        (["--launches", "many"], "--launches"),
        (["--minutes", "0"], "minutes must be above 0 and at most 100000"),
        (["--minutes", "-1"], "minutes must be above 0 and at most 100000"),
        (["--minutes", "nan"], "minutes must be above 0 and at most 100000"),
        (["--minutes", "inf"], "minutes must be above 0 and at most 100000"),
        (["--minutes", "long"], "invalid float value"),
        (["--tokens", "0"], "--tokens must be a whole number from 1 to 1000000000000;"),
        (["--tokens", "1.5"], "--tokens"),
        (["--tokens", "none"], "--tokens"),
        (["--usd", "0"], "usd must be above 0 and at most 1000000"),
        (["--usd", "-1"], "usd must be above 0 and at most 1000000"),
        (["--usd", "nan"], "usd must be above 0 and at most 1000000"),
        (["--usd", "inf"], "usd must be above 0 and at most 1000000"),
        (["--usd", "free"], "invalid float value"),
        (["--launches", "5", "--minutes", "1e9"], "minutes must be above 0 and at most 100000"),
    ],
)
def test_a_budget_that_is_none_or_endless(in_status, refused, options, words):
    in_status("created")

    assert words in refused(*BUDGET, *options)


@pytest.mark.parametrize("status", ["running", "succeeded", "failed", "cancelled"])
def test_a_sprint_that_asks_no_program(in_status, refused, status):
    in_status(status)

    assert "runs no agent command: there is no budget" in refused(*BUDGET, "--launches", "5")


@pytest.mark.parametrize("options", [(), ("--launches", "5")])
def test_a_sprint_that_there_is_not(refused, options):
    assert "no sprint s1" in refused(*BUDGET, *options)


def test_a_sprint_that_could_not_start(in_status, invoke, refused):
    in_status("created")
    assert invoke("gate", "set", "qa_smoke_quick", "--off").code == 0

    assert "no gate is left for the profile quick" in refused(*BUDGET)
