"""No program reads a text that is for people: with every text reversed, all still works."""

import pytest

from sprints import operations
from sprints.journal import writer
from sprints.journal.verify import differences
from sprints.models import Event, Sprint
from sprints.replay.replay import replay
from sprints.roles import Role
from sprints.runner.runner import StopRequest
from sprints.state import messages
from sprints.state.stop_reason import StopCode
from tests.speakers import ask, set_speaker
from tests.sprints.views.people import signed_in
from tests.world import set_gate


@pytest.fixture
def garbled(store, monkeypatch):
    """Every text that is made of a code and its fields is written backwards."""
    made = messages.worded
    monkeypatch.setattr(messages, "worded", lambda text, fields: made(text, fields)[::-1])
    return store


def status(name="wk1"):
    return Sprint.objects.get(pk=name).status


def run(name="wk1"):
    operations.run(name, StopRequest())
    return status(name)


def headings():
    """Under what the dashboard lists each sprint that waits for a person."""
    waits = signed_in(Role.VIEWER).get("/").context["waits"]
    return {item.line.sprint_id: item.kind for item in waits}


def offered(name="wk1"):
    """The act that a sprint's page offers first."""
    acts = signed_in(Role.OPERATOR).get(f"/sprints/{name}/").context["acts"]
    return next((act.verb for act in acts if act.main), None)


def sound(store):
    writer.flush()
    for row in Sprint.objects.all():
        bodies = [e.body for e in Event.objects.filter(sprint_id=row.pk).order_by("seq")]
        assert replay(bodies) is None
    assert operations.check_rebuild().difference == ""
    return differences(store) == []


def test_the_texts_are_garbled(garbled):
    assert messages.message("wait.start") == "trats a"


def test_a_sprint_that_failed_at_a_gate_is_retried(garbled):
    set_gate("sh", "-c", "exit 7")
    operations.create("wk1", by="sam")
    assert run() == "failed"

    row = Sprint.objects.get(pk="wk1")
    assert row.last_error == "gate_failed:qa_smoke_quick exit_code=7", "a documented text"
    assert row.stop_reason == {"code": "gate_failed", "gate_id": "qa_smoke_quick", "exit_code": 7}
    assert (headings(), offered()) == ({"wk1": "failed"}, "retry")
    set_gate("true")
    operations.retry("wk1", StopRequest())
    row = Sprint.objects.get(pk="wk1")
    assert (row.status, row.stop_reason, row.last_error) == ("succeeded", None, None)
    assert sound(garbled)


def test_a_question_is_answered(garbled):
    ask("wk1")
    assert (headings(), status()) == ({"wk1": "question"}, "blocked")
    assert Sprint.objects.get(pk="wk1").waiting["code"] == "answer"
    with pytest.raises(operations.Refused, match="sprint answer wk1"):
        run()

    operations.answer("wk1", "Blue.", "kim")

    assert run() == "succeeded"
    assert sound(garbled)


def test_an_approval_is_given(garbled):
    operations.create("wk1", by="sam", brief="A plan", approvals=["before_build"])
    assert run() == "blocked"
    assert headings() == {"wk1": "approval"}
    assert Sprint.objects.get(pk="wk1").waiting["point"] == "before_build"

    operations.edit("wk1", "sam", title="Another title")
    assert Sprint.objects.get(pk="wk1").stopped_for.code == StopCode.APPROVAL_NEEDED
    operations.approve("wk1", "ada")

    assert run() == "succeeded"
    assert sound(garbled)


def test_an_approval_is_refused_and_asked_again(garbled):
    operations.create("wk1", by="sam", brief="A plan", approvals=["before_build"])
    run()

    operations.reject("wk1", "ada", "Not so.")

    assert headings() == {"wk1": "failed"}
    operations.retry("wk1", StopRequest())
    assert headings() == {"wk1": "approval"}
    assert sound(garbled)


def test_a_budget_is_raised(garbled):
    set_speaker("replies")
    operations.create("wk1", by="sam")
    operations.set_budget("wk1", "sam", launches=2)
    assert run() == "blocked"
    assert (headings(), offered()) == ({"wk1": "blocked"}, "budget")

    operations.set_budget("wk1", "sam", launches=6)

    assert run() == "succeeded"
    assert sound(garbled)


def test_a_sprint_is_paused_resumed_cancelled_and_retried(garbled):
    operations.create("wk1", by="sam")
    operations.start("wk1")
    operations.pause("wk1", "robin", "lunch")
    assert (headings(), offered()) == ({"wk1": "paused"}, "resume")
    operations.resume("wk1", "robin")
    operations.ask_to_cancel("wk1", "robin")
    run()
    assert status() == "cancelled"
    reason = Sprint.objects.get(pk="wk1").stop_reason
    assert reason == {"code": "cancelled_by_user", "by": "robin"}

    operations.retry("wk1", StopRequest())

    assert status() == "succeeded"
    assert sound(garbled)


def test_a_sprint_that_version_0_stopped_is_listed_and_answered(garbled):
    ask("wk1")
    Sprint.objects.update(stop_reason=None)

    assert headings() == {"wk1": "question"}
    operations.answer("wk1", "Blue.", "kim")
    assert run() == "succeeded"
