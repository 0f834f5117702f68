"""Test the deadline of a round as a value of its row."""

from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from sprints.core import commands
from sprints.core.actions import Begun, Cancel, StartRound, WarnOverdue
from sprints.core.reducer import reduce
from sprints.models import Round
from sprints.models.loading import load
from sprints.models.transitions import record
from sprints.state.transitions import ExpectedVersion
from tests import studio

CODE = "R1_CONTRACTS"


def keep(make):
    """Record the moves that ``make`` makes of sprint wk1 as it is."""
    now = timezone.now()
    snapshot = load("wk1", now)
    record("wk1", make(snapshot, now), ExpectedVersion(snapshot.version), now)


@pytest.fixture
def warned(store):
    """A store in whose sprint the second round is over its minutes."""
    studio.create("wk1")
    studio.run("wk1", one_round=True)
    keep(lambda snapshot, now: reduce(snapshot, StartRound(CODE), Begun(now)))
    keep(lambda snapshot, now: reduce(snapshot, WarnOverdue(CODE), Begun(now)))
    return store


def test_the_events_tell_that_a_round_is_overdue(warned, invoke):
    row = Round.objects.get(pk=f"wk1/{CODE}")

    assert row.notes == [row.overdue_note]
    assert row.overdue_note
    assert invoke("rebuild", "--check").code == 0


def test_a_round_that_opens_again_is_overdue_no_more(warned, invoke):
    studio.forge("round", f"wk1/{CODE}", notes=["ours", "over its minutes: 15"])
    keep(lambda snapshot, now: reduce(snapshot, Cancel(CODE), Begun(now)))
    keep(lambda snapshot, now: [commands.retry(snapshot, snapshot.contract, now)])

    studio.settle_files()
    row = Round.objects.get(pk=f"wk1/{CODE}")
    assert studio.sprint().status == "running"
    assert (row.status, row.notes, row.overdue_note) == ("pending", ["ours"], "")
    assert "over its minutes" not in warned.state.read_text()
    assert invoke("rebuild", "--check").code == 0


def test_an_upgrade_finds_the_overdue_rounds_of_version_0(warned, invoke):
    note = Round.objects.get(pk=f"wk1/{CODE}").overdue_note
    studio.forge("round", overdue_note="")
    studio.forge("round", "wk1/R2_PLAN_CONFIRM", notes=["over its minutes, says Kim"])

    import_module("sprints.migrations.0018_stop_reason").find(apps, None)

    found = Round.objects.exclude(overdue_note="").values_list("code", "overdue_note")
    assert [*found] == [(CODE, note)]
