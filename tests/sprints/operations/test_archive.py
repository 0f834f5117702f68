"""Test that an archived sprint leaves every list, and comes back unchanged."""

import json

import pytest

from sprints import queries
from tests import studio
from tests.people import Role, signed_in, text_of
from tests.sprints.bad_inputs.refusals import complaint, rows
from tests.world import run_command


@pytest.fixture
def ended(store):
    """``wk1`` succeeded, ``wk2`` failed, ``wk3`` was cancelled; ``wk4`` is still to be run."""
    for name in ("wk1", "wk2", "wk3", "wk4"):
        studio.create(name, title=f"Title of {name}")
    studio.run("wk1")
    studio.gate("false")
    studio.run("wk2")
    studio.cancel("wk3", "sam")
    studio.settle_files()
    return store


def ids_in(store):
    return [*json.loads(store.state.read_text())["sprints"]]


def test_archived_sprints_leave_the_file_and_every_list(ended, invoke):
    before = ended.state.stat().st_size

    said = invoke("archive", "wk1", "wk2")

    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "archived wk1, wk2",
        "to restore: studio-gateway archive --restore wk1 wk2",
    ]
    assert ids_in(ended) == ["wk3", "wk4"]
    assert ended.state.stat().st_size < before / 2
    status = json.loads(invoke("status", "--json").out)
    assert (status["sprints"], status["archived"]) == (["wk3", "wk4"], 2)
    assert status["counts"]["succeeded"] == 0
    listed = json.loads(invoke("sprint", "list", "--json").out)
    assert {one["sprint_id"] for one in listed} == {"wk3", "wk4"}
    assert list(signed_in(Role.VIEWER).get("/api/sprints").json()["sprints"]) == ["wk3", "wk4"]
    assert signed_in(Role.VIEWER).get("/api/status").json()["sprints"] == ["wk3", "wk4"]
    browser = signed_in(Role.ADMIN)
    for page in ("/", "/sprints/", "/sprints/?status=failed", "/admin/sprints/sprint/"):
        text = text_of(browser.get(page))
        assert "Title of wk1" not in text, page
        assert "Title of wk2" not in text, page


def test_who_asks_sees_them(ended, invoke):
    invoke("archive", "wk1", "wk2")

    listed = json.loads(invoke("sprint", "list", "--archived", "--json").out)
    assert {one["sprint_id"] for one in listed} == {"wk1", "wk2"}
    assert list(signed_in(Role.VIEWER).get("/api/sprints?archived=1").json()["sprints"]) == [
        "wk1",
        "wk2",
    ]
    browser = signed_in(Role.OPERATOR)
    text = text_of(browser.get("/sprints/?status=archived"))
    assert "Title of wk1" in text
    assert "Title of wk3" not in text
    assert "Archived 2" in text
    page = text_of(browser.get("/sprints/wk2/"))
    assert "archived" in page
    assert "Retry from" not in page
    assert "Title of wk1" in text_of(signed_in(Role.ADMIN).get("/admin/sprints/sprint/?archived=1"))
    shown = json.loads(invoke("sprint", "show", "wk1", "--json").out)
    assert shown["status"] == "succeeded"
    assert signed_in(Role.VIEWER).get("/api/sprints/wk1").json() == shown


def test_the_record_agrees_before_and_after_and_the_file_is_as_it_was(ended, invoke):
    before = ended.state.read_bytes()
    for argv in (("archive", "wk1", "wk3"), ("archive", "--restore", "wk3", "wk1")):
        assert invoke(*argv, "--json").code == 0
        for check in (("verify",), ("rebuild", "--check")):
            said = invoke(*check)
            assert (said.code, said.err) == (0, ""), said.out
    assert ended.state.read_bytes() == before


def test_a_rebuild_archives_what_was_archived(ended, invoke, tmp_path):
    invoke("archive", "wk1")
    repo = tmp_path / "elsewhere"
    (repo / ".git").mkdir(parents=True)

    made = run_command(repo, "rebuild", "--from", str(ended.events))

    assert (made.code, made.err) == (0, "")
    for check in (("verify",), ("rebuild", "--check")):
        assert run_command(repo, *check).code == 0
    listed = json.loads(run_command(repo, "sprint", "list", "--archived", "--json").out)
    assert [one["sprint_id"] for one in listed] == ["wk1"]
    assert run_command(repo, "archive", "--restore", "wk1").code == 0
    state = json.loads((repo / ".studio_gateway" / "state.json").read_text())
    assert "wk1" in state["sprints"]


def test_an_import_leads_the_paths_of_archived_sprints_too(ended, invoke, tmp_path):
    invoke("archive", "wk1")
    repo = tmp_path / "elsewhere"
    (repo / ".git").mkdir(parents=True)
    run_command(repo, "init")

    made = run_command(repo, "import", str(ended.root))

    assert (made.code, made.err) == (0, "")
    assert run_command(repo, "archive", "--restore", "wk1").code == 0
    for check in (("verify",), ("rebuild", "--check")):
        said = run_command(repo, *check)
        assert (said.code, said.err) == (0, ""), said.out
    text = (repo / ".studio_gateway" / "state.json").read_text()
    assert str(ended.root) not in text
    assert f"{repo}/.studio_gateway/artifacts/wk1/gates" in text


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("archive", "wk1", "wk4"), "sprint wk4 is created; only ended sprints can be archived"),
        (("archive", "wk1", "wk9"), "no sprint wk9"),
        (("archive", "--restore", "wk1"), "sprint wk1 is not archived"),
        (("archive",), "the following arguments are required: ID"),
    ],
)
def test_one_that_cannot_be_archived_leaves_all_as_they_are(ended, invoke, argv, words):
    before = rows()

    said = complaint(invoke(*argv))

    assert words in said
    assert rows() == before


@pytest.mark.parametrize("act", ["run", "step", "retry", "pause", "cancel"])
def test_nothing_is_done_to_an_archived_sprint_before_it_is_back(ended, invoke, act):
    invoke("archive", "wk2")
    before = rows()

    said = complaint(invoke("sprint", act, "wk2"))

    if act != "run" and act != "step":
        assert said.endswith("first: studio-gateway archive --restore wk2")
    assert rows() == before
    with pytest.raises(studio.Refused, match="wk2 is archived"):
        studio.edit("wk2", "sam", title="Other")
    assert "it is archived" in complaint(invoke("sprint", "create", "WK2"))
    assert "is archived already" in complaint(invoke("archive", "wk2"))


def test_a_sprint_that_is_back_can_be_retried(ended, invoke):
    invoke("archive", "wk2")
    invoke("archive", "--restore", "wk2")
    studio.gate("true")

    assert invoke("sprint", "retry", "wk2").code == 0

    assert invoke("verify").code == 0
    assert studio.sprint("wk2").status == "succeeded"
    kinds = [row["kind"] for row in studio.events(kind__startswith="sprint_")]
    assert kinds[-2:] == ["sprint_archived", "sprint_restored"]
    assert queries.titles(archived=True) == {}
