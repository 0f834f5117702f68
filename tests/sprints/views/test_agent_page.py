"""The agents and what they were asked last."""

import pytest

from sprints import operations
from sprints.contract import AGENT_IDS
from sprints.engine.carry import Wish
from sprints.models import Task
from sprints.roles import Role
from tests.sprints.views.people import signed_in, text_of


@pytest.fixture
def viewer(store):
    return signed_in(Role.VIEWER)


def test_all_fifteen_are_there_before_anything_was_asked(viewer):
    read = text_of(viewer.get("/agents/"))

    assert all(agent in read for agent in AGENT_IDS)
    assert "agent_11 Quality and test engineering lead" in read
    assert read.count("has not been asked yet") == 15


def test_each_is_shown_with_its_last_task_and_those_before(viewer):
    operations.create("wk1", by="sam")
    operations.run("wk1", Wish())

    read = text_of(viewer.get("/agents/"))

    lead = read.partition("agent_01")[2].partition("agent_02")[0]
    assert "wk1 R5 done just now" in lead
    assert "wk1 R4 wk1 R3 wk1 R2" in lead
    assert read.count("has not been asked yet") == 10


def test_a_title_does_not_play_with_the_page(viewer):
    operations.create("wk1", by="sam")
    operations.run("wk1", Wish())
    Task.objects.update(title="<script>alert(1)</script>\x00")

    page = viewer.get("/agents/").content.decode()

    assert "<script>alert" not in page
    assert "\x00" not in page
