"""Whatever is changed in events.jsonl is found, and named by its line."""

import pytest

from sprints import mirror, operations
from sprints.engine.carry import Wish
from sprints.mirror import verify


@pytest.fixture
def told(store):
    """A store with the events of a whole sprint."""
    operations.create("wk1", by="test")
    operations.run("wk1", Wish())
    mirror.flush()
    return store


def test_every_flipped_byte_is_found(told):
    whole = told.events.read_bytes()
    step = max(1, len(whole) // 400)

    for at in range(0, len(whole), step):
        told.events.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])

        found = verify.differences(told)
        line = whole[:at].count(b"\n") + 1
        assert found, f"byte {at}"
        assert "cannot be read" in found[0] or f"line {line}" in found[0] or "newline" in found[0]


@pytest.mark.parametrize("number", [0, 5, 20, -1])
def test_a_dropped_line_is_found(told, number):
    lines = told.events.read_text().splitlines(keepends=True)
    del lines[number]
    told.events.write_text("".join(lines))

    assert verify.differences(told)


@pytest.mark.parametrize("number", [0, 5, 20])
def test_repeated_and_swapped_lines_are_found(told, number):
    lines = told.events.read_text().splitlines(keepends=True)

    told.events.write_text("".join([*lines[:number], lines[number], *lines[number:]]))
    assert verify.differences(told) == [f"events.jsonl line {number + 2} has seq {number + 1}"]

    swapped = [*lines[:number], lines[number + 1], lines[number], *lines[number + 2 :]]
    told.events.write_text("".join(swapped))
    assert verify.differences(told) == [f"events.jsonl line {number + 1} has seq {number + 2}"]


def test_a_row_that_was_changed_behind_the_engines_back_is_found(told):
    from sprints.models import Sprint

    Sprint.objects.filter(pk="wk1").update(status="failed")

    assert verify.differences(told)[0] == "the events differ from the rows at /sprints/wk1/status"


def test_the_doctors_remedies_mend_the_files(told, invoke):
    lines = told.events.read_text().splitlines(keepends=True)
    told.events.write_text("".join([*lines[:3], *lines[4:]]))
    assert "mv " in invoke("doctor").out
    told.events.rename(told.events.with_name("events.jsonl.kept"))
    told.state.write_text("{}")

    assert invoke("init").code == 0

    assert told.events.read_text() == "".join(lines)
    assert verify.differences(told) == []
