"""Test that a record older than its repository is noticed, and continued as a new incarnation."""

import json
import shutil

import pytest
from django.utils import timezone

from sprints.git import certificate
from sprints.git.gateway_repo import home_of
from sprints.git.git import make
from sprints.models import Event, Head
from sprints.models.event import named_in_record
from sprints.models.transitions import note
from sprints.state.event_catalog import payload
from sprints.state.event_codes import EventKind
from sprints.state.messages import message
from tests import studio
from tests.checkout import commit, git

ADOPT = "type: studio-gateway adopt"
LACKED = "e" * 64  # the hash of an event that the record lacks


@pytest.fixture
def repo(repo):
    """A real repository."""
    commit(repo, {"a": "one\n"})
    return repo


def first_hash():
    return Event.objects.get(seq=1).hash


def release(repo, name="wk1", **facts):
    """Tag the head of the repository as a gateway does."""
    texts = dict.fromkeys(certificate.TEXTS, "x")
    words = certificate.text({**texts, "sprint": name, "gates": [], "chain": LACKED, **facts})
    git(repo, "tag", "-a", f"shipped/{name}", "-m", f"Shipped: {name}\n\n{words}")


def recorded_release():
    """Record a publication, and return what names it in its certificate."""
    words = message("event.journal_written")
    (event,) = note(EventKind.SHIP_PUBLISHING, words, timezone.now())
    studio.settle_files()
    return named_in_record(event)


def levels(invoke):
    found = json.loads(invoke("doctor", "--json").out)
    return {(one["level"], one["remedy"]) for one in found if one["check"] == "journal"}


def test_a_release_that_the_record_lacks_is_noticed_and_adopted(repo, store, invoke):
    release(repo, record=first_hash())

    for argv, code in (("init",), 0), (("verify",), 1), (("verify", "--record"), 1):
        said = invoke(*argv)
        assert said.code == code, said
        notice = next(line for line in (said.out + said.err).split("\n") if ADOPT in line)
        assert "this record lacks releases of its own (shipped/wk1)" in notice
        assert "tag -d" not in notice
    assert levels(invoke) >= {("bad", "studio-gateway adopt")}

    said = invoke("adopt")

    assert (said.code, said.err) == (0, "")
    assert "not in the record: the release shipped/wk1, whose tag stays" in said.out
    assert git(repo, "tag") == "shipped/wk1"
    for argv in (("init",), ("verify",), ("rebuild", "--check")):
        said = invoke(*argv)
        assert said.code == 0, said
        assert ADOPT not in said.out + said.err
    assert not levels(invoke) & {("bad", "studio-gateway adopt"), ("warn", "studio-gateway adopt")}


def test_only_certificates_of_this_record_count(repo, store, invoke):
    release(repo, "known", **recorded_release())
    release(repo, "of-another-gateway", record="f" * 64)
    release(repo, "nothing-of-ours-names-no-record")
    git(repo, "tag", "shipped/by-hand")
    git(repo, "tag", "-a", "shipped/torn", "-m", "{\n")

    for argv in ("init", "verify"):
        said = invoke(argv)

        assert (said.code, said.err) == (0, ""), said


def test_what_an_earlier_incarnation_goes_on_to_ship_is_of_another_record(repo, store, invoke):
    assert invoke("adopt").code == 0
    release(repo, "copied-store", record=first_hash())
    assert invoke("verify").code == 0

    release(repo, "later", record=first_hash(), incarnation=Head.objects.get().incarnation)

    assert "(shipped/later)" in invoke("verify").out


def test_a_release_of_an_earlier_version_may_be_anothers(repo, store, invoke):
    known = recorded_release()
    release(repo, "known", chain=known["chain"])
    release(repo, "unknown")

    said = invoke("verify")

    assert said.code == 0
    assert "(shipped/unknown)" in said.err
    assert "or another gateway shipped them" in said.err
    assert invoke("adopt").code == 0
    assert invoke("verify").err == ""


def test_work_of_a_sprint_that_the_record_lacks_is_noticed(repo, store, invoke):
    own = home_of(store.root) / "own.git"
    own.parent.mkdir(exist_ok=True)
    make(own.parent, own, bare=True)
    git(repo, "push", "-q", str(own), "main:refs/sg/wk1/20261201000000/base")
    studio.create("wk2")
    studio.settle_files()
    git(repo, "push", "-q", str(own), "main:refs/sg/wk2/20261201000000/base")

    said = invoke("verify")

    assert said.code == 1
    assert "this record lacks sprints whose work this store has (wk1)" in said.out
    assert "the sprint wk1, whose branch stays" in invoke("adopt").out
    assert invoke("verify").code == 0


def test_events_carry_the_incarnation_from_the_adoption_on(store, invoke):
    studio.create("wk1")
    before = studio.last_event()

    done = json.loads(invoke("adopt", "--json").out)

    event = studio.event("record_adopted")
    assert (event["incarnation"], event["seq"]) == (done["incarnation"], before["seq"] + 1)
    told = {key: event["data"][key] for key in ("after_seq", "after_hash", "before")}
    assert told == {"after_seq": before["seq"], "after_hash": before["hash"], "before": ""}
    studio.create("wk2")
    assert {one.get("incarnation") for one in studio.events()[before["seq"] :]} == {
        done["incarnation"]
    }
    assert not [one for one in studio.events()[: before["seq"]] if "incarnation" in one]
    assert payload("x", event)["incarnation"] == done["incarnation"]
    assert "incarnation" not in payload("x", before)
    again = json.loads(invoke("adopt", "--json").out)
    assert again["incarnation"] != done["incarnation"]
    assert studio.last_event()["data"]["before"] == done["incarnation"]
    for argv in (("init",), ("verify",), ("rebuild", "--check")):
        assert invoke(*argv).code == 0


def test_verify_compares_the_incarnation_of_the_database(store, invoke):
    assert invoke("adopt").code == 0
    Head.objects.update(incarnation="another")

    said = invoke("verify")

    assert said.code == 1
    assert "the incarnation of the database is not that of its last event" in said.out


def test_a_rebuilt_or_imported_record_keeps_its_incarnation(shell, repo, tmp_path):
    root = repo / ".studio_gateway"
    assert shell("init").code == 0
    assert shell("adopt").code == 0
    assert shell("export", "--out", str(tmp_path / "record.tar.gz")).code == 0
    for path in root.glob("gateway.sqlite3*"):
        path.unlink()
    assert shell("rebuild").code == 0
    assert shell("sprint", "create", "wk1").code == 0
    there = tmp_path / "there"
    (there / ".git").mkdir(parents=True)
    at = {"STUDIO_GATEWAY_REPO": str(there)}
    assert shell("init", **at).code == 0
    assert shell("import", str(tmp_path / "record.tar.gz"), **at).code == 0

    for folder in (root, there / ".studio_gateway"):
        lines = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
        adopted = next(n for n, one in enumerate(lines) if one["kind"] == "record_adopted")
        assert len(lines) > adopted + 1
        assert len({one.get("incarnation") for one in lines[adopted:]}) == 1
        assert lines[-1]["incarnation"]


def test_a_database_of_last_week_beside_a_newer_events_file(shell, repo, tmp_path):
    assert shell("init").code == 0
    root = repo / ".studio_gateway"
    assert shell("backup", str(tmp_path / "old")).code == 0
    assert shell("sprint", "create", "wk1").code == 0
    assert shell("sprint", "create", "wk2").code == 0
    newer = (root / "events.jsonl").read_bytes()
    for path in root.glob("gateway.sqlite3*"):
        path.unlink()
    shutil.copy(tmp_path / "old" / "gateway.sqlite3", root)

    for argv, code in (("init",), 2), (("verify",), 1):
        said = shell(*argv)
        assert said.code == code, said
        assert "events.jsonl has events that the database lacks" in said.out + said.err
        assert ADOPT in said.out + said.err
    said = shell("doctor")
    assert "→ studio-gateway adopt" in said.out

    said = shell("adopt")

    assert said.code == 0, said
    assert "events from seq 2 on, kept in events.jsonl.kept" in said.out
    assert (root / "events.jsonl.kept").read_bytes() == newer
    for argv in (("init",), ("verify",), ("rebuild", "--check")):
        found = shell(*argv)
        assert (found.code, found.err.count(ADOPT)) == (0, 0), found
    kinds = [json.loads(line)["kind"] for line in (root / "events.jsonl").read_text().splitlines()]
    assert "journal_repaired" not in kinds
