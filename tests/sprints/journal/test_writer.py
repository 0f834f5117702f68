"""Test that the files are always a function of the rows, whatever happened to them."""

import json
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import connection

from sprints import queries
from sprints.journal import events_file, state_file, writer
from sprints.models import Head
from sprints.models.transitions import note
from sprints.state.event_codes import EventKind
from sprints.state.messages import Message
from sprints.store.layout import Store
from tests import studio


def tell(message: str = "hello") -> None:
    """Record an event."""
    from django.utils import timezone

    note(EventKind.NOTE, Message(message), timezone.now())


@contextmanager
def once_after(words: str, act: Callable[[], object]) -> Iterator[None]:
    """Right after the first query with these words, do what another process may do then."""
    due = [act]

    def asked(execute, sql, params, many, context):
        found = execute(sql, params, many, context)
        if due and words in sql:
            due.pop()()
        return found

    with connection.execute_wrapper(asked):
        yield
    assert not due, "it was never asked"


def agree(store) -> list[str]:
    """What differs once the files have been brought up to date."""
    writer.flush()
    return studio.differences()


def test_after_a_run_the_files_the_rows_and_the_folded_events_agree(store):
    studio.create("wk1")
    studio.run("wk1")

    assert agree(store) == []
    assert len(store.events.read_text().splitlines()) == studio.seq()


def test_state_json_is_spliced_as_if_it_were_written_whole(store):
    for name in ("m", "a", "z", "b", "B2", "a0", "Z.9", "n-1", "n_1"):
        studio.create(name)
        writer.flush()
        if name in ("z", "n-1"):
            studio.run(name)

        spliced = (writer.flush(), store.state.read_bytes())[1]
        (store.root / ".state.json.seal").unlink()
        tell()
        writer.flush()

        assert store.state.read_bytes() == spliced
        assert list(json.loads(spliced)["sprints"]) == sorted(json.loads(spliced)["sprints"])


@pytest.mark.parametrize("cut", [1, 7, 200])
def test_a_torn_tail_is_cut_and_written_again(store, cut):
    studio.create("wk1")
    whole = store.events.read_bytes()
    os.truncate(store.events, len(whole) - cut)

    assert agree(store) == []

    assert store.events.read_bytes().startswith(whole)
    repaired = studio.event("mirror_repaired")
    assert repaired["data"]["file"] == "events.jsonl"


def test_a_tail_torn_at_any_byte_of_the_last_two_lines_is_repaired(store):
    tell("one")
    tell("two")
    whole = store.events.read_bytes()
    start = whole.rindex(b"\n", 0, whole.rindex(b"\n", 0, -1))

    for size in range(start, len(whole)):
        store.events.write_bytes(whole[:size])
        events_file.forget()
        with store.events.open("r+b") as file:
            end, last = events_file.last_line(file.fileno(), size)

        assert whole[:size].rfind(b"\n") + 1 == end
        assert last is None or last["seq"] == whole[:end].count(b"\n")


def test_garbage_after_the_last_line_is_kept_aside_and_cut(store):
    with store.events.open("ab") as file:
        file.write(b"\0\0\0\0\n{not json}\n")

    assert agree(store) == []

    assert [path.read_bytes() for path in store.root.glob("events.jsonl.corrupt-*")] == [
        b"\0\0\0\0\n{not json}\n"
    ]


@pytest.mark.parametrize("name", ["events.jsonl", "state.json", ".state.json.seal"])
def test_a_deleted_file_is_made_again(store, name):
    studio.create("wk1")
    writer.flush()
    (store.root / name).unlink()

    tell()

    assert agree(store) == []


def test_a_state_json_that_somebody_edited_is_replaced(store):
    studio.create("wk1")
    writer.flush()
    store.state.write_text("{}")

    tell()

    assert agree(store) == []


def test_a_file_that_is_ahead_of_the_database_is_reported_and_left_alone(store, capfd):
    tell()
    last = json.loads(store.events.read_text().splitlines()[-1])
    ahead = json.dumps({**last, "seq": last["seq"] + 5}, sort_keys=True) + "\n"
    with store.events.open("a") as file:
        file.write(ahead)

    tell("later")
    writer.flush()

    assert store.events.read_text().endswith(ahead)
    assert "ahead of the database" in capfd.readouterr().err
    assert "ahead of the database" in Head.objects.get().mirror_fault


def test_a_file_whose_last_event_is_another_is_reported_and_left_alone(store, capfd):
    tell("mine")
    whole = store.events.read_text()
    last = json.loads(whole.splitlines()[-1])
    store.events.write_text(whole.replace(last["hash"], last["hash"][::-1]))
    events_file.forget()  # as a process that has not written the file
    foreign = store.events.read_text()

    tell("later")
    writer.flush()

    assert store.events.read_text() == foreign
    assert f"not of this database (event {last['seq']} differs)" in capfd.readouterr().err


def test_what_is_committed_while_a_writer_is_at_work_is_written_by_that_one(store):
    writer.flush()

    with once_after('"sprints_event"."seq" > ', lambda: tell("in between")):
        writer.flush()

    last = json.loads(store.events.read_text().splitlines()[-1])
    assert last["message"] == "in between"


def test_a_sprint_that_moves_while_it_is_read_is_read_again(store):
    studio.create("wk1")

    with once_after('FROM "sprints_sprint"', lambda: studio.run("wk1", one_round=True)):
        read = state_file.consistent("wk1")

    assert read == queries.look("wk1").state()
    assert read["status"] == "running"


def test_files_are_on_the_disk_before_they_are_shown(store, monkeypatch):
    synced, real = [], os.fsync

    def fsync(descriptor: int) -> None:
        real(descriptor)
        found = os.fstat(descriptor)
        synced.append((found.st_ino, found.st_size, store.state.stat().st_ino))

    writer.flush()
    studio.create("wk1")
    before = store.state.stat().st_ino
    with monkeypatch.context() as watched:
        watched.setattr(os, "fsync", fsync)
        writer.flush()

    events, shown = store.events.stat(), store.state.stat()
    assert (events.st_ino, events.st_size, before) in synced
    assert (shown.st_ino, shown.st_size, before) in synced
    assert [ino for ino, _, after in synced if after == shown.st_ino] == [store.root.stat().st_ino]


def test_a_restored_database_takes_its_lost_sprints_out_of_state_json(repo, shell, tmp_path):
    store = Store(repo)
    assert shell("init").code == 0
    shutil.copy(store.database, tmp_path / "backup")
    assert shell("sprint", "create", "lost").code == 0
    shutil.copy(tmp_path / "backup", store.database)
    store.events.rename(tmp_path / "kept")

    assert shell("sprint", "create", "fresh").code == 0

    seqs = [len(path.read_text().splitlines()) for path in (store.events, tmp_path / "kept")]
    assert seqs[0] == seqs[1] + 1  # journal_repaired
    assert list(json.loads(store.state.read_text())["sprints"]) == ["fresh"]


def test_a_fault_of_the_files_is_told_once_and_they_catch_up_by_themselves(store, capfd):
    studio.create("wk1")
    writer.flush()
    store.events.unlink()
    store.events.mkdir()

    after = studio.run("wk1")

    assert after.sprint.status == "succeeded"
    assert capfd.readouterr().err.count("cannot be written") == 1
    assert len(studio.events("error")) == 1
    store.events.rmdir()
    tell()
    assert agree(store) == []
    assert Head.objects.get().mirror_fault == ""
    assert len(studio.events(line__contains='"journal_written"')) == 1


def test_a_short_write_leaves_nothing_half_written(store, monkeypatch):
    tell()
    before = store.events.read_bytes()
    real = os.write
    with monkeypatch.context() as patched:
        patched.setattr(events_file.os, "write", lambda fd, text: real(fd, text[: len(text) // 2]))

        tell("lost for now")

    assert store.events.read_bytes() == before
    assert agree(store) == []


def test_a_reader_never_sees_a_torn_state_json(store):
    studio.create("wk1")
    writer.flush()
    seen, stop = [], threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.append(json.loads(store.state.read_text()))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(60):
        studio.create(f"n{number}")
        writer.flush()
    stop.set()
    reader.join()

    assert len(seen) > 10
    assert all("wk1" in whole["sprints"] for whole in seen)


def test_a_failed_sprint_reads_the_same_from_rows_and_from_events(store):
    studio.gate("false")
    studio.create("wk1")
    studio.run("wk1")
    studio.gate("true")
    studio.retry("wk1")

    assert agree(store) == []
    assert settings.STORE.state.read_text().endswith("}")


# A gate that runs until state.json shows its run, or for 30 seconds.
WAIT_TO_BE_SEEN = """
import json, pathlib, time

seen = pathlib.Path("seen.json")
code = "R5_RELEASE_CANDIDATE" if seen.exists() else "R3_BUILD_A_INTEGRATE"
for _ in range(300):
    text = pathlib.Path(".studio_gateway/state.json").read_text()
    wk1 = json.loads(text)["sprints"].get("wk1")
    if wk1 and wk1["rounds"][code]["status"] == "in_progress" and (run := wk1["gates"]):
        if run["qa_smoke_quick"]["finished_ts"] is None:
            break
    time.sleep(0.1)
seen.write_text(text)
"""


def test_state_json_follows_while_a_long_gate_runs(store):
    writer.flush()
    studio.gate(sys.executable, "-c", WAIT_TO_BE_SEEN)
    studio.create("wk1")

    studio.run("wk1")

    seen = json.loads((store.repo / "seen.json").read_text())["sprints"]["wk1"]
    assert seen["gates"]["qa_smoke_quick"]["finished_ts"] is None
    assert seen["rounds"]["R5_RELEASE_CANDIDATE"]["status"] == "in_progress"


def test_a_clock_that_is_put_back_leaves_rows_events_and_file_agreed(store, monkeypatch):
    from datetime import timedelta

    from django.utils import timezone

    studio.create("wk1")
    for _ in range(4):
        studio.run("wk1", one_round=True)
    real = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: real() - timedelta(hours=1))

    studio.run("wk1")

    assert agree(store) == []


def test_the_tenth_run_of_a_gate_is_later_than_the_ninth(store):
    studio.gate("false")
    studio.create("wk1")
    studio.run("wk1")
    for _ in range(10):
        studio.retry("wk1")

    assert agree(store) == []


def test_an_append_does_not_clear_a_fault_of_state_json(store, capfd):
    writer.flush()
    store.state.unlink()
    store.state.mkdir()
    for number in range(3):
        tell(str(number))
        writer.flush()

    assert len(studio.events("error")) == 1
    assert not studio.events(line__contains="is written again")
    store.state.rmdir()
    assert agree(store) == []
    assert Head.objects.get().mirror_fault == ""
