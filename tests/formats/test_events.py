"""Test events.jsonl: whole lines in order, chained, that explain state.json."""

import hashlib
import json

from tests.formats.histories import GATE, ROUNDS, SPRINT
from tests.formats.shapes import EVENT_KEYS, assert_shape

DOCUMENTED = {
    "sprint_created",
    "round_started",
    "round_done",
    "gate_started",
    "gate_finished",
    "note",
    "error",
}


def told(events):
    """The sprint's documented events in short: what the order is made of."""
    return [
        event["message"] if event["kind"] == "note" else f"{event['kind']} {event['round_id']}"
        for event in events
        if event["sprint_id"] == SPRINT and event["kind"] in DOCUMENTED
    ]


def test_every_line_is_canonical_json(either):
    text = (either.root / "events.jsonl").read_bytes()

    assert text.isascii()
    assert text.endswith(b"}\n")
    for line, event in zip(either.lines, either.events, strict=True):
        assert line == json.dumps(event, sort_keys=True) + "\n"
        assert_shape(event, EVENT_KEYS)


def test_seq_is_gap_free_from_one(either):
    assert [event["seq"] for event in either.events] == list(range(1, len(either.lines) + 1))


def test_the_hash_chain_holds(either):
    prev = "0" * 64

    for event in either.events:
        digest = event.pop("hash")
        assert event["prev"] == prev
        line = json.dumps(event, sort_keys=True)
        prev = hashlib.sha256(f"{prev}\n{line}".encode()).hexdigest()
        assert digest == prev


def test_the_patches_of_all_lines_give_state_json_byte_for_byte(either):
    state: dict = {}

    for event in either.events:
        for op in event["change"]:
            at = state
            *path, last = (
                p.replace("~1", "/").replace("~0", "~") for p in op["path"].split("/")[1:]
            )
            for part in path:
                at = at[part]
            assert op["op"] in ("add", "replace", "remove")
            assert op["op"] == "add" or last in at
            if op["op"] == "remove":
                del at[last]
            else:
                at[last] = op["value"]

    assert json.dumps(state, indent=2, sort_keys=True) == either.state_text


def test_a_green_run_tells_the_nineteen_documented_events_in_order(green):
    gated = ("R3_BUILD_A_INTEGRATE", "R5_RELEASE_CANDIDATE")
    expected = ["sprint_created None", "sprint started"]
    for code in ROUNDS:
        gates = [f"gate_started {code}", f"gate_finished {code}"] if code in gated else []
        expected += [f"round_started {code}", *gates, f"round_done {code}"]
    expected.append("sprint succeeded")

    assert told(green.events) == expected
    assert len(expected) == 19


def test_a_red_run_ends_with_the_error_and_no_round_done(red):
    code = "R3_BUILD_A_INTEGRATE"

    assert told(red.events)[-4:] == [
        f"round_started {code}",
        f"gate_started {code}",
        f"gate_finished {code}",
        f"error {code}",
    ]
    assert red.events[-1]["kind"] == "error"


def test_gate_events_carry_the_documented_data(red):
    by_kind = {event["kind"]: event["data"] for event in red.events}

    gate = red.sprint["gates"][GATE]
    started, finished, error = (by_kind[k] for k in ("gate_started", "gate_finished", "error"))
    assert (started["command"], started["required"]) == (gate["command"], True)
    assert finished["exit_code"] == 3
    assert finished["stdout"] == gate["stdout_path"]
    assert finished["stderr"] == gate["stderr_path"]
    assert (error["exit_code"], error["gate_id"]) == (3, GATE)
