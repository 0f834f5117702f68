"""Test the acts on a sprint's page: roles, labels and refusals."""

import pytest
from django.test import Client

from tests import studio
from tests.people import Role, signed_in, text_of

VERBS = ["run", "step", "retry", "pause", "resume", "cancel", "answer", "budget", "edit", "unship"]
VERBS += ["archive", "restore", "first"]


@pytest.fixture
def operator(store):
    studio.create("wk1")
    return signed_in(Role.OPERATOR, "kim")


def does(client: Client, verb: str, **form: object) -> str:
    """Press the button, and read the page that comes then."""
    answer = client.post(f"/sprints/wk1/{verb}", form, follow=True)
    assert answer.redirect_chain == [("/sprints/wk1/", 302)]
    return text_of(answer)


@pytest.mark.parametrize("verb", VERBS)
def test_a_viewer_neither_sees_a_button_nor_may_press_it(operator, verb):
    viewer = signed_in(Role.VIEWER)
    events = studio.seq()

    page, pressed = viewer.get("/sprints/wk1/"), viewer.post(f"/sprints/wk1/{verb}")

    assert pressed.status_code == 403
    assert "this needs the role operator" in text_of(pressed).lower()
    content = page.content.decode().partition("<main")[2].partition("</main>")[0]
    assert "<form" not in content
    assert studio.seq() == events


@pytest.mark.parametrize("verb", VERBS)
def test_a_foreign_page_cannot_press_it(operator, verb):
    operator.handler.enforce_csrf_checks = True

    answer = operator.post(f"/sprints/wk1/{verb}")

    assert answer.status_code == 403
    assert studio.sprint().status == "created"


@pytest.mark.parametrize("verb", VERBS)
def test_looking_changes_nothing(operator, verb):
    assert operator.get(f"/sprints/wk1/{verb}").status_code == 405


@pytest.mark.parametrize("verb", VERBS)
def test_there_is_nothing_to_do_to_what_there_is_not(operator, verb):
    assert operator.post(f"/sprints/wk9/{verb}").status_code == 404


def test_run_hands_it_to_the_workers(operator):
    said = does(operator, "run")

    assert "Handed to the workers." in said
    assert "sprint started by kim" in said
    assert studio.sprint().status == "running"


def test_what_has_shipped_nothing_cannot_be_taken_back(operator):
    assert "Unship wk1" not in text_of(operator.get("/sprints/wk1/"))

    said = does(operator, "unship", why="it is slow")

    assert "Refused: sprint wk1 has shipped nothing that could be reverted." in said
    assert len(studio.sprints()) == 1


def test_what_was_shipped_can_be_taken_back_once(operator):
    shipping = {"status": "shipped", "tag": "shipped/wk1", "commit": "1" * 40, "branch": "main"}
    studio.forge("sprint", status="succeeded", meta={"shipping": shipping})
    before = text_of(operator.get("/sprints/wk1/"))

    said = does(operator, "unship", why="it is slow")
    studio.forge("sprint", meta={"shipping": shipping, "unshipped_by": "wk1-unship"})

    assert "Unship wk1" in before
    assert "Refused: sprint wk1 cannot be reverted: " in said
    assert len(studio.sprints()) == 1
    assert "Unship wk1" not in text_of(operator.get("/sprints/wk1/"))


def test_what_has_ended_is_archived_and_restored(operator):
    assert "Archive wk1" not in text_of(operator.get("/sprints/wk1/"))
    assert "Refused: sprint wk1 is created; only ended sprints can be archived." in does(
        operator, "archive"
    )
    does(operator, "cancel")

    archived = does(operator, "archive")
    restored = does(operator, "restore")

    assert "Archived: Restore puts it back." in archived
    assert "Archive wk1" not in archived
    assert "Restore wk1" in archived
    assert "sprint archived by kim" in restored
    assert "Archive wk1" in restored
    assert studio.sprint().archived_at is None


def test_a_step_is_handed_to_the_workers(operator):
    said = does(operator, "step")

    assert "One round is handed to the workers." in said
    assert studio.sprint().status == "running"


def test_a_pause_tells_who_and_why_and_a_resume_ends_it(operator):
    does(operator, "run")

    paused = does(operator, "pause", why=" for lunch ")
    resumed = does(operator, "resume")

    assert "Paused by kim: for lunch" in paused
    assert "sprint paused by kim: for lunch by kim" in resumed
    assert "sprint resumed by kim" in resumed


def test_a_sprint_that_has_not_begun_is_cancelled_at_once(operator):
    said = does(operator, "cancel")

    assert studio.sprint().status == "cancelled"
    assert "Cancelled." in said
    assert "sprint cancelled by kim" in said


def test_a_running_sprint_is_cancelled_once_nothing_of_it_runs(operator):
    does(operator, "run")

    said = does(operator, "cancel")

    assert studio.sprint().status == "running"
    assert "Asked to stop: it is cancelled as soon as nothing of it runs." in said
    assert "Stopping: cancelled by kim." in said
    assert "cancel requested by kim" in said


def test_a_failed_sprint_is_retried_from_its_round(operator, invoke):
    studio.forge("sprint", title="x")
    invoke("gate", "set", "qa_smoke_quick", "--command", "false")
    assert invoke("sprint", "run", "wk1").code == 1
    before = text_of(operator.get("/sprints/wk1/"))

    said = does(operator, "retry")

    assert "Retry from R3 wk1" in before
    assert "A new attempt is handed to the workers." in said
    assert "sprint retried from R3_BUILD_A_INTEGRATE, attempt 2 by kim" in said
    assert studio.sprint().attempt == 2


@pytest.mark.parametrize(
    ("verb", "form", "words"),
    [
        ("resume", {}, "Refused: sprint wk1 is not paused."),
        ("retry", {}, "Refused: sprint wk1 is created; only a failed, blocked or cancelled one"),
        ("pause", {"why": "x" * 201}, "Refused: a reason is one line of at most 200 characters."),
        ("pause", {"why": "a\nb"}, "Refused: a reason is one line of at most 200 characters."),
        ("edit", {"title": "y" * 201}, "Refused: a title is one line of at most 200 characters."),
        ("edit", {"brief": "a\0b"}, "Refused: a text in meta holds a NUL"),
        ("edit", {"gate_profile": "slow"}, "Refused: the gate profile must be one of"),
        ("edit", {"agents_shown": "1", "active_agents": ["me"]}, "active_agents must list agents"),
        ("edit", {"acks_shown": "1", "acks_R1_CONTRACTS": "you"}, "R1_CONTRACTS must list agents"),
    ],
)
def test_a_refusal_is_told_on_the_page_in_its_own_words(operator, verb, form, words):
    events = studio.seq()

    said = does(operator, verb, **form)

    assert words in said
    assert studio.seq() == events


def test_an_ended_sprint_cannot_be_cancelled(operator):
    does(operator, "cancel")

    assert "Refused: sprint wk1 is cancelled; there is nothing to cancel." in does(
        operator, "cancel"
    )


def test_the_brief_and_the_overrides_are_edited_here(operator):
    said = does(
        operator,
        "edit",
        title="New title",
        brief="# Goal\r\nplay",
        agents_shown="1",
        active_agents=["agent_01", "agent_05"],
        gate_profile="full",
        acks_shown="1",
        acks_R1_CONTRACTS="agent_02, agent_03",
        acks_R2_PLAN_CONFIRM="-",
        merge_shown="1",
        enable_auto_merge="on",
    )

    sprint = studio.sprint()
    assert sprint.title == "New title"
    assert sprint.meta == {
        "created_by": "test",
        "brief": "# Goal\nplay",
        "active_agents": ["agent_01", "agent_05"],
        "gate_profile": "full",
        "required_acks_by_round": {
            "R1_CONTRACTS": ["agent_02", "agent_03"],
            "R2_PLAN_CONFIRM": [],
        },
        "enable_auto_merge": True,
    }
    assert "sprint changed by kim" in said


def test_saving_the_form_as_it_is_changes_nothing(operator):
    does(operator, "edit", brief="a\nb", active_agents=["agent_02"], agents_shown="1")
    events = studio.seq()

    does(
        operator,
        "edit",
        title="wk1",
        brief="a\r\nb",
        agents_shown="1",
        active_agents=["agent_02"],
        gate_profile="",
        acks_shown="1",
        acks_R1_CONTRACTS="",
        merge_shown="1",
    )

    assert studio.seq() == events


def test_what_the_contract_froze_is_not_offered_while_it_runs(operator):
    does(operator, "run")

    page = operator.get("/sprints/wk1/").content.decode()

    assert 'name="gate_profile"' not in page
    assert "cannot change while the sprint runs" in page
    assert "gate_profile: frozen with the contract" in does(operator, "edit", gate_profile="full")


def test_only_what_can_be_done_is_offered(operator, invoke):
    def offered():
        html = operator.get("/sprints/wk1/").content.decode()
        return [verb for verb in VERBS if f'id="act-{verb}"' in html]

    created = offered()
    does(operator, "run")
    running = offered()
    does(operator, "pause")
    paused = offered()
    does(operator, "cancel")
    stopping = offered()
    invoke("sprint", "run", "wk1")

    assert created == ["run", "step", "cancel"]
    assert running == ["pause", "cancel"]
    assert paused == ["step", "resume", "cancel"]
    assert stopping == []
    assert offered() == ["retry", "archive"]
