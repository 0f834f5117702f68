"""Test an answer that is not in the form that was asked for; in the pure engine."""

from dataclasses import replace

from gates.verdict import Cause
from sprints.core.actions import Ask
from sprints.prompts.exchange import Exchange
from sprints.state.stop_reason import StopCode
from tests.engine import GREEN, drive, fresh, scripted
from tests.sprints.core.test_agent_tasks import LEAD, YES

R3 = "R3_BUILD_A_INTEGRATE"
NO_FORM = Exchange(
    None, "no reply: it has no line", exit_code=0, duration_s=1.0, cause=Cause.NO_FORM, tail="Done!"
)


def answering(*tries):
    """The lead answers so in R3, one after the other, and then as it should."""
    left = list(tries)

    def speak(action):
        if isinstance(action, Ask) and (action.code, action.kind) == (R3, "lead") and left:
            return left.pop(0)
        return scripted(action) if action.kind == "ack" else YES

    return speak


def run(*tries):
    """The sprint's end, and what R3 tells of the question."""
    after, moves = drive(fresh(agents=(LEAD,)), lambda action: GREEN, speak=answering(*tries))
    return after, [one for one in moves if one.round_id == R3 and one.kind.startswith("task_")]


def test_it_is_asked_once_more_and_told_why():
    after, told = run(NO_FORM)

    assert [one.kind for one in told] == [
        "task_started",
        "task_returned",
        "task_started",
        "task_done",
    ]
    assert after.sprint.status == "succeeded"
    assert "not in the form below" in told[2].data["prompt"]
    assert "not in the form below" not in told[0].data["prompt"]


def test_the_second_time_fails_the_sprint():
    after, told = run(NO_FORM, NO_FORM)

    assert [one.kind for one in told][-2:] == ["task_started", "task_failed"]
    assert after.sprint.last_error == "agent_failed:agent_01 no reply: it has no line"
    assert after.stopped_with(StopCode.AGENT_FAILED)


def test_a_good_answer_clears_the_count():
    after, _ = run(NO_FORM)

    tasks = [task for task in after.tasks if task.round_id.endswith(R3)]
    assert not any("formless" in task.details for task in tasks)


def test_no_answer_of_another_kind_is_asked_for_again():
    silent = replace(NO_FORM, cause=Cause.NONE, reason="no reply: it is empty")

    after, told = run(silent)

    assert [one.kind for one in told] == ["task_started", "task_failed"]
    assert after.sprint.status == "failed"
