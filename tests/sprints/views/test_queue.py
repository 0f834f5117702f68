"""Test that every face shows the queue alike: the place, the next one, and the time in it."""

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from sprints.models import Event
from tests import studio
from tests.people import LIVE, Role, signed_in, text_of


@pytest.fixture
def viewer(store):
    """A viewer, while sprint a runs, and b and c wait for their turns since an hour."""
    studio.host(place=settings.STORE.place)
    for name in "abc":
        studio.create(name)
        studio.start(name)
    earlier = timezone.now() - timedelta(hours=1)
    Event.objects.filter(sprint_id__in="bc").update(ts=earlier)
    for name in "bc":
        studio.forge("sprint", name, started_at=earlier)
    lease = studio.take("a")
    yield signed_in(Role.VIEWER)
    studio.release(lease)


WHAT = "its turn, next of 2; sprint a is running in the repository"


def test_the_dashboard_shows_the_order(viewer):
    text = text_of(viewer.get("/"))

    assert "Running now 1 a" in text
    assert "; 2 queued" in text
    queue = text.partition("Queue, the next sprint first")[2]
    assert queue.index("1 of 2 b") < queue.index("2 of 2 c")
    assert WHAT in queue


def test_the_page_of_a_sprint_shows_its_place_and_the_time_in_the_queue(viewer):
    for page in (viewer.get("/sprints/b/"), viewer.get("/sprints/b/?part=live", headers=LIVE)):
        said = page.content.decode()
        assert '<span class="pill queued">queued</span>' in said
        assert WHAT in said
        assert "so far <b>0.0s</b>" in said
        assert "in the queue <b>1h 00m</b>" in said


def test_an_operator_moves_a_sprint_first_from_its_page(viewer):
    operator = signed_in(Role.OPERATOR, "kim")
    button = 'id="act-first"'
    assert button not in operator.get("/sprints/b/").content.decode()
    assert button in operator.get("/sprints/c/").content.decode()

    said = text_of(operator.post("/sprints/c/first", follow=True))

    assert "The sprint is the next one of the queue." in said
    assert "its turn, next of 2" in said
    assert viewer.post("/sprints/b/first").status_code == 403
    assert "moved to the head of the queue by kim" in said


def test_the_command_moves_a_sprint_first(viewer, invoke):
    said = invoke("sprint", "first", "c")

    assert (said.out, said.code) == ("c is the next sprint of the queue\n", 0)
    assert [one["sprint_id"] for one in viewer.get("/api/status").json()["queued"]] == ["c", "b"]
    refused = invoke("sprint", "first", "a")
    assert (refused.err, refused.code) == ("error: sprint a is not queued; it is running\n", 2)


def test_the_list_and_the_commands_show_it(viewer, invoke):
    assert viewer.get("/sprints/").content.decode().count("pill queued") == 2
    rows = {row["sprint_id"]: row for row in json.loads(invoke("sprint", "list", "--json").out)}
    assert [rows[name]["shown"] for name in "abc"] == ["running", "queued", "queued"]
    assert (rows["b"]["status"], rows["b"]["took_s"]) == ("running", 0.0)
    assert rows["b"]["waited_for_turn_s"] >= 3600
    assert rows["b"]["waited_for_people_s"] == 0
    assert "queued" in invoke("sprint", "list").out
    shown = invoke("sprint", "show", "b").out
    assert f"waits for {WHAT}" in shown
    assert "it also waited 1 h 0 min for a turn" in shown


def test_status_and_api_list_the_queue_in_order(viewer, invoke):
    queue = json.loads(invoke("status", "--json").out)["queued"]

    assert [(one["sprint_id"], one["place"], one["places"]) for one in queue] == [
        ("b", 1, 2), ("c", 2, 2),
    ]  # fmt: skip
    assert viewer.get("/api/status").json()["queued"] == queue


def test_the_metrics_count_the_queue_and_its_longest_wait(viewer):
    pytest.importorskip("prometheus_client")

    said = viewer.get("/metrics").content.decode()

    assert "studio_gateway_sprints_queued 2.0" in said
    (line,) = [
        one for one in said.splitlines() if "queued_longest_seconds " in one and one[0] != "#"
    ]
    assert float(line.rpartition(" ")[2]) >= 3600
