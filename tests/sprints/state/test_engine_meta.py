"""The engine's parts of a sprint's meta: read as values, written as they were, apart from ours."""

from dataclasses import replace

import pytest

from sprints.contract.budget import Granted
from sprints.state.engine_meta import (
    APPROVAL,
    SHIPPING,
    STEP,
    UNSHIPS,
    ApprovalState,
    Pause,
    Shipping,
    SprintMeta,
    Step,
    Unships,
)

ASK = {
    "what": "before_ship",
    "number": 2,
    "round_id": "R5_RELEASE_CANDIDATE",
    "attempt": 1,
    "since_ts": "2026-11-24T12:00:00Z",
    "until_ts": "2026-11-27T12:00:00Z",
    "tree": "4" * 40,
    "count": 2,
    "paths": ["a", "b"],
}
NO = {"what": "before_build", "verdict": "rejected", "by": "ada", "why": "", "ts": "t", "number": 1}
COMPARED = {"tree": "4" * 40, "count": 0, "after": 7, "attempt": 1}
APPROVALS = {"asked": ASK, "number": 2, "given": [NO], "compared": COMPARED}
MERGED = {
    "status": "judging",
    "attempt": 1,
    "try": 2,
    "since_ts": "2026-11-24T12:00:00Z",
    "branch": "main",
    "after": {},
}
PARTS = {
    SHIPPING: (Shipping, MERGED),
    APPROVAL: (ApprovalState, APPROVALS),
    STEP: (Step, {"round_id": "R3_BUILD_A_INTEGRATE", "by": "ada"}),
    UNSHIPS: (Unships, {"sprint": "wk1", "commit": "1", "branch": "main", "head": "2"}),
    "agent_budget": (Granted, {"launches": 7, "usd": 1.5}),
}


@pytest.mark.parametrize("key", PARTS)
def test_a_part_is_written_as_it_was_read_with_the_keys_of_a_later_version(key):
    kind, data = PARTS[key]
    later = data | {"later": [1]}

    assert kind.from_json(data).to_json() == data
    assert kind.from_json(later).to_json() == later


@pytest.mark.parametrize("key", PARTS)
def test_an_absent_or_foreign_part_is_none_and_stays_in_the_file(key):
    name = {"pause_after": "step", "agent_budget": "granted"}.get(key, key)

    for stored in ({}, {key: None}, {key: "text"}, {key: []}):
        meta = SprintMeta(stored)
        assert getattr(meta, name) is None
        assert meta.having("brief", "b").stored == stored | {"brief": "b"}


def test_what_is_in_a_part_is_typed():
    meta = SprintMeta({SHIPPING: MERGED, APPROVAL: APPROVALS})

    assert (meta.shipping.tries, meta.shipping.after, meta.shipping.tag) == (2, {}, None)
    assert (meta.approval.asked.name, meta.approval.asked.unnamed) == ("before_ship/2", 0)
    assert meta.approval.given[0].by == "ada"
    assert meta.approval.compared.touched.tree == "4" * 40


def test_a_part_is_parsed_once_and_a_change_leaves_the_old_meta_alone():
    meta = SprintMeta({SHIPPING: MERGED, "brief": "b"})

    moved = meta.having(SHIPPING, replace(meta.shipping, status="moved"))

    assert meta.shipping is meta.shipping
    assert meta.stored[SHIPPING]["status"] == "judging"
    assert moved.stored == {SHIPPING: MERGED | {"status": "moved"}, "brief": "b"}
    assert moved.differing(meta) == [SHIPPING]


def test_the_users_keys_stay_apart():
    meta = SprintMeta({SHIPPING: MERGED, "created_by": "ada", "brief": "b", "theirs": {"x": 1}})

    assert meta.own == {"brief": "b", "theirs": {"x": 1}}
    assert (meta.brief, meta.created_by, meta.unshipped_by) == ("b", "ada", "")


def test_a_pause_is_four_keys_and_a_switch_alone_holds_too():
    by_hand = SprintMeta({"brief": "b"}).held(Pause("ada", "2026-11-24T12:00:00Z", "lunch"))

    assert by_hand.pause == Pause("ada", "2026-11-24T12:00:00Z", "lunch")
    assert SprintMeta({"automation_paused": True}).pause == Pause("", None, "")
    assert SprintMeta({"automation_paused": 1}).pause is None


def test_a_key_that_is_not_there_is_removed_without_a_copy():
    meta = SprintMeta({"brief": "b", STEP: {}})

    assert meta.without(SHIPPING) is meta
    assert meta.without(STEP, SHIPPING).stored == {"brief": "b"}


@pytest.mark.parametrize("junk", [{"launches": "x"}, {"minutes": -1}, {"tokens": True}])
def test_a_malformed_amount_does_not_count_and_is_kept(junk):
    granted = Granted.from_json(junk)

    assert granted == Granted(more=junk)
    assert replace(granted, usd=2.0).to_json() == junk | {"usd": 2.0}
