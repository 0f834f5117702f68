"""Test that the journal agrees after any sequence of acts, and that any damage is located."""

import json
import os
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gates import fault_points
from sprints.contract.contract import ContractError
from sprints.journal import events_file, state_file, verify, writer
from sprints.journal.fast_json import loads
from sprints.models import Sprint
from tests import studio


def in_one_store(examples):
    """So many examples, the same at every run, one after the other in one store."""
    free = [HealthCheck.function_scoped_fixture]
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=free, derandomize=True
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.dictionaries(st.text(), VALUES))
@example({"a": 0.00001234, "b": 9.99e-5, "c": 0.0001})
@example({"a": "\x7f"})
@example({"a": 1e16, "b": 1e-7, "c": -0.0, "d": 0.1, "e": 2**64, "f": -(2**63)})
@example({"a": "\ud800", "b": "\x7f\x1b\x00/", "c": [], "d": {}, "e": "1e5", "é": ""})
def test_a_sprints_text_is_what_json_makes_of_it(whole):
    text = json.dumps({"sprints": {"wk1": whole}, "version": 1}, indent=2, sort_keys=True)

    assert (
        b"".join(
            state_file.whole(state_file.Frame.around({}), [("wk1", state_file.entry("wk1", whole))])
        ).decode()
        == text
    )


class Dies(BaseException):
    """The process ends here."""


@contextmanager
def dying(monkeypatch, nth):
    """The ``nth`` point of durable writing is the last that this process comes to; 0 for none."""
    left = [nth]

    def is_last():
        left[0] -= 1
        return left[0] == 0

    def point(name):
        if is_last():
            raise Dies(name)

    def write(name, descriptor, data):
        if is_last():
            os.write(descriptor, data[: len(data) // 2])
            raise Dies(name)
        return os.write(descriptor, data)

    def fsync(name, descriptor):
        point(name)

    with monkeypatch.context() as patched:
        for name, stand_in in (("point", point), ("write", write), ("fsync", fsync)):
            patched.setattr(fault_points, name, stand_in)
        yield


def act(name, sprint_id):
    """One operation of an operator, or what the world makes of the next gates."""
    match name:
        case "create":
            studio.create(sprint_id, brief="ü\n")
        case "run":
            studio.run(sprint_id)
        case "step":
            studio.run(sprint_id, one_round=True)
        case "queue":
            studio.start(sprint_id)
        case "retry":
            studio.retry(sprint_id)
        case "pause":
            studio.pause(sprint_id, "sam", "lunch")
        case "resume":
            studio.resume(sprint_id, "sam")
        case "cancel":
            studio.cancel(sprint_id, "sam")
        case "ask":
            studio.edit(sprint_id, "sam", meta={"approvals": ["before_build"]})
        case "approve":
            studio.approve(sprint_id, "sam", "go")
        case "reject":
            studio.reject(sprint_id, "sam", "no")
        case "archive":
            studio.archive([sprint_id], "sam")
        case "restore":
            studio.restore([sprint_id], "sam")
        case "red":
            studio.gate("false")
        case "green":
            studio.gate("true")


NAMES = (
    "create", "run", "step", "queue", "retry", "pause", "resume", "cancel", "red", "green",
    "archive", "restore", "ask", "approve", "reject",
)  # fmt: skip
ACTS = st.tuples(
    st.sampled_from(NAMES), st.sampled_from("ab"), st.one_of(st.just(0), st.integers(1, 30))
)


@in_one_store(40)
@given(st.lists(ACTS, min_size=3, max_size=8))
@example([("run", "a", 9), ("run", "a", 14), ("run", "a", 0)])
@example([("red", "a", 0), ("run", "a", 0), ("green", "a", 2), ("retry", "a", 5)])
@example([("cancel", "a", 0), ("archive", "a", 5), ("archive", "a", 0), ("restore", "a", 2)])
@example([("ask", "a", 0), ("run", "a", 0), ("approve", "a", 3), ("run", "a", 0)])
@example([("ask", "a", 0), ("run", "a", 0), ("reject", "a", 0), ("retry", "a", 0)])
@example([("create", "a", 3), ("pause", "a", 0), ("queue", "a", 2), ("cancel", "a", 4)])
def test_any_order_of_acts_verdicts_and_crashes_leaves_a_record_that_agrees(
    store, monkeypatch, acts
):
    run = Sprint.objects.count()
    for name, letter, nth in [("create", "a", 0), *acts]:
        with dying(monkeypatch, nth):
            try:
                act(name, f"{letter}{run}")
            except Dies:
                events_file.forget()  # another process goes on
                writer.Pace.behind_since = 0.0
            except (studio.Refused, ContractError):
                pass

    studio.settle_files()

    assert studio.differences() == []
    found = studio.verify()
    assert (found.difference, found.behind) == (None, 0)
    assert studio.check_rebuild().difference == ""
    assert studio.replay_all().divergence is None


@pytest.fixture
def told(store):
    """A store with the events of a whole sprint."""
    studio.create("wk1")
    studio.run("wk1")
    studio.settle_files()
    return store


def located(told, text):
    """The line at which the file is said to differ, held against the rows and by itself."""
    told.events.write_bytes(text)
    found = verify.verify(told)
    alone = verify.verify_file(told.events)
    assert found.difference is None or found.difference.where == "events.jsonl"
    return (
        found.difference and found.difference.line,
        alone.difference and alone.difference.line,
        found.behind,
    )


@in_one_store(300)
@given(data=st.data())
def test_any_changed_byte_is_located(told, data):
    whole = text_of_the_rows()
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))

    found = located(told, whole[:at] + bytes([other]) + whole[at + 1 :])

    line = whole[:at].count(b"\n") + 1
    assert found == (line, line, 0)


@in_one_store(150)
@given(data=st.data())
def test_any_dropped_repeated_or_swapped_line_is_located(told, data):
    parts = text_of_the_rows().splitlines(keepends=True)
    last = len(parts) - 1
    at = data.draw(st.integers(0, last))
    other = data.draw(st.integers(0, last).filter(lambda number: number != at))
    low = min(at, other)

    dropped = located(told, b"".join([*parts[:at], *parts[at + 1 :]]))
    repeated = located(told, b"".join([*parts[: at + 1], *parts[at:]]))
    swapped = [*parts]
    swapped[at], swapped[other] = parts[other], parts[at]

    # Nothing in a file that lacks its end says so: the seal does.
    assert dropped == ((at + 1, at + 1, 0) if at < last else (at + 1, None, 1))
    assert repeated == (at + 2, at + 2, 0)
    assert located(told, b"".join(swapped)) == (low + 1, low + 1, 0)


def text_of_the_rows():
    """events.jsonl as the rows have it."""
    from sprints.models import Event

    rows = Event.objects.order_by("seq").values_list("line", flat=True)
    return "".join(f"{line}\n" for line in rows).encode("ascii")


@settings(max_examples=400, deadline=None, derandomize=True)
@given(VALUES)
@example([2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**19, 10**400])
@example([1e16, 1e-7, -0.0, 0.1, 5e-324, 1.7976931348623157e308, 12345678901234567890.0])
@example({"\ud800": "\udfff\x00\x7f\n", "1234567890123456789": "0" * 40})
def test_what_is_read_in_haste_is_what_json_reads(value):
    text = json.dumps(value, sort_keys=True)

    assert repr(loads(text.encode("ascii"))) == repr(json.loads(text))


@pytest.mark.parametrize("text", [b"", b"{", b"nul", b"[1,]", b"01", b'"\x00"', b'{"a": 1} x'])
def test_what_is_not_json_is_not_read(text):
    with pytest.raises(json.JSONDecodeError):
        loads(text)
