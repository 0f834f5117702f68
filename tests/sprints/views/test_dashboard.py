"""Test the dashboard: what waits, what runs, what has ended."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sprints.views import polling
from tests import studio
from tests.people import LIVE, Role, links_of, signed_in, text_of, weight_of
from tools.bench.stores import fill

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def viewer(store):
    return signed_in(Role.VIEWER)


def test_an_empty_store_says_how_to_begin(store):
    seen = {role: signed_in(role).get("/") for role in Role}

    for role, answer in seen.items():
        offers = 'value="demo"' in answer.content.decode()
        assert offers == (role >= Role.OPERATOR)
        assert "studio-gateway sprint create demo" in text_of(answer)


def test_what_waits_for_a_person_comes_first_and_says_what_to_do(viewer):
    studio.gate("sh", "-c", "exit 7")
    studio.create("red", title="It will fail", by="sam")
    studio.run("red")
    studio.create("held", by="sam")
    studio.start("held")
    studio.pause("held", "robin", "lunch")
    studio.create("fresh", by="sam")

    answer = viewer.get("/")

    read = text_of(answer)
    assert read.index("Waiting for you") < read.index("Running now")
    assert "red It will fail R3 gate qa_smoke_quick failed, exit code 7" in read
    assert "held R0 waits for a resume; paused by robin" in read
    assert "fresh was made and has not been started" in read
    assert read.index("Read the failing line") < read.index("Resume it") < read.index("Run it")


def test_a_sprint_that_a_person_rejected_offers_no_line_of_a_gate(viewer):
    studio.create("no", approvals=["before_build"], by="sam")
    studio.run("no")
    studio.reject("no", "sam", "Not now")

    read = text_of(viewer.get("/"))

    assert "Open the sprint" in read
    assert "Read the failing line" not in read


def test_what_failed_long_ago_waits_for_nobody(viewer):
    studio.gate("false")
    studio.create("red", by="sam")
    studio.run("red")
    studio.forge("sprint", finished_at=timezone.now() - timedelta(days=2))

    assert "Read the failing line" not in text_of(viewer.get("/"))


def test_a_wait_that_is_over_its_time_is_shown(viewer):
    studio.create("slow", by="sam")
    studio.start("slow")
    studio.take("slow")
    at = "2026-01-01T00:00:00Z"
    waiting = {"what": "gate g", "who": "the gateway", "since_ts": at, "until_ts": at}
    studio.forge("sprint", waiting=waiting)

    assert "waits for gate g, and is over its time" in text_of(viewer.get("/"))


def test_a_sprint_is_shown_with_its_rounds_its_owner_and_its_time(viewer):
    studio.create("wk1", title="Dragons", by="sam")
    studio.run("wk1")

    answer = viewer.get("/")

    page = answer.content.decode()
    assert 'aria-label="R0 done, R1 done, R2 done, R3 done, R4 done, R5 done"' in page
    assert "wk1 Dragons succeeded" in text_of(answer)
    assert "100 %" in text_of(answer)
    assert '<td data-label="Owner">sam</td>' in page
    assert 'aria-label="wk1 succeeded, ran ' in page
    assert page.count('href="/sprints/wk1/"') >= 3


@pytest.mark.parametrize("status", ["created", "succeeded"])
def test_the_table_is_filtered_by_the_address(viewer, status):
    studio.create("new1", by="sam")
    studio.create("done1", by="sam")
    studio.run("done1")

    table = (
        viewer.get(f"/?status={status}")
        .content.decode()
        .partition("<table")[2]
        .partition("</table")[0]
    )

    assert ("/sprints/new1/" in table) == (status == "created")
    assert ("/sprints/done1/" in table) == (status == "succeeded")


@pytest.mark.parametrize("status", ["nope", HOSTILE, "\x00", "running,failed"])
def test_a_filter_that_does_not_exist_is_left_out_and_said(viewer, status):
    studio.create("wk1", by="sam")

    answer = viewer.get("/", {"status": status})

    assert answer.status_code == 200
    assert "is not one of created, running, blocked" in text_of(answer)
    assert "<script>alert" not in answer.content.decode()
    assert "/sprints/wk1/" in links_of(answer)


def test_nothing_that_people_write_plays_with_the_page(viewer):
    studio.create("wk1", title=HOSTILE, by=HOSTILE)
    studio.forge(
        "sprint", status="failed", last_error=f"{HOSTILE}\x1b[2J", finished_at=timezone.now()
    )
    studio.forge("head", mirror_fault=f"{HOSTILE}\x00")

    page = viewer.get("/").content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert not {"\x1b", "\x00"} & set(page)


def test_what_holds_everybody_is_said(viewer, store):
    studio.configure("automation_paused", "true", "sam")
    studio.settle_files()
    studio.forge("head", mirror_fault="no space left")
    studio.host("mill", timezone.now() - timedelta(minutes=1))

    read = text_of(viewer.get("/"))

    assert "Automation is paused." in read
    assert "The files are not up to date: no space left" in read
    assert "No worker responds on mill." in read


def test_schedules_that_come_next_are_shown(viewer):
    studio.add_schedule("nightly", "sam", cron="0 2 * * *", zone="Europe/Berlin")
    studio.add_schedule("asleep", "sam", cron="0 2 * * *", zone="UTC")
    studio.turn_schedule("asleep", "sam", on=False)

    read = text_of(viewer.get("/"))

    assert "nightly 0 2 * * * Europe/Berlin in " in read
    assert "asleep 0 2" not in read


def test_it_asks_again_only_while_something_runs(viewer):
    studio.create("wk1", by="sam")
    resting = viewer.get("/").content.decode()
    studio.start("wk1")

    running = viewer.get("/?status=running").content.decode()

    assert "hx-get" not in resting
    assert 'hx-get="/?status=running&amp;seen=' in running
    assert 'hx-trigger="every 2s"' in running


def test_a_live_part_is_told_when_nothing_is_new(viewer, monkeypatch):
    monkeypatch.setattr(polling, "FRESH_S", 1 << 40)  # no time passes
    studio.create("wk1", by="sam")
    studio.start("wk1")
    poll = _poll_of(viewer.get("/"))
    same = viewer.get(poll, headers=LIVE)
    studio.create("wk2", by="sam")

    new = viewer.get(poll, headers=LIVE)

    assert (same.status_code, same.content) == (204, b"")
    assert (new.status_code, b"<html" in new.content) == (200, False)
    assert "/sprints/wk2/" in links_of(new)
    assert _poll_of(new) != poll


def _poll_of(answer):
    page = answer.content.decode()
    return page.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")


def _queries(client, path):
    client.get(path)
    with CaptureQueriesContext(connection) as found:
        answer = client.get(path)
    assert answer.status_code == 200
    return len(found), answer


@pytest.mark.parametrize(
    "path", ["/", "/sprints/", "/gates/", "/gates/qa_smoke_quick/", "/agents/", "/events/"]
)
def test_sixty_sprints_cost_as_many_queries_as_three_and_weigh_little(viewer, path):
    fill(3)
    _start("few", 2)
    three, _ = _queries(viewer, path)
    fill(60)
    _start("many", 20)

    sixty, answer = _queries(viewer, path)

    assert three == sixty
    assert weight_of(answer) < 40_000


def _start(name, count):
    for n in range(count):
        studio.create(f"{name}{n}", by="sam")
        studio.start(f"{name}{n}")
