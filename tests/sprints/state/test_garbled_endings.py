"""A sprint of each ending runs, is listed, retried, replayed and rebuilt with texts reversed."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sprints.contract.hook_spec import HookDefinition
from sprints.contract.protected_paths import Touched
from sprints.definitions import hooks
from sprints.effects import diff_protected
from sprints.queue import approval_timeouts
from sprints.runner import runner
from sprints.state.messages import message
from sprints.store.config import turn
from tests import studio
from tests.sprints.state.garbled import (
    codes,
    headings,
    offered,
    retry,
    row,
    run,
    sound,
    why,
)

R0, R5 = "R0_SETUP", "R5_RELEASE_CANDIDATE"


def test_the_texts_are_garbled(garbled):
    assert message("wait.start") == "◁trats a"
    with pytest.raises(studio.Refused) as refused:
        studio.create("no/id", by="sam")
    assert str(refused.value).startswith("◁")


def test_a_sprint_succeeds(garbled):
    studio.create("wk1", by="sam")

    assert run() == "succeeded"

    assert (headings(), offered(), why()) == ({}, None, None)
    assert codes() == ["sprint_started", "sprint_succeeded"]
    assert sound()


GATES: dict[str, tuple[tuple[str, ...], dict[str, Any], str, str]] = {
    "failed in R3": (("sh", "-c", "exit 7"), {}, "R3_BUILD_A_INTEGRATE", "failed"),
    "failed in R5": (("sh", "-c", "exit 7"), {"rounds": (R5,)}, R5, "failed"),
    "error": (("./no-such-program",), {}, "R3_BUILD_A_INTEGRATE", "error"),
    "timed out": (
        ("sleep", "60"), {"timeout_s": 0.4, "grace_s": 0.1}, "R3_BUILD_A_INTEGRATE", "timed_out",
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", GATES)
def test_a_gate_ends_it_and_a_retry_succeeds(garbled, how):
    command, options, code, verdict = GATES[how]
    studio.gate(*command, **options)
    studio.create("wk1", by="sam")

    assert run() == "failed"

    sprint = row()
    (judged,) = sprint.rounds.get(code=code).gate_runs.all()
    assert (sprint.current_round, judged.status) == (code, verdict)
    assert sprint.last_error == f"gate_failed:qa_smoke_quick exit_code={judged.exit_code}"
    assert (why(), headings(), offered()) == ("gate_failed", {"wk1": "failed"}, "retry")
    studio.gate("true")
    assert (retry(), why(), row().last_error) == ("succeeded", None, None)
    assert sound()


def test_an_advisory_gate_fails_and_stops_nothing(garbled):
    studio.gate("false", gate_id="lint", required=False)
    studio.create("wk1", by="sam")

    assert run() == "succeeded"

    assert codes().count("advisory_gate_failed") == 2
    assert sound()


def test_a_gate_that_fails_and_passes_on_one_tree_blocks_it(garbled):
    studio.speaker("replies")
    turn(garbled.config, "confinement", "none")  # what makes it flaky lies outside its clone
    flag = garbled.root / "flag"
    studio.gate("sh", "-c", f"test -e {flag} || {{ touch {flag}; exit 1; }}")
    studio.create("wk1", by="sam")
    studio.edit("wk1", "sam", meta={"rerun_red": True})

    assert run() == "blocked"

    assert row().last_error == "gate_flaky:qa_smoke_quick runs 1 and 2 of one tree"
    assert (why(), headings(), offered()) == ("gate_flaky", {"wk1": "blocked"}, "retry")
    assert retry() == "succeeded"
    assert sound()


def test_an_agent_that_does_not_answer_fails_it(garbled):
    studio.speaker("exits3")
    studio.create("wk1", by="sam")

    assert run() == "failed"

    assert (why(), headings(), offered()) == ("agent_failed", {"wk1": "failed"}, "retry")
    studio.silence()
    assert retry() == "succeeded"
    assert sound()


def test_a_blocking_hook_that_fails_blocks_it(garbled):
    guard = HookDefinition("guard", "command", ("round_start",), ("false",), tries=1, blocking=True)
    hooks.put(guard)
    studio.create("wk1", by="sam")

    assert run() == "blocked"

    assert (why(), headings(), offered()) == ("hook_failed", {"wk1": "blocked"}, "retry")
    hooks.remove("guard")
    assert retry() == "succeeded"
    assert sound()


def test_a_round_over_its_minutes_stops_it(garbled):
    studio.create("wk1", by="sam", deadline="stop")
    studio.edit("wk1", "sam", meta={"round_minutes": {R0: [0, 1e-9]}})

    assert run() == "failed"

    assert (why(), headings(), offered()) == ("deadline", {"wk1": "failed"}, "retry")
    studio.edit("wk1", "sam", meta={"round_minutes": None})
    assert retry() == "succeeded"
    assert sound()


def test_a_round_over_its_minutes_warns(garbled):
    studio.create("wk1", by="sam")
    studio.edit("wk1", "sam", meta={"round_minutes": {R0: [0, 1e-9]}})

    assert run() == "succeeded"

    assert "round_overdue" in codes()
    assert sound()


def test_a_fall_of_the_engine_ends_it(garbled, monkeypatch):
    studio.create("wk1", by="sam")
    studio.start("wk1")

    def falls(*args):
        raise LookupError("no such round")

    with monkeypatch.context() as fault:
        fault.setattr(runner, "decide", falls)
        with pytest.raises(LookupError):
            studio.work("wk1")

    assert row().last_error == "engine_error:LookupError: no such round"
    assert (why(), headings(), offered()) == ("engine_error", {"wk1": "failed"}, "retry")
    assert retry() == "succeeded"
    assert sound()


def asked() -> None:
    """A sprint that needs an approval before it builds."""
    studio.create("wk1", by="sam", brief="A plan", approvals=["before_build"])
    assert run() == "blocked"
    assert (why(), headings()) == ("approval_needed", {"wk1": "approval"})
    assert (row().waiting or {})["point"] == "before_build"


def test_an_approval_is_given(garbled):
    asked()

    studio.edit("wk1", "sam", title="Another title")
    studio.approve("wk1", "ada", "Go.")

    assert run() == "succeeded"
    assert sound()


@pytest.mark.parametrize("how", ["rejected", "expired"])
def test_an_approval_is_not_given_and_a_retry_asks_again(garbled, monkeypatch, how):
    asked()

    if how == "rejected":
        studio.reject("wk1", "ada", "Not so.")
    else:
        later = timezone.now() + timedelta(hours=73)
        with monkeypatch.context() as clock:
            clock.setattr(timezone, "now", lambda: later)
            approval_timeouts.carry_out()

    assert (why(), headings(), offered()) == (f"approval_{how}", {"wk1": "failed"}, "retry")
    if how == "rejected":  # the clock of the other is ahead of what follows
        assert retry() == "blocked"
        assert (why(), headings()) == ("approval_needed", {"wk1": "approval"})
    assert sound()


def test_a_budget_that_is_used_up_blocks_it(garbled):
    studio.speaker("replies")
    studio.create("wk1", by="sam")
    studio.set_budget("wk1", "sam", launches=2)

    assert run() == "blocked"

    assert (why(), headings(), offered()) == ("budget", {"wk1": "blocked"}, "budget")
    studio.set_budget("wk1", "sam", launches=6)
    assert run() == "succeeded"
    assert sound()


def test_protected_paths_that_cannot_be_compared_block_it(garbled, monkeypatch):
    studio.speaker("replies")
    studio.create("wk1", by="sam")

    with monkeypatch.context() as fault:
        unknown = Touched(reason="no such base")
        fault.setattr(diff_protected, "compared", lambda *args: unknown)
        assert run() == "blocked"

    assert (why(), headings(), offered()) == ("paths_unknown", {"wk1": "blocked"}, "retry")
    assert retry() == "succeeded"
    assert sound()
