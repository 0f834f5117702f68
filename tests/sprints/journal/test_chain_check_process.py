"""Test that ``verify`` reports the same with and without a second process for the chain."""

import os

import pytest

from sprints.journal import chain_check_process, verify
from sprints.models import Event
from tests import studio
from tests.sprints.journal.test_verify import told

__all__ = ["told"]


@pytest.fixture
def passes(monkeypatch):
    """How often all is compared, where any file is large enough for a second process."""
    monkeypatch.setattr(chain_check_process, "LARGE", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    made, compare = [], verify._compare
    monkeypatch.setattr(
        verify, "_compare", lambda *args, **more: made.append(more) or compare(*args, **more)
    )
    return made


def flip(store):
    """A byte in the middle."""
    whole = bytearray(store.events.read_bytes())
    whole[len(whole) // 2] ^= 1
    store.events.write_bytes(whole)


def forge(store):
    """The same words in another line of both, under the hash of what was there."""
    row = Event.objects.get(seq=5)
    there = row.line.replace('"kind": ', '"kind":  ', 1)
    Event.objects.filter(seq=5).update(line=there)
    lines = store.events.read_text().splitlines(keepends=True)
    lines[4] = f"{there}\n"
    store.events.write_text("".join(lines))


def mistell(store):
    Event.objects.filter(seq=7).update(kind="error")


def not_json(store):
    Event.objects.filter(seq=6).update(line="[]")
    lines = store.events.read_text().splitlines(keepends=True)
    store.events.write_text("".join([*lines[:5], "[]\n", *lines[6:]]))


def edit(store):
    store.state.write_text(store.state.read_text().replace("succeeded", "cancelled", 1))


def swap(store):
    one, two, *rest = store.events.read_text().splitlines(keepends=True)
    store.events.write_text("".join([two, one, *rest]))


def lag(store):
    lines = store.events.read_text().splitlines(keepends=True)
    store.events.write_text("".join(lines[:-3]))
    (store.root / ".state.json.seal").unlink()


CHANGES = [flip, forge, mistell, not_json, edit, swap, lag]


def test_a_sound_store_is_looked_at_once(told, passes):
    found = verify.verify(told)

    assert found.difference is None
    assert (found.events, found.outputs) == (studio.seq(), 8)
    assert passes == [{"chained": True}]


@pytest.mark.parametrize("change", CHANGES, ids=[one.__name__ for one in CHANGES])
def test_what_is_wrong_is_told_in_the_same_words(told, change, request):
    change(told)
    alone = verify.verify(told)

    passes = request.getfixturevalue("passes")
    helped = verify.verify(told)

    assert passes[0] == {"chained": True}
    assert (helped.difference, helped.behind) == (alone.difference, alone.behind)
    assert (alone.difference is None) == (change is lag)


def test_a_second_process_that_fails_is_done_without(told, passes, monkeypatch):
    monkeypatch.setattr(chain_check_process.sys, "executable", "/bin/false")

    found = verify.verify(told)

    assert found.difference is None
    assert passes == [{"chained": True}, {}]


def test_one_that_does_not_come_to_an_end_is_ended(told, passes, monkeypatch, tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexec sleep 300\n")
    program.chmod(0o755)
    monkeypatch.setattr(chain_check_process.sys, "executable", str(program))
    monkeypatch.setattr(chain_check_process, "SLACK_S", 0.1)

    assert verify.verify(told).difference is None
    assert passes == [{"chained": True}, {}]
