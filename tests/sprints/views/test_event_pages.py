"""Test the event stream: filtered, paged by number, followed."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from sprints.models.transitions import note
from sprints.views import event_pages
from tests import studio
from tests.people import LIVE, Role, links_of, signed_in, text_of

LATER = datetime(2099, 11, 24, 12, tzinfo=UTC)  # than every event of the store


@pytest.fixture
def viewer(store):
    return signed_in(Role.VIEWER)


def numbers(answer) -> list[int]:
    """The events of a page, in its order."""
    return [int(seq) for seq in re.findall(r'<tr id="e(\d+)"', answer.content.decode())]


def test_the_newest_come_first_and_pages_hold_each_once(viewer, monkeypatch):
    monkeypatch.setattr(event_pages, "SHOWN", 3)
    for n in range(8):
        note("note", f"note {n}", timezone.now())
    seen, path = [], "/events/"

    while path:
        answer = viewer.get(path)
        seen += numbers(answer)
        path = next((h for h in links_of(answer) if "before=" in h and h in _pages(answer)), "")

    assert seen == list(range(studio.seq(), 0, -1))


def _pages(answer) -> str:
    return str(answer.content.decode().partition('class="pages"')[2])


def test_it_is_filtered_by_sprint_and_kind(viewer):
    studio.create("wk1", by="sam")
    studio.create("wk2", by="sam")
    studio.start("wk2")

    of_wk2 = viewer.get("/events/?sprint=wk2")
    created = viewer.get("/events/?sprint=wk2&kind=sprint_created")

    assert len(numbers(of_wk2)) == 2
    assert len(numbers(created)) == 1
    assert "sprint created: wk2" in text_of(created)


@pytest.mark.parametrize(
    ("query", "minutes"),
    [
        ({}, [0, 10, 20, 30]),
        ({"since": "2099-11-24T12:10"}, [10, 20, 30]),
        ({"since": "2099-11-24T12:10:01"}, [20, 30]),
        ({"until": "2099-11-24T12:10:00"}, [0, 10]),
        ({"since": "2099-11-24T12:05", "until": "2099-11-24T12:25"}, [10, 20]),
        ({"since": "2099-11-24T14:10+02:00"}, [10, 20, 30]),
        ({"since": "2099-11-24T13:00"}, []),
        ({"until": "2099-11-24T11:59"}, []),
    ],
)
def test_it_is_filtered_by_time(viewer, query, minutes):
    seqs = {
        minute: note("past", "x", LATER + timedelta(minutes=minute))[0].seq
        for minute in (0, 10, 20, 30)
    }

    answer = viewer.get("/events/", query)

    ours = [number for number in numbers(answer) if number in seqs.values()]
    assert ours == [seqs[minute] for minute in reversed(minutes)]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"since": "yesterday"}, "since='yesterday' is no time"),
        ({"until": "9999-99-99"}, "is no time"),
        ({"since": "0001-01-01T00:00+14:00"}, "is no time"),
        ({"before": "-1"}, "before='-1' is no number"),
        ({"before": "1e3"}, "is no number"),
        ({"before": "٣"}, "is no number"),
        ({"before": "9" * 30}, "is no number"),
        ({"kind": "a\x00b"}, "is no line"),
        ({"sprint": "x" * 201}, "is no line"),
        ({"follow": "yes"}, "is not one of 1"),
    ],
)
def test_what_cannot_be_read_is_left_out_and_said(viewer, query, said):
    answer = viewer.get("/events/", query)

    assert answer.status_code == 200
    assert said in text_of(answer)
    assert numbers(answer)


def test_what_matches_nothing_says_so(viewer):
    assert "No event matches." in text_of(viewer.get("/events/?kind=nope"))
    assert numbers(viewer.get("/events/?sprint=%27--")) == []


def test_a_message_does_not_play_with_the_page(viewer):
    note("<b>kind</b>", "<script>alert(1)</script>\x1b[2J\u202e", timezone.now())

    page = viewer.get("/events/").content.decode()

    assert "<script>alert" not in page
    assert "<b>kind" not in page
    assert not {"\x1b", "\u202e"} & set(page)


def test_who_follows_gets_what_is_new_and_nothing_twice(viewer):
    poll = _poll_of(viewer.get("/events/?follow=1&kind=note"))
    quiet = viewer.get(poll, headers=LIVE)
    note("error", "not of the kind", timezone.now())
    (mine,) = note("note", "mine", timezone.now())

    new = viewer.get(poll, headers=LIVE)
    after = viewer.get(_poll_of(new), headers=LIVE)

    assert (quiet.status_code, quiet.content) == (204, b"")
    assert numbers(new) == [mine.seq]
    assert new.content.lstrip().startswith(b'<tr id="follow"')
    assert after.status_code == 204


def test_who_is_far_behind_is_told_that_some_is_left_out(viewer, monkeypatch):
    poll = _poll_of(viewer.get("/events/?follow=1"))
    monkeypatch.setattr(event_pages, "SHOWN", 2)
    for n in range(3):
        note("note", f"note {n}", timezone.now())

    new = viewer.get(poll, headers=LIVE)

    assert len(numbers(new)) == 2
    assert "Some events are left out" in text_of(new)


def test_nobody_asks_again_who_does_not_follow(viewer):
    assert b"hx-get" not in viewer.get("/events/").content
    assert b"hx-get" not in viewer.get("/events/?follow=1&before=2").content


def _poll_of(answer) -> str:
    found = answer.content.decode().partition('hx-get="')[2].partition('"')[0]
    assert found
    return str(found.replace("&amp;", "&"))
