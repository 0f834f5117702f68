"""Test that any change in events.jsonl, state.json or the rows is found and located."""

import json
import os
import socket
from datetime import UTC, datetime

import pytest
from django.db import models, transaction
from django.utils import timezone

from gates.evidence import FILES
from sprints.journal import bulk_rows, events_file, state_file, verify
from sprints.models import Event, Sprint
from sprints.models.event import append
from sprints.models.row_types import MODELS
from sprints.state.event_format import FIRST_PREV, Draft, canonical, chain
from sprints.state.state_mapping import KEYS
from tests import studio


@pytest.fixture
def told(store):
    """A store with the events of a whole sprint."""
    studio.create("wk1")
    studio.run("wk1")
    studio.settle_files()
    return store


def test_every_flipped_byte_is_found(told):
    whole = told.events.read_bytes()
    step = max(1, len(whole) // 400)

    for at in range(0, len(whole), step):
        told.events.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])

        found = verify.differences(told)
        line = whole[:at].count(b"\n") + 1
        assert found == [f"events.jsonl line {line} is not what the database has"], f"byte {at}"


def test_a_flipped_byte_of_the_last_line_is_found_or_mended_by_a_new_process(told):
    whole = told.events.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1

    for at in range(last, len(whole), 7):
        told.events.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        events_file.forget()  # as a process that has not written the file

        found = verify.differences(told)

        mended = told.events.read_bytes().startswith(whole)
        assert mended if not found else found[0].startswith("events.jsonl"), at


def test_what_was_printed_is_found_changed_and_gone(told):
    (printed,) = {*told.artifacts.glob("wk1/gates/*/runs/1/stdout.txt")}
    was = printed.read_bytes()

    assert (verify.verify(told).difference, verify.verify(told).outputs) == (None, 8)

    printed.write_bytes(was + b" ")
    found = verify.verify(told).difference
    assert found is not None
    assert found.text == f"{printed.relative_to(told.artifacts)} is not what was printed"
    assert verify.verify(told, read_outputs=False).difference is None

    printed.unlink()
    found = verify.verify(told).difference
    assert found is not None
    assert found.text == f"{printed.relative_to(told.artifacts)} is not there"

    printed.symlink_to(told.config)
    assert verify.verify(told).difference == found

    printed.unlink()
    printed.write_bytes(was)
    assert verify.verify(told).difference is None


@pytest.fixture
def worked(store):
    """A store with the runs of a gate, of an agent command and of a blocking hook."""
    studio.speaker("replies")
    studio.hook("guard", "command", ("round_done",), ("true",), blocking=True)
    studio.create("wk1")
    assert studio.run("wk1").sprint.last_error is None
    studio.settle_files()
    return store


def evidence(store, pattern: str) -> list:
    found = [path for path in store.artifacts.rglob(pattern) if path.is_file()]
    assert found, pattern
    return found


def test_every_file_of_a_run_that_is_changed_or_gone_is_named(worked):
    files = {path.stat().st_ino: path for path in evidence(worked, "*")}.values()
    assert verify.verify(worked).difference is None
    assert {path.name for path in files} == set(FILES)

    for path in files:
        was = path.read_bytes()
        path.write_bytes(was + b"x")
        found = verify.verify(worked).difference
        path.write_bytes(was)
        assert found, path
        assert found.text.startswith("wk1/"), path

    assert verify.verify(worked).difference is None
    for name in FILES:
        (path, *_) = [one for one in evidence(worked, name) if one.parent.name.isdigit()]
        kept = path.rename(path.with_name("kept"))
        assert verify.verify(worked).difference.text.endswith(f"/{name} is not there")
        kept.rename(path)


@pytest.mark.parametrize(
    "latest", ["gates/*/stdout.txt", "gates/*/stderr.txt", "agents/*/*/stdout.txt"]
)
def test_a_latest_output_that_is_not_of_the_last_run_is_named(worked, latest):
    (path, *_) = evidence(worked, latest)
    name = path.relative_to(worked.artifacts)
    was = path.read_bytes()

    path.unlink()
    assert verify.verify(worked).difference.text == f"{name} is not there"

    path.write_bytes(b"all is well")  # a file of its own, as an editor makes it
    assert verify.verify(worked).difference.text == f"{name} is not the output of the last run"

    path.write_bytes(was)  # a copy
    assert verify.verify(worked).difference is None


def test_the_output_of_a_gate_that_runs_again_is_not_compared_with_its_last_run(told):
    (path, *_) = evidence(told, "gates/*/stdout.txt")
    path.unlink()
    path.write_text("so far")
    assert verify.verify(told).difference

    data = studio.events("gate_started")[-1]["data"]
    with transaction.atomic():
        append([Draft("gate_started", "", sprint_id="wk1", data=data)], timezone.now())
    studio.settle_files()

    assert verify.verify(told).difference is None


def test_what_lies_in_another_hosts_store_is_not_missed(told, monkeypatch):
    printed = told.artifacts / "wk1" / "gates"
    printed.rename(told.root / "aside")
    assert verify.verify(told).difference is not None

    monkeypatch.setattr(socket, "gethostname", lambda: "another")
    assert (verify.verify(told).difference, verify.verify(told).outputs) == (None, 0)

    (told.root / "aside").rename(printed)
    assert verify.verify(told).outputs == 8
    next(printed.glob("*/runs/1/stdout.txt")).write_text("changed")
    assert verify.verify(told).difference is not None


def cut(path, count: int) -> None:
    """Leave the first ``count`` lines of the file."""
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:count]))


LOSSES = {
    "cut by a line": lambda path: cut(path, studio.seq() - 1),
    "cut in the middle": lambda path: cut(path, 7),
    "emptied": lambda path: path.write_bytes(b""),
    "deleted": lambda path: path.unlink(),
}


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
def test_lost_lines_are_named_restored_and_recorded(told, invoke, lose):
    whole, count = told.events.read_bytes(), studio.seq()
    lose(told.events)
    left = told.events.read_bytes().count(b"\n") if told.events.exists() else 0

    said = invoke("verify")
    words = f"differs: events.jsonl has lost the events {left + 1} to {count}: "
    assert (said.code, said.out.startswith(words)) == (1, True)
    assert invoke("sprint", "create", "wk2").code == 0

    assert told.events.read_bytes().startswith(whole)
    repaired = studio.event("journal_repaired")
    about = {"file": "events.jsonl", "from_seq": left + 1, "to_seq": count}
    assert repaired["data"] == about
    assert invoke("verify").code == 0


def test_a_loss_is_found_by_the_last_verification_where_the_seal_is_gone(told, invoke):
    assert invoke("verify", "--record").code == 0
    (told.root / ".state.json.seal").unlink()
    cut(told.events, 7)

    found = verify.verify(told).difference
    assert found.text == f"events.jsonl has lost the events 8 to {studio.seq() - 1}"

    studio.forge("event", studio.seq(), kind="note")  # as of another store, which has more lines
    assert verify.verify(told).difference.text != found.text


def test_the_file_of_a_new_host_is_behind_and_has_lost_nothing(told, invoke, monkeypatch):
    assert invoke("verify", "--record").code == 0
    monkeypatch.setattr(socket, "gethostname", lambda: "another")
    for name in ("events.jsonl", "state.json", ".state.json.seal"):
        (told.root / name).unlink()

    assert invoke("sprint", "create", "wk2").code == 0

    assert not studio.events("journal_repaired")
    assert invoke("verify", "--no-outputs").code == 0


def test_state_json_is_sealed_at_no_event_that_the_file_may_lack(told, monkeypatch):
    """A process that dies after each write leaves no seal beyond the last line."""
    seals, write = [], state_file.write

    def written(path, head):
        studio.pause("wk9", "sam")  # another process records an event meanwhile
        monkeypatch.setattr(state_file, "write", write)
        write(path, head)
        seals.append((state_file.sealed(path), told.events.read_bytes().count(b"\n")))

    studio.create("wk9")
    monkeypatch.setattr(state_file, "write", written)
    studio.settle_files()

    ((sealed, lines),) = seals
    assert sealed <= lines
    assert state_file.sealed(told.state) == studio.seq()


@pytest.mark.parametrize("number", [0, 5, 18])
def test_a_dropped_line_is_found(told, number):
    lines = told.events.read_text().splitlines(keepends=True)
    del lines[number]
    told.events.write_text("".join(lines))

    assert verify.differences(told)


@pytest.mark.parametrize("number", [0, 5, 20])
def test_repeated_and_swapped_lines_are_found(told, number):
    lines = told.events.read_text().splitlines(keepends=True)

    told.events.write_text("".join([*lines[:number], lines[number], *lines[number:]]))
    found = verify.differences(told)
    assert found == [f"events.jsonl line {number + 2} is not what the database has"]

    swapped = [*lines[:number], lines[number + 1], lines[number], *lines[number + 2 :]]
    told.events.write_text("".join(swapped))
    found = verify.differences(told)
    assert found == [f"events.jsonl line {number + 1} is not what the database has"]


def test_a_row_that_was_changed_behind_the_engines_back_is_found(told):
    Sprint.objects.filter(pk="wk1").update(status="failed")

    assert verify.differences(told) == ["the events differ from the rows at /sprints/wk1/status"]


FIELDS = [(row, name) for row, keys in KEYS.items() for name in keys if not name.endswith("_id")]


@pytest.mark.parametrize(("row", "name"), FIELDS)
def test_every_field_that_the_file_shows_is_compared_with_its_row(told, row, name):
    field = MODELS[row]._meta.get_field(name)
    other = "other"
    if isinstance(field, models.DateTimeField):
        other = datetime(2020, 1, 1, tzinfo=UTC)
    elif isinstance(field, models.BooleanField):
        other = False
    elif isinstance(field, models.IntegerField):
        other = 77
    last = MODELS[row].objects.order_by("pk").last()
    MODELS[row].objects.filter(pk=last.pk).update(**{name: other})

    found = verify.differences(told)

    assert found[0].startswith("the events differ from the rows at /sprints/wk1")
    assert found[0].endswith(KEYS[row][name]) or name == "code"  # a round by another name


def test_rows_that_are_read_in_haste_are_what_the_models_have(told):
    studio.create("wk2", brief="é \U0001f600")
    studio.create("wk-3", title="10" * 12)
    Sprint.objects.filter(pk="wk2").update(extra={"far": 2**70, "tiny": 1e-9, "of": [None]})
    Sprint.objects.filter(pk="wk-3").update(waiting={"what": "a word"})
    Sprint.objects.filter(pk="wk1").update(created_at=datetime(2026, 1, 2, 3, 4, 5, 60, UTC))
    ids = ["wk2", "wk-3", "wk1"]

    assert repr(list(bulk_rows.many(ids))) == repr(list(state_file.many(ids)))


@pytest.mark.parametrize("what", ["its words", "its spaces", "its hash"])
def test_an_event_that_was_changed_in_the_database_is_found_there(told, what):
    line = Event.objects.get(seq=5).line
    changed = {
        "its words": {"line": line.replace("wk1", "wk2")},
        "its spaces": {"line": line.replace(": ", ":", 1)},
        "its hash": {"hash": "0" * 64},
    }
    Event.objects.filter(seq=5).update(**changed[what])

    assert verify.differences(told) == ["event 5 of the database breaks the hash chain"]


def test_events_that_are_gone_from_the_database_are_missed_by_its_head(told):
    seq = studio.seq()
    Event.objects.filter(seq=seq).delete()
    told.events.unlink()

    assert verify.differences(told) == [f"the database has {seq - 1} events, and {seq} by its head"]


def test_a_file_of_another_history_that_ends_alike_is_found(told):
    """Every line of it is sound, and so is the last, by which a process knows the file."""
    whole = told.events.read_text().splitlines(keepends=True)
    first = json.loads(whole[0])
    prev, other = FIRST_PREV, []
    for line in [json.dumps(first | {"message": "another"}), *whole[1:-1]]:
        event = {k: v for k, v in json.loads(line).items() if k != "hash"} | {"prev": prev}
        prev = chain(prev, event)
        other.append(canonical(event | {"hash": prev}) + "\n")
    told.events.write_text("".join([*other, whole[-1]]))
    events_file.forget()

    assert verify.differences(told) == ["events.jsonl line 1 is not what the database has"]


def test_a_line_too_many_at_the_end_is_found(told):
    whole = told.events.read_text().splitlines(keepends=True)
    told.events.write_text("".join([*whole, whole[-1]]))

    assert verify.differences(told) == [f"events.jsonl goes on after its last event, {len(whole)}"]


def test_a_state_json_that_is_not_of_the_rows_is_found_behind_its_seal(told):
    whole, found = told.state.read_text(), told.state.stat()
    for text, words in (
        (whole.replace('"succeeded"', '"cancelled"'), "differs from the rows at /sprints/wk1/"),
        (whole.replace("{", "[", 1), "is not JSON"),
        (whole.replace(": ", " :", 1), "is not written as it should be"),
    ):
        with told.state.open("r+") as file:
            file.write(text)
        os.utime(told.state, ns=(found.st_atime_ns, found.st_mtime_ns))

        (said,) = verify.differences(told)

        assert said.startswith(f"state.json {words}")


def test_the_doctors_remedies_mend_the_files(told, invoke):
    lines = told.events.read_text().splitlines(keepends=True)
    told.events.write_text("".join([*lines[:3], *lines[4:]]))
    assert "mv " in invoke("doctor").out
    told.events.rename(told.events.with_name("events.jsonl.kept"))
    told.state.write_text("{}")

    assert invoke("init").code == 0

    assert told.events.read_text().startswith("".join(lines))
    assert verify.differences(told) == []


def test_a_sound_store_is_said_to_be_so(told, invoke):
    said = invoke("verify")

    count = studio.seq()
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(
        f"verified: {count} events and 1 sprints; events, rows, files and 8 evidence files agree"
    )


def test_verify_changes_nothing_that_it_finds(told, invoke):
    torn = told.events.read_bytes()[:-20]
    told.events.write_bytes(torn)
    told.state.write_text("{}")

    said = invoke("verify")

    line = torn.count(b"\n") + 1
    words = f"differs: events.jsonl line {line} is not what the database has: it is torn"
    assert said.code == 1
    assert said.out.startswith(words)
    assert told.events.read_bytes() == torn
    assert told.state.read_text() == "{}"


def test_every_flipped_byte_is_located_by_its_line_as_the_file_lies(told):
    whole = told.events.read_bytes()

    for at in range(0, len(whole), max(1, len(whole) // 300)):
        told.events.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])

        found = verify.verify(told).difference
        alone = verify.verify_file(told.events).difference
        line = whole[:at].count(b"\n") + 1
        assert (found.where, found.line, alone.line) == ("events.jsonl", line, line), f"byte {at}"
        assert found.why == alone.why != ""


def test_a_state_json_that_somebody_has_edited_is_named_by_its_pointer(told, invoke):
    text = told.state.read_text().replace('"succeeded"', '"cancelled"')
    told.state.write_text(text)

    said = invoke("verify", "--json")

    found = json.loads(said.out)["difference"]
    assert said.code == 1
    assert found["where"] == "state.json"
    assert found["pointer"] == "/sprints/wk1/status"
    assert found["why"] == '"cancelled" instead of "succeeded"'


def test_files_that_are_behind_are_no_difference(told, invoke):
    events, state, seal = (
        path.read_bytes() for path in (told.events, told.state, told.root / ".state.json.seal")
    )
    studio.pause(studio.create("wk2").pk, "sam")
    studio.settle_files()
    told.events.write_bytes(events)
    told.state.write_bytes(state)
    (told.root / ".state.json.seal").write_bytes(seal)

    said = invoke("verify")

    assert said.code == 0
    assert "2 events are not yet in events.jsonl" in said.out


def test_a_state_json_that_is_further_on_than_its_seal_is_no_difference(told):
    """Who wrote it died before it had sealed it."""
    seal = (told.root / ".state.json.seal").read_bytes()
    studio.create("wk2")
    studio.settle_files()
    (told.root / ".state.json.seal").write_bytes(seal)

    assert verify.verify(told).difference is None

    (told.root / ".state.json.seal").unlink()
    assert verify.verify(told).difference is None


def test_a_contract_that_is_not_the_one_of_its_digest_is_found_in_a_chain_that_holds(told):
    prev, forged = FIRST_PREV, []
    for line in told.events.read_text().splitlines():
        event = {k: v for k, v in json.loads(line).items() if k != "hash"} | {"prev": prev}
        if "contract" in event["data"]:
            event["data"]["contract"]["gates"][0]["required"] = False
            seq = event["seq"]
        prev = chain(prev, event)
        forged.append(canonical(event | {"hash": prev}) + "\n")
    told.events.write_text("".join(forged))

    found = verify.verify_file(told.events).difference

    assert found.line == seq
    assert found.why == "its contract is not the one of its digest"


def test_a_file_alone_needs_no_store(told, repo, shell):
    kept = repo / "kept.jsonl"
    kept.write_bytes(told.events.read_bytes())
    lines = kept.read_text().splitlines(keepends=True)

    said = shell("verify", str(kept), STUDIO_GATEWAY_REPO=str(repo / "elsewhere"))
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"verified: {len(lines)} events")

    kept.write_text("".join([*lines[:4], *lines[5:]]))
    said = shell("verify", str(kept))
    assert said.code == 1
    assert f"{kept.name} line 5: it is event 6, where 5 belongs" in said.out


def test_what_cannot_be_verified_is_one_line_and_exit_2(told, invoke):
    for argv, words in (
        (("verify", "nowhere.jsonl"), "nowhere.jsonl: No such file or directory"),
        (("verify", str(told.root)), "Is a directory"),
        (("verify", str(told.events), "--record"), "remove --record"),
    ):
        said = invoke(*argv)
        assert said.code == 2
        assert words in said.err
        assert said.err.count("\n") == 1


def test_the_result_is_put_on_record_where_that_is_asked_for(told, invoke):
    assert invoke("verify", "--record").code == 0
    assert studio.last_event()["kind"] == "verified"
    count = studio.seq()

    told.state.write_text(told.state.read_text().replace("wk1", "wk9"))
    assert invoke("verify", "--record").code == 1

    body = studio.last_event()
    assert (body["seq"], body["kind"]) == (count + 1, "error")
    assert body["data"]["difference"]["where"] == "state.json"
