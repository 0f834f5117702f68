"""Test that a due schedule creates and starts a sprint exactly once."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from gates.models import Gate
from sprints import operations
from sprints.definitions import agents
from sprints.models import Event, Schedule, Sprint
from sprints.operations import schedules
from tests.checkout import commit


@pytest.fixture
def nightly(store) -> Schedule:
    """A schedule that has been due for an hour."""
    operations.add_schedule("nightly", "sam", cron="0 2 * * *", zone="Europe/Berlin", title="Night")
    Schedule.objects.update(next_at=timezone.now() - timedelta(hours=1))
    return Schedule.objects.get()


def told(kind: str) -> list[str]:
    return [event.body["message"] for event in Event.objects.filter(kind=kind)]


def test_a_schedule_that_is_due_starts_one_sprint_and_moves_on(nightly):
    operations.fire_schedules()
    operations.fire_schedules()

    sprint = Sprint.objects.get()
    assert sprint.pk.startswith("nightly-2")
    assert (sprint.status, sprint.title) == ("running", "Night")
    assert sprint.meta["created_by"] == "schedule nightly"
    assert OrmQ.objects.count() == 1
    row = Schedule.objects.get()
    assert row.next_at > timezone.now()
    assert row.last_sprint_id == sprint.pk
    assert told("schedule_fired")[0].endswith("60 minutes late")


@pytest.mark.parametrize(
    ("status", "made"),
    [("running", 1), ("blocked", 2), ("failed", 2), ("succeeded", 2), ("cancelled", 2)],
)
def test_no_sprint_is_made_while_the_last_one_is_at_work(nightly, status, made):
    operations.fire_schedules()
    Sprint.objects.update(status=status)
    Schedule.objects.update(next_at=timezone.now() - timedelta(minutes=2))

    operations.fire_schedules()

    assert Sprint.objects.count() == made
    assert Schedule.objects.get().next_at > timezone.now()
    assert len(told("schedule_fired")) == made
    last = Sprint.objects.values_list("pk", flat=True)[0]
    skipped = f"schedule nightly skipped: sprint {last} is still running"
    assert told("schedule_skipped") == ([skipped] if made == 1 else [])


def test_two_hosts_that_saw_it_due_fire_it_once(nightly):
    for _ in range(2):
        schedules._fire(nightly.pk, timezone.now(), "")

    assert Sprint.objects.count() == 1
    assert len(told("schedule_fired")) == 1


def test_a_sprint_of_agents_that_has_no_commit_to_begin_from_is_skipped_and_told(nightly):
    agents.put([replace(agents.get("agent_01").definition, runner="command", command=("x",))])

    operations.fire_schedules()

    assert not Sprint.objects.exists()
    (words,) = told("error")
    assert "schedule nightly could not start a sprint: agent_01 is a program and needs" in words


def test_a_sprint_of_agents_begins_at_the_commit_that_is_there_when_it_is_due(nightly, repo):
    agents.put([replace(agents.get("agent_01").definition, runner="command", command=("x",))])
    head = commit(repo, {"a": "1"})

    operations.fire_schedules()

    assert Sprint.objects.get().contract["base"] == {"branch": "main", "commit": head}


@pytest.mark.parametrize(
    "act",
    [
        lambda: operations.set_schedule("nightly", "sam", title="Late"),
        lambda: operations.set_schedule("nightly", "sam", cron="0 3 * * *"),
        lambda: operations.turn_schedule("nightly", "sam", on=True),
    ],
    ids=["set", "another cron", "on"],
)
def test_what_is_due_stays_due(nightly, act):
    act()
    assert Schedule.objects.get().next_at == nightly.next_at

    operations.fire_schedules()
    assert Sprint.objects.count() == 1


def test_a_schedule_that_was_off_makes_up_for_nothing(nightly):
    operations.turn_schedule("nightly", "sam", on=False)
    operations.turn_schedule("nightly", "sam", on=True)

    operations.fire_schedules()

    assert not Sprint.objects.exists()


def test_nothing_fires_while_automation_is_paused_and_is_made_up_for_once(nightly):
    operations.configure("automation_paused", "true", "sam")
    operations.fire_schedules()
    assert not Sprint.objects.exists()

    operations.configure("automation_paused", "false", "sam")
    operations.fire_schedules()
    assert Sprint.objects.count() == 1


def test_a_schedule_that_cannot_start_says_so_and_goes_on(nightly):
    Gate.objects.all().delete()

    operations.fire_schedules()

    assert not Sprint.objects.exists()
    assert told("error")[0].startswith("schedule nightly could not start a sprint: no gate is left")
    assert Schedule.objects.get().next_at > timezone.now()


def test_a_zone_that_has_gone_turns_its_schedule_off_and_no_other(nightly):
    operations.add_schedule("other", "sam", cron="0 3 * * *", zone="UTC")
    Schedule.objects.update(next_at=timezone.now() - timedelta(minutes=2))
    Schedule.objects.filter(pk="nightly").update(zone="Gone/Away")

    operations.fire_schedules()

    assert [sprint.meta["created_by"] for sprint in Sprint.objects.all()] == ["schedule other"]
    assert not Schedule.objects.get(pk="nightly").enabled
    assert told("error")[0].startswith(
        "schedule nightly is turned off: there is no time zone 'Gone/Away' on this machine"
    )


def test_a_schedule_is_listed_changed_turned_off_and_removed(store, invoke):
    added = invoke("schedule", "add", "nightly", "--cron", "0 2 * * *", "--zone", "Asia/Kathmandu")
    changed = invoke("schedule", "set", "nightly", "--cron", "30 4 * * *")
    off = invoke("schedule", "off", "nightly")
    listed = json.loads(invoke("schedule", "list", "--json").out)
    status = json.loads(invoke("status").out)["schedules"]
    on = invoke("schedule", "on", "nightly")
    removed = invoke("schedule", "remove", "nightly")

    assert "02:00 Asia/Kathmandu" in added.out
    assert "no worker runs" in added.out
    assert "04:30 Asia/Kathmandu" in changed.out
    assert off.out == "schedule nightly; next: never (the schedule is off)\n"
    assert listed == status
    assert (listed[0]["cron"], listed[0]["next_ts"]) == ("30 4 * * *", None)
    assert "04:30 Asia/Kathmandu" in on.out
    assert removed.out == "removed schedule nightly\n"
    assert not Schedule.objects.exists()
    assert len(told("schedule_changed")) == 5


def test_an_empty_list_says_what_to_type(store, invoke):
    assert "schedule add nightly" in invoke("schedule", "list").out
