"""Test the list of sprints: filters, and pages that neither lose nor repeat one."""

import pytest

from sprints import queries
from sprints.management.tables import human
from sprints.views import sprint_list
from tests import studio
from tests.people import LIVE, Role, links_of, signed_in, text_of
from tools.bench.stores import fill


@pytest.fixture
def viewer(store):
    return signed_in(Role.VIEWER)


def shown(answer) -> list[str]:
    """Ids of the table's lines."""
    table = answer.content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
    lines = table.split("<tr>")[1:]
    return [line.partition('href="/sprints/')[2].partition("/")[0] for line in lines]


@pytest.mark.parametrize("size", [1, 4, 9, 10])
def test_its_pages_hold_every_sprint_once(viewer, monkeypatch, size):
    monkeypatch.setattr(sprint_list, "SHOWN", size)
    fill(8)  # made in one instant
    studio.create("z", by="sam")
    seen, path = [], "/sprints/"

    while path:
        answer = viewer.get(path)
        seen += shown(answer)
        path = next((href for href in links_of(answer) if "before=" in href), "")

    assert sorted(seen) == sorted(one.pk for one in studio.sprints())
    assert seen[0] == "z"


def test_pages_keep_their_filter(viewer, monkeypatch):
    monkeypatch.setattr(sprint_list, "SHOWN", 1)
    for name in ("dragon1", "dragon2", "boat"):
        studio.create(name, by="sam")

    first = viewer.get("/sprints/?q=dragon&status=created")
    older = next(href for href in links_of(first) if "before=" in href)

    assert (shown(first), shown(viewer.get(older))) == (["dragon2"], ["dragon1"])


@pytest.mark.parametrize("text", ["DRAG", "hunt", "  dragon  "])
def test_a_sprint_is_found_by_a_part_of_its_id_or_title(viewer, text):
    studio.create("dragon1", title="The Hunt", by="sam")
    studio.create("boat", by="sam")

    assert shown(viewer.get("/sprints/", {"q": text})) == ["dragon1"]


@pytest.mark.parametrize("text", ["%", "_x_", "' OR 1=1 --", "<script>", "☃"])
def test_what_nobody_wrote_is_not_found_and_does_no_harm(viewer, text):
    studio.create("boat", by="sam")

    answer = viewer.get("/sprints/", {"q": text})

    assert (answer.status_code, "No sprint matches." in text_of(answer)) == (200, True)
    assert "<script>With" not in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"status": "nope"}, "status='nope' is not one of created"),
        ({"q": "a\nb"}, "is no line of at most 200"),
        ({"q": "x" * 201}, "is no line of at most 200"),
        ({"before": "nobody"}, "no sprint 'nobody' to go on from"),
        ({"before": "../.."}, "no sprint '../..' to go on from"),
    ],
)
def test_what_cannot_be_read_is_left_out_and_said(viewer, query, said):
    studio.create("boat", by="sam")

    answer = viewer.get("/sprints/", query)

    assert (answer.status_code, shown(answer)) == (200, ["boat"])
    assert said in text_of(answer)


def test_only_who_may_is_offered_a_new_sprint(store):
    studio.create("boat", by="sam")

    offers = {role: "/sprints/new" in links_of(signed_in(role).get("/sprints/")) for role in Role}

    assert offers == {Role.VIEWER: False, Role.OPERATOR: True, Role.ADMIN: True}


def test_it_asks_again_while_a_sprint_of_the_page_runs(viewer):
    studio.create("boat", by="sam")
    resting = viewer.get("/sprints/")
    studio.start("boat")

    running = viewer.get("/sprints/?status=running")
    part = viewer.get("/sprints/?status=running&seen=0", headers=LIVE)

    assert b"hx-get" not in resting.content
    assert b'hx-get="/sprints/?status=running&amp;seen=' in running.content
    assert part.content.startswith(b'<div id="live"')


def test_took_has_one_value_in_list_page_and_command(store, invoke):
    studio.gate("false")
    studio.create("s1")
    studio.run("s1")

    page = signed_in(Role.VIEWER).get("/sprints/s1/").context["times"].working_s
    listed = queries.newest(1)[0]["took_s"]
    shown = invoke("sprint", "show", "s1").out.splitlines()[0]

    assert listed == page == queries.times(studio.sprint("s1")).working_s
    assert shown.rstrip().endswith(human(listed))
