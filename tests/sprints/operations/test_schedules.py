"""Test that a due schedule creates and starts a sprint exactly once."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from gates.models import Gate
from sprints.cron import next_after
from sprints.models import Schedule
from sprints.models.host import living
from sprints.operations import schedules
from sprints.queue.nightly import Nightly
from tests import studio
from tests.checkout import commit


@pytest.fixture
def nightly(store) -> Schedule:
    """A schedule that has been due for an hour."""
    studio.add_schedule("nightly", "sam", cron="0 2 * * *", zone="Europe/Berlin", title="Night")
    studio.forge("schedule", next_at=timezone.now() - timedelta(hours=1))
    return studio.schedule()


def told(kind: str) -> list[str]:
    return [event["message"] for event in studio.events(kind)]


def test_a_schedule_that_is_due_starts_one_sprint_and_moves_on(nightly):
    studio.fire_schedules()
    studio.fire_schedules()

    sprint = studio.sprint()
    assert sprint.pk.startswith("nightly-2")
    assert (sprint.status, sprint.title) == ("running", "Night")
    assert sprint.meta["created_by"] == "schedule nightly"
    assert OrmQ.objects.count() == 1
    row = studio.schedule()
    assert row.next_at > timezone.now()
    assert row.last_sprint_id == sprint.pk
    assert told("schedule_fired")[0].endswith("60 minutes late")


@pytest.mark.parametrize(
    ("status", "count"),
    [("running", 1), ("blocked", 2), ("failed", 2), ("succeeded", 2), ("cancelled", 2)],
)
def test_no_sprint_is_made_while_the_last_one_is_at_work(nightly, status, count):
    studio.fire_schedules()
    studio.forge("sprint", status=status)
    studio.forge("schedule", next_at=timezone.now() - timedelta(minutes=2))

    studio.fire_schedules()

    assert len(studio.sprints()) == count
    assert studio.schedule().next_at > timezone.now()
    assert len(told("schedule_fired")) == count
    last = studio.sprints()[0].pk
    skipped = f"schedule nightly skipped: sprint {last} is still running"
    assert told("schedule_skipped") == ([skipped] if count == 1 else [])


def test_the_hour_that_clocks_repeat_has_a_sprint_for_each_of_its_two_times(store, monkeypatch):
    studio.add_schedule("hourly", "sam", cron="30 * * * *", zone="Europe/Berlin")
    studio.forge("schedule", next_at=datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    for minute in (31, 91):
        now = datetime(2026, 10, 25, tzinfo=UTC) + timedelta(minutes=minute)
        monkeypatch.setattr(timezone, "now", lambda now=now: now)
        studio.fire_schedules()
        studio.forge("sprint", status="succeeded")

    names = sorted(sprint.pk for sprint in studio.sprints())
    assert names == ["hourly-20261025-0230", "hourly-20261025-0230-2"]


@pytest.mark.parametrize(
    ("days", "said"),
    [("13 * fri", " either "), ("*/2 * fri", " both "), ("* * fri", ""), ("13 * *", "")],
)
def test_a_cron_with_two_day_fields_says_how_they_are_read(invoke, days, said):
    out = invoke("schedule", "add", "nightly", "--cron", f"0 2 {days}", "--zone", "UTC").out

    assert said in out
    assert ("day and weekday" in out) == bool(said)


def test_two_hosts_that_saw_it_due_fire_it_once(nightly):
    for _ in range(2):
        schedules._fire(nightly.pk, timezone.now(), "")

    assert len(studio.sprints()) == 1
    assert len(told("schedule_fired")) == 1


def test_a_sprint_of_agents_that_has_no_commit_to_begin_from_is_skipped_and_told(nightly):
    studio.set_agent(runner="command", command=("x",))

    studio.fire_schedules()

    assert not studio.sprints()
    (words,) = told("error")
    assert "schedule nightly could not start a sprint: agent_01 is a program and needs" in words


def test_a_sprint_of_agents_begins_at_the_commit_that_is_there_when_it_is_due(nightly, repo):
    studio.set_agent(runner="command", command=("x",))
    head = commit(repo, {"a": "1"})

    studio.fire_schedules()

    assert studio.sprint().contract["base"] == {"branch": "main", "commit": head}


@pytest.mark.parametrize(
    "act",
    [
        lambda: studio.set_schedule("nightly", "sam", title="Late"),
        lambda: studio.set_schedule("nightly", "sam", cron="0 3 * * *"),
        lambda: studio.turn_schedule("nightly", "sam", on=True),
    ],
    ids=["set", "another cron", "on"],
)
def test_what_is_due_stays_due(nightly, act):
    act()
    assert studio.schedule().next_at == nightly.next_at

    studio.fire_schedules()
    assert len(studio.sprints()) == 1


def test_a_schedule_that_was_off_makes_up_for_nothing(nightly):
    studio.turn_schedule("nightly", "sam", on=False)
    studio.turn_schedule("nightly", "sam", on=True)

    studio.fire_schedules()

    assert not studio.sprints()


def test_nothing_fires_while_automation_is_paused_and_is_made_up_for_once(nightly):
    studio.configure("automation_paused", "true", "sam")
    studio.fire_schedules()
    assert not studio.sprints()

    studio.configure("automation_paused", "false", "sam")
    studio.fire_schedules()
    assert len(studio.sprints()) == 1


def test_a_schedule_that_cannot_start_says_so_and_goes_on(nightly):
    Gate.objects.all().delete()

    studio.fire_schedules()

    assert not studio.sprints()
    assert told("error")[0].startswith("schedule nightly could not start a sprint: no gate is left")
    assert studio.schedule().next_at > timezone.now()


def test_a_zone_that_has_gone_turns_its_schedule_off_and_no_other(nightly):
    studio.add_schedule("other", "sam", cron="0 3 * * *", zone="UTC")
    studio.forge("schedule", next_at=timezone.now() - timedelta(minutes=2))
    studio.forge("schedule", "nightly", zone="Gone/Away")

    studio.fire_schedules()

    assert [sprint.meta["created_by"] for sprint in studio.sprints()] == ["schedule other"]
    assert not studio.schedule(pk="nightly").enabled
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


YEARS_AHEAD = timedelta(days=4 * 365)


def at_another_time(monkeypatch, ahead: timedelta) -> datetime:
    """Put this machine's clock ahead, and return what it shows."""
    now = datetime.now(UTC) + ahead
    monkeypatch.setattr(timezone, "now", lambda: now)
    return now


def test_a_schedule_of_a_clock_that_was_ahead_is_corrected_and_recorded(store, monkeypatch):
    with monkeypatch.context() as ahead:
        at_another_time(ahead, YEARS_AHEAD)
        studio.add_schedule("nightly", "sam", cron="0 2 * * *", zone="UTC")
    wrong = studio.schedule().next_at

    studio.fire_schedules()

    row, told_ = studio.schedule(), studio.events("schedule_changed")[-1]
    assert wrong - row.next_at > timedelta(days=1000)
    assert row.next_at == next_after("0 2 * * *", "UTC", timezone.now())
    assert (told_["data"]["by"], told_["data"]["cron"]) == ("gateway", "0 2 * * *")
    assert "the clock of this machine was ahead" in told_["message"]
    assert not studio.check_rebuild().difference


def test_a_schedule_that_has_fired_by_a_clock_that_was_ahead_is_due_again(nightly, monkeypatch):
    with monkeypatch.context() as ahead:
        at_another_time(ahead, YEARS_AHEAD)
        studio.fire_schedules()
    studio.forge("sprint", status="succeeded")

    studio.fire_schedules()

    assert studio.schedule().next_at == next_after("0 2 * * *", nightly.zone, timezone.now())


def test_a_clock_that_steps_back_a_little_repeats_no_firing(store, monkeypatch):
    studio.add_schedule("often", "sam", cron="* * * * *", zone="UTC")
    studio.forge("schedule", next_at=timezone.now())
    studio.fire_schedules()
    studio.forge("sprint", status="succeeded")
    following = studio.schedule().next_at

    at_another_time(monkeypatch, -timedelta(minutes=5))
    studio.fire_schedules()

    assert studio.schedule().next_at == following
    assert len(studio.sprints()) == 1


def test_doctor_names_a_schedule_that_waits_for_an_impossible_time(store, invoke):
    studio.add_schedule("nightly", "sam", cron="0 2 * * *", zone="UTC")
    assert "waits until" not in invoke("doctor").out
    studio.forge("schedule", next_at=timezone.now() + YEARS_AHEAD)

    said = invoke("doctor").out

    assert "schedule nightly waits until" in said
    assert "studio-gateway schedule on nightly" in said
    invoke("schedule", "on", "nightly")
    assert "waits until" not in invoke("doctor").out


def test_a_heartbeat_and_a_night_of_a_clock_that_was_ahead_do_not_count(store):
    now = timezone.now()
    here = studio.host("here", place=store.place, verify_at=now + YEARS_AHEAD)
    night = Nightly("here")

    assert not night._is_due()
    here.refresh_from_db()
    assert here.verify_at < now + timedelta(days=2)

    studio.forge("host", "here", seen_at=now + YEARS_AHEAD)
    assert living(store.place) is None
