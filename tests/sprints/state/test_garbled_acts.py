"""Acts of operators, shipping, schedules and hooks work with every text reversed."""

import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from gates.models import Gate
from sprints import operations
from sprints.contract.agent_spec import COMMAND
from sprints.definitions import agents, gates, hooks
from sprints.hooks import outbox
from sprints.models import Delivery, Schedule
from sprints.state.stop_reason import StopCode
from tests import studio
from tests.checkout import commit, git
from tests.people import Role, signed_in
from tests.sprints.state.garbled import codes, headings, offered, retry, row, run, sound, why
from tests.world import MARK


def test_a_question_is_answered(garbled):
    studio.ask("wk1")
    assert (headings(), why(), row().status) == ({"wk1": "question"}, "agent_asks", "blocked")
    assert row().waiting["code"] == "answer"
    with pytest.raises(studio.Refused):
        run()

    studio.answer("wk1", "Blue.", "kim")

    assert run() == "succeeded"
    assert sound()


def test_a_sprint_that_version_0_stopped_is_listed_and_answered(garbled):
    studio.ask("wk1")
    studio.forge("sprint", stop_reason=None)

    assert headings() == {"wk1": "question"}
    studio.answer("wk1", "Blue.", "kim")
    assert run() == "succeeded"


def test_a_sprint_is_paused_resumed_cancelled_and_retried(garbled):
    studio.create("wk1", by="sam")
    studio.start("wk1")
    studio.pause("wk1", "robin", "lunch")
    assert (headings(), offered()) == ({"wk1": "paused"}, "resume")
    studio.resume("wk1", "robin")
    operations.ask_to_cancel("wk1", "robin")
    run()
    assert row().stop_reason == {"code": StopCode.CANCELLED, "by": "robin"}
    assert row().status == "cancelled"

    assert retry() == "succeeded"

    assert sound()


def test_a_sprint_holds_after_one_round_and_runs_to_its_end(garbled):
    studio.create("wk1", by="sam")
    studio.step("wk1", "sam")
    studio.work("wk1")
    assert (headings(), offered()) == ({"wk1": "paused"}, "resume")
    assert codes()[-1] == "held_after_step"

    studio.resume("wk1", "sam")

    assert run() == "succeeded"
    assert sound()


def test_each_act_of_a_page_is_done(garbled):
    browser = signed_in(Role.OPERATOR)

    def does(verb, **form):
        answer = browser.post(f"/sprints/wk1/{verb}", form, follow=True)
        assert answer.status_code == 200
        return row().status

    studio.create("wk1", by="sam", approvals=["before_build"])
    assert (headings(), offered()) == ({"wk1": "created"}, "run")
    does("edit", title="Another title")
    assert does("run") == "running"
    does("pause", why="lunch")
    assert row().meta["automation_paused"] is True
    does("resume")
    assert run() == "blocked"
    assert does("approve", why="Go.", ask="before_build/2") == "blocked", "it is another request"
    assert does("approve", why="Go.", ask="before_build/1") == "running"
    assert run() == "succeeded"
    does("archive")
    assert row().archived_at
    does("restore")
    assert row().archived_at is None
    assert row().title == "Another title"
    assert sound()


@pytest.fixture
def ships(garbled):
    """A checkout in which an agent works, and whose sprints are merged and published."""
    commit(garbled.repo, {"README": "of the project\n"})
    words = (sys.executable, "-c", "open('work', 'a').write('x'); print('Status: DONE')")
    lead = studio.agent()
    agents.put([replace(lead, runner=COMMAND, command=words, pass_env=(MARK,))])
    studio.configure("enable_auto_merge", "true", "sam")
    return garbled.repo


def test_a_sprint_whose_work_cannot_be_shipped_is_retried_shipped_and_reverted(ships):
    studio.create("wk1", by="sam")
    (ships / "README").write_text("in the middle of something\n")
    assert run() == "blocked"
    assert (why(), headings(), offered()) == ("ship_refused", {"wk1": "blocked"}, "retry")
    git(ships, "checkout", "--", "README")

    assert retry() == "succeeded"

    assert git(ships, "tag") == "shipped/wk1"
    acts = signed_in(Role.OPERATOR).get("/sprints/wk1/").context["acts"]
    assert [act.verb for act in acts] == ["unship", "archive"]
    name = operations.unship("wk1", "sam", "it is slow")
    assert run(name) == "succeeded"
    assert git(ships, "tag").split() == ["shipped/wk1", "unshipped/wk1"]
    assert not (ships / "work").exists()
    assert sound()


def test_a_sprint_is_shipped_once_it_is_approved(ships):
    studio.create("wk1", by="sam", approvals=["before_ship"])
    assert run() == "blocked"
    assert headings() == {"wk1": "approval"}

    studio.approve("wk1", "ada")

    assert run() == "succeeded"
    assert git(ships, "tag") == "shipped/wk1"
    assert sound()


def test_schedules_that_cannot_start_a_sprint_say_so_by_code(garbled):
    studio.add_schedule("nightly", "sam", cron="0 2 * * *", zone="UTC")
    studio.add_schedule("gone", "sam", cron="0 2 * * *", zone="UTC")
    studio.forge("schedule", "gone", zone="Gone/Away")
    studio.forge("schedule", next_at=timezone.now() - timedelta(minutes=1))
    Gate.objects.all().delete()

    studio.fire_schedules()

    assert codes(None).count("schedule_failed") == 2
    assert [row.enabled for row in Schedule.objects.order_by("pk")] == [False, True]
    studio.turn_schedule("nightly", "sam", on=False)
    studio.remove_schedule("nightly", "sam")
    assert not Schedule.objects.filter(pk="nightly").exists()


def test_what_a_hook_has_caused_is_told_once(garbled, monkeypatch):
    studio.hook("tell", "command", ("sprint_created", "sprint_changed"), ("true",))
    monkeypatch.setenv("STUDIO_HOOK_DEPTH", "1")
    studio.create("wk1", by="sam")
    outbox.hand_out(timezone.now())
    studio.edit("wk1", "sam", title="Another")
    outbox.hand_out(timezone.now())

    assert [one.status for one in Delivery.objects.order_by("seq")] == ["dropped", "dropped"]
    assert codes(None).count("hook_not_repeated") == 1
    hooks.remove("tell")
    assert studio.check_rebuild().difference == ""


def test_definitions_that_are_removed_are_gone_after_a_rebuild(garbled):
    studio.gate("true", gate_id="lint")
    gates.remove("lint")
    studio.create("wk1", by="sam")

    assert run() == "succeeded"
    assert sound()
