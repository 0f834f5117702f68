"""Test refused schedules: they cannot fire, or their sprints could not be created."""

import pytest

CRON = ("--cron", "0 2 * * *")
FIELDS = "a cron has five fields"
ADD = [
    (("nightly",), "--cron"),
    (("", *CRON), "cannot be a schedule id"),
    (("../x", *CRON), "cannot be a schedule id"),
    (("a/b", *CRON), "cannot be a schedule id"),
    (("run", *CRON), "the name is reserved"),
    (("x" * 49, *CRON), "at most 48 characters"),
    (("n", "--cron", ""), FIELDS),
    (("n", "--cron", "0 2 * *"), FIELDS),
    (("n", "--cron", "0 0 2 * * *"), FIELDS),
    (("n", "--cron", "@reboot"), FIELDS),
    (("n", "--cron", "61 * * * *"), "out of range or cannot be read"),
    (("n", "--cron", "* 25 * * *"), "out of range or cannot be read"),
    (("n", "--cron", "0 0 31 2 *"), "there is no such day"),
    (("n", "--cron", "$(id) * * * *"), "only numbers"),
    (("n", "--cron", "1-1 * * * *"), "is no range"),
    (("n", *CRON, "--zone", "Mars/Base"), "there is no time zone"),
    (("n", *CRON, "--zone", "../../etc"), "there is no time zone"),
    (("n", *CRON, "--title", "x" * 201), "a title is one line"),
    (("n", *CRON, "--title", "a\nb"), "a title is one line"),
    (("n", *CRON, "--profile", "slow"), "no profile 'slow'"),
    (("n", *CRON, "--deadline", "never"), "no deadline 'never'"),
    (("n", *CRON, "--brief-file", "/nowhere"), "/nowhere cannot be read"),
]


@pytest.mark.parametrize(("argv", "why"), ADD, ids=lambda part: ascii(part)[:50])
def test_a_schedule_that_cannot_be_is_not_added(refused, argv, why):
    assert why in refused("schedule", "add", *argv)


@pytest.mark.parametrize("act", ["set", "on", "off", "remove"])
def test_an_unknown_schedule_is_named(refused, act):
    assert "no schedule 'nope'" in refused("schedule", act, "nope")


def test_a_schedule_is_not_added_twice_whatever_its_case(refused, invoke):
    invoke("schedule", "add", "nightly", *CRON)

    assert "schedule nightly already exists" in refused("schedule", "add", "Nightly", *CRON)


def test_a_change_that_cannot_be_leaves_the_schedule_as_it_was(refused, invoke):
    invoke("schedule", "add", "nightly", *CRON)

    assert FIELDS in refused("schedule", "set", "nightly", "--cron", "daily")
