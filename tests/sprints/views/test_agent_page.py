"""Test the page of the agents and their latest tasks."""

import re
from pathlib import Path

import pytest

import sprints
from sprints.contract.contract import AGENT_IDS
from sprints.models import Agent, Sprint, Task
from tests import studio
from tests.people import Role, signed_in, text_of


@pytest.fixture
def viewer(store):
    return signed_in(Role.VIEWER)


def test_all_fifteen_are_there_before_anything_was_asked(viewer):
    read = text_of(viewer.get("/agents/"))

    assert all(agent in read for agent in AGENT_IDS)
    assert "agent_11 Quality and test engineering lead" in read
    assert read.count("no task yet") == 15


def test_each_is_shown_with_its_last_task_and_those_before(viewer):
    studio.create("wk1", by="sam")
    studio.run("wk1")

    read = text_of(viewer.get("/agents/"))

    lead = read.partition("agent_01")[2].partition("agent_02")[0]
    assert "wk1 R5 done just now" in lead
    assert "wk1 R4 wk1 R3 wk1 R2" in lead
    assert read.count("no task yet") == 10


@pytest.mark.parametrize("kind", ["scripted", "command", *Task.Status, *Sprint.Status, "queued"])
def test_a_pill_takes_no_style_of_anything_else(kind):
    style = (Path(sprints.__file__).parent / "static/sprints/gateway.css").read_text()

    assert not re.search(rf"(^|, )\.{kind}\s*[,{{]", style, re.MULTILINE)


def test_a_title_does_not_play_with_the_page(viewer):
    studio.create("wk1", by="sam")
    studio.run("wk1")
    studio.forge("task", title="<script>alert(1)</script>\x00")

    page = viewer.get("/agents/").content.decode()

    assert "<script>alert" not in page
    assert "\x00" not in page


def test_the_page_shows_the_rows_as_they_are_now(viewer, invoke):
    invoke(
        "agent", "set", "agent_03", "--title", "Our architect", "--mission", "Lines.",
        "--responsibility", "Sees", "--authority", "May say no", "--deliverable", "A map",
        "--preset", "claude-code", "--model", "opus",
    )  # fmt: skip

    read = text_of(viewer.get("/agents/"))

    card = read.partition("agent_03")[2].partition("agent_04")[0]
    assert card.startswith(" Our architect command opus Lines. Card")
    assert "Responsibilities Sees Authority May say no Deliverables A map" in card
    assert "no task yet" in card


def test_only_an_admin_is_led_to_the_form(viewer):
    page = viewer.get("/agents/").content.decode()
    admins = signed_in(Role.ADMIN).get("/agents/").content.decode()

    assert "/admin/sprints/agent/" not in page
    assert 'href="/admin/sprints/agent/agent_15/change/"' in admins


def test_no_card_plays_with_the_page(viewer):
    studio.forge(
        "agent",
        title="<script>alert(1)</script>",
        mission="<b>\x00",
        authority=["<i>\x1b"],
        model="\x07",
    )

    page = viewer.get("/agents/").content.decode()

    assert "<script>alert" not in page
    assert "<i>" not in page
    assert not {"\x00", "\x1b", "\x07"} & set(page)


def test_without_rows_the_page_is_still_there(viewer):
    Agent.objects.all().delete()

    assert viewer.get("/agents/").status_code == 200
