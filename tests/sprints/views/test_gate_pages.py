"""Test the pages of gates and their results."""

from datetime import timedelta

import pytest

from gates.models import Gate
from sprints.queries import gate_history
from tests import studio
from tests.people import Role, links_of, signed_in, text_of


@pytest.fixture
def viewer(store):
    return signed_in(Role.VIEWER)


def run(sprint_id: str, *command: str) -> None:
    studio.gate(*command)
    studio.create(sprint_id, by="sam")
    studio.run(sprint_id)


def test_a_gate_is_shown_with_what_it_is_and_what_came_of_it(viewer):
    run("good", "true")
    run("bad", "sh", "-c", "exit 3")

    answer = viewer.get("/gates/")

    read = text_of(answer)
    assert "qa_smoke_quick QA smoke (quick) required" in read
    assert "Command sh -c 'exit 3'" in read
    assert "Passed 67 % of 3" in read
    assert "Timeout 10m 00s Rounds R3 R5 Profiles quick, full" in read
    assert 'aria-label="bad failed, took ' in answer.content.decode()
    assert "/gates/qa_smoke_quick/" in links_of(answer)


@pytest.mark.parametrize(
    ("network", "shown"),
    [
        ("none", "none"),
        ("all", "all"),
        (["pypi.org", "localhost:5432"], "pypi.org localhost:5432"),
    ],
)
@pytest.mark.parametrize("path", ["/gates/", "/gates/qa_smoke_quick/"])
def test_a_gate_is_shown_with_what_it_may_reach(viewer, path, network, shown):
    Gate.objects.update(network=network)

    assert f"Profiles quick, full Network in a clone {shown} " in text_of(viewer.get(path))


def test_its_page_lists_its_runs_the_last_first(viewer):
    run("good", "true")
    run("bad", "false")

    answer = viewer.get("/gates/qa_smoke_quick/")

    table = answer.content.decode().partition("<tbody>")[2]
    assert table.index("/sprints/bad/") < table.index("/sprints/good/")
    assert "failed R3 1 exit code 1" in text_of(answer)


def test_a_gate_that_was_removed_keeps_its_page_as_long_as_it_has_runs(viewer):
    run("good", "true")
    Gate.objects.all().delete()

    answer = viewer.get("/gates/qa_smoke_quick/")

    assert "qa_smoke_quick removed" in text_of(answer)
    assert "/sprints/good/" in links_of(answer)


@pytest.mark.parametrize("gate_id", ["nope", "%3Cscript%3E", "a%00b", "..", "x" * 300])
def test_there_is_no_page_of_a_gate_that_never_was(viewer, gate_id):
    assert viewer.get(f"/gates/{gate_id}/").status_code == 404


def test_a_gate_that_has_not_run_has_no_figures(viewer):
    assert "This gate has not run yet." in text_of(viewer.get("/gates/"))
    assert "This gate has not run yet." in text_of(viewer.get("/gates/qa_smoke_quick/"))


def test_no_gate_at_all_says_how_to_add_one(viewer):
    Gate.objects.all().delete()

    assert "studio-gateway gate add" in text_of(viewer.get("/gates/"))


def test_what_a_gate_is_called_does_not_play_with_the_page(viewer):
    studio.gate("echo", "<script>\x1b", title="<script>alert(1)</script>")

    page = viewer.get("/gates/").content.decode()

    assert "<script>alert" not in page
    assert "\x1b" not in page


def test_the_last_runs_of_each_gate_are_its_own_and_no_more_than_asked_for(store):
    studio.gate("true", gate_id="other")
    run("s1", "true")
    for number, back in enumerate((5, 3, 4), 10):
        _copy("s1/other/1", number, timedelta(hours=back))

    runs = gate_history.last_runs(["other", "qa_smoke_quick", "none"], 3)

    assert [row.number for row in runs["other"]] == [2, 1, 11]
    assert [row.number for row in runs["qa_smoke_quick"]] == [2, 1]
    assert runs["none"] == []
    assert gate_history.last_runs([], 3) == {}


def test_runs_that_were_cut_short_say_nothing_of_their_gate(store):
    run("s1", "true")
    _copy("s1/qa_smoke_quick/1", 3, timedelta(), status="cancelled", duration_s=900.0)
    _copy("s1/qa_smoke_quick/1", 4, timedelta(), status="failed", duration_s=60.0)
    runs = gate_history.last_runs(["qa_smoke_quick"], 10)["qa_smoke_quick"]

    figures = gate_history.figures(runs)

    assert (len(runs), figures.runs, figures.passed) == (4, 3, 2 / 3)
    assert (figures.p95_s, figures.p50_s < 60) == (60.0, True)
    assert gate_history.figures([]) == gate_history.Figures(0, None, None, None)


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [
        ([], 0.5, None),
        ([3], 0.95, 3),
        ([1, 2], 0.5, 1),
        ([4, 1, 3, 2], 0.5, 2),
        ([1] * 99 + [9], 0.95, 1),
    ],
)
def test_a_percentile_is_one_of_the_values(values, share, found):
    assert gate_history.percentile(values, share) == found


def _copy(pk: str, number: int, earlier: timedelta, **changes) -> None:
    row = studio.gate_run(pk=pk)
    row.pk, row.number = f"{pk.rpartition('/')[0]}/{number}", number
    row.started_at -= earlier
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(force_insert=True)
