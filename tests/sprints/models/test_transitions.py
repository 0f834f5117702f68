"""Test transitions: guarded, all or nothing, numbered in commit order, chained."""

import hashlib
import json

import pytest
from django.utils import timezone

from sprints.contract.contract import draft
from sprints.core import commands
from sprints.models import Event, Head, Round, Sprint
from sprints.models.loading import load
from sprints.models.transitions import record
from sprints.state.event_codes import EventKind
from sprints.state.messages import Message
from sprints.state.transitions import Create, ExpectedVersion, MoveRefused, Transition, Update, net
from tests import studio


@pytest.fixture
def sprint(store) -> Sprint:
    """A sprint that has not been started."""
    return studio.create("wk1")


def retitle(version: int, only_from: tuple[str, ...] = ("created",), token: int | None = None):
    """A move of the sprint by a writer who has read that version."""
    update = Update("sprint", "wk1", only_from, {"title": "New"})
    return record(
        "wk1",
        [Transition(EventKind.NOTE, Message("m"), (update,))],
        ExpectedVersion(version, token),
        timezone.now(),
    )


def test_a_move_writes_the_row_and_its_event_with_the_change(sprint):
    retitle(sprint.version)

    sprint.refresh_from_db()
    assert (sprint.title, sprint.version) == ("New", 1)
    assert studio.last_event()["change"] == [
        {"op": "replace", "path": "/sprints/wk1/title", "value": "New"}
    ]


@pytest.mark.parametrize(
    ("version", "only_from", "token", "why"),
    [
        (0, ("running",), None, "cannot become changed from created"),
        (7, ("created",), None, "has changed in the meantime"),
        (0, ("created",), 3, "run by another process"),
    ],
)
def test_a_refused_move_writes_nothing_at_all(sprint, version, only_from, token, why):
    before = studio.seq()

    with pytest.raises(MoveRefused, match=why):
        retitle(version, only_from, token)

    assert Event.objects.count() == before == studio.seq()
    assert studio.sprint("wk1").title == "wk1"


def test_a_move_that_fails_half_way_leaves_no_half(sprint):
    moves = [
        Transition("note", "a", (Update("sprint", "wk1", ("created",), {"title": "New"}),)),
        Transition(
            "note", "b", (Update("round", "wk1/R0_SETUP", ("pending",), {"status": "done"}),)
        ),
    ]

    with pytest.raises(MoveRefused, match="no round wk1/R0_SETUP"):
        record("wk1", moves, ExpectedVersion(0), timezone.now())

    assert studio.sprint("wk1").title == "wk1"


def test_a_cancelled_sprint_cannot_succeed(sprint):
    stale = load("wk1", timezone.now())
    studio.cancel("wk1", "sam")
    late = Update("sprint", "wk1", ("running",), {"status": "succeeded"})

    with pytest.raises(MoveRefused, match="cannot become succeeded from cancelled"):
        record(
            "wk1",
            [Transition("note", "late", (late,))],
            ExpectedVersion(stale.version),
            timezone.now(),
        )

    assert studio.sprint("wk1").status == "cancelled"


def test_events_are_numbered_without_a_gap_and_chained_by_hash(sprint):
    for version in range(5):
        retitle(version)

    prev = "0" * 64
    for number, event in enumerate(Event.objects.order_by("seq"), 1):
        body = event.body
        digest = body.pop("hash")
        line = json.dumps(body, sort_keys=True)
        assert body["seq"] == number
        assert body["prev"] == prev
        assert digest == hashlib.sha256(f"{prev}\n{line}".encode()).hexdigest()
        prev = digest
    assert Head.objects.get().hash == prev


def test_several_changes_of_one_row_are_one_statement_with_the_first_guard():
    changes = [
        Create("round", "a/R0", {"status": "pending"}),
        Update("sprint", "a", ("created",), {"status": "running"}),
        Update("round", "a/R0", ("pending",), {"status": "done"}),
        Update("sprint", "a", ("running",), {"current_round": "R1"}),
    ]

    assert net(changes) == [
        Create("round", "a/R0", {"status": "done"}),
        Update("sprint", "a", ("created",), {"status": "running", "current_round": "R1"}),
    ]


def test_what_the_engine_believes_is_what_the_rows_say(store):

    studio.create("wk2")

    believed = studio.run("wk2")

    assert load("wk2", believed.at) == believed
    assert Round.objects.filter(sprint="wk2", status="done").count() == 6


def test_a_start_is_refused_when_the_contract_is_not_sound(sprint):
    snapshot = load("wk1", timezone.now())

    with pytest.raises(ValueError, match="no gate is left"):
        commands.start(snapshot, draft({}, []), timezone.now())
