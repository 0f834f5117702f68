"""Test the documented commands: their output and their exit codes."""

import json
import re

from django.db import transaction
from django.utils import timezone

from sprints.models.event import append
from sprints.state.event_format import Draft


def test_the_exit_code_is_the_sprints(green, red):
    assert [green.said[name].code for name in ("init", "create", "run")] == [0, 0, 0]
    assert [red.said[name].code for name in ("init", "create", "run")] == [0, 0, 1]


def test_status_is_json_with_the_documented_keys(store, invoke):
    for sprint_id in ("b", "a", "C"):
        invoke("sprint", "create", sprint_id)

    status = json.loads(invoke("status", "--json").out)

    assert re.fullmatch(r"\d+\.\d+\.\d+", status["studio_gateway_version"])
    assert status["repo_root"] == str(store.repo)
    assert status["store_root"] == str(store.root)
    assert status["events_path"] == str(store.events)
    assert status["sprints"] == ["C", "a", "b"]


def test_status_in_a_pipe_is_json_without_being_asked(store, invoke):
    assert json.loads(invoke("status").out) == json.loads(invoke("status", "--json").out)


def test_events_are_an_array_with_the_oldest_first(store, invoke):
    for number in range(3):
        invoke("sprint", "create", f"s{number}")
    lines = [json.loads(line) for line in store.events.read_text().splitlines()]

    whole = json.loads(invoke("events").out)
    last = json.loads(invoke("events", "--tail", "2").out)
    own = json.loads(invoke("events", "--sprint", "s1", "--tail", "5").out)

    assert whole == lines
    assert last == lines[-2:]
    assert [event["message"] for event in own] == ["sprint created: s1"]


def test_events_are_two_hundred_unless_told(store, invoke):
    with transaction.atomic():
        append([Draft("note", f"note {number}") for number in range(205)], timezone.now())

    shown = json.loads(invoke("events").out)

    assert [event["message"] for event in shown] == [f"note {n}" for n in range(5, 205)]


def test_a_step_is_one_round_and_starts_the_sprint(store, invoke):
    invoke("sprint", "create", "s1")

    codes = [invoke("sprint", "step", "s1").code for _ in range(2)]

    sprint = json.loads(store.state.read_text())["sprints"]["s1"]
    assert codes == [0, 0]
    assert (sprint["status"], sprint["current_round"]) == ("running", "R2_PLAN_CONFIRM")
    assert [value["status"] for value in sprint["rounds"].values()] == [
        *["done"] * 2,
        *["pending"] * 4,
    ]


def test_a_sprint_is_shown_exactly_as_in_the_file(store, invoke):
    invoke("sprint", "create", "s1", "--title", "One")
    invoke("sprint", "step", "s1")

    shown = invoke("sprint", "show", "s1", "--json").out

    assert json.loads(shown) == json.loads(store.state.read_text())["sprints"]["s1"]


def test_the_help_names_every_command_of_ours():
    from django.core.management import get_commands

    from gateway_project.cli import OURS

    ours = {
        name
        for name, app in get_commands().items()
        if isinstance(app, str) and app.split(".")[0] in ("sprints", "gates", "gateway_project")
    }

    assert ours == set(OURS)
