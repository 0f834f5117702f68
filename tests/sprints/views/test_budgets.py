"""Test budgets of agent commands: a sprint is blocked, a human raises its budget, it goes on."""

import json

import pytest

from sprints.agents.presets import PRESETS
from sprints.management.cli_user import user
from sprints.models import Sprint
from tests import studio
from tests.people import Role, signed_in, text_of


def launches() -> int:
    """How often a program was launched."""
    return sum("runner" in event["data"] for event in studio.events("task_started"))


@pytest.fixture
def parked(store) -> Sprint:
    """A sprint that may launch two programs, and wants six."""
    studio.speaker("replies")
    studio.create("wk1")
    studio.set_budget("wk1", "test", launches=2)
    studio.run("wk1")
    return studio.sprint()


def test_it_is_parked_before_the_launch_that_is_too_many(parked, store, invoke):
    again = invoke("sprint", "run", "wk1")

    assert (parked.status, parked.last_error) == ("blocked", "budget:2 of 2 launches")
    assert launches() == 2
    assert again.code == 2
    assert (
        "agent budget is used up: 2 of 2 launches; next: studio-gateway sprint budget" in again.err
    )
    assert studio.differences() == []
    assert invoke("rebuild", "--check").code == 0


def test_whoever_gives_more_stands_in_the_event_and_the_workers_go_on(parked, store, invoke):
    said = invoke("sprint", "budget", "wk1", "--launches", "6")

    event = studio.event("budget_changed", seq__gt=5)
    assert said.code == 0, said
    assert said.out.startswith("agents have used 2 of 6 launches, 0")
    assert "to continue wk1: studio-gateway sprint run wk1\n" in said.out
    assert event["data"]["by"] == user()
    studio.work("wk1")
    assert studio.sprint().status == "succeeded"
    assert launches() == 6
    assert studio.differences() == []
    assert invoke("rebuild", "--check").code == 0
    assert invoke("sprint", "budget", "wk1").out.startswith("agents have used 6 of 6 launches, 0")


def test_running_out_of_minutes_ends_the_program_and_not_the_sprint(store, invoke):
    studio.speaker("first_time")
    studio.create("wk1")
    studio.set_budget("wk1", "test", minutes=0.03)

    said = invoke("sprint", "run", "wk1")
    task = studio.task()
    studio.set_budget("wk1", "test", minutes=5.0)
    after = studio.run("wk1")

    assert said.code == 3, said
    assert "wk1 is blocked: budget:0.03" in said.out
    assert "next: studio-gateway sprint budget wk1 --minutes N" in said.out
    assert task.details["reason"].startswith("the sprint's minutes for agents ended; timed out")
    assert 1.8 <= task.details["spent_s"] < 10
    assert after.sprint.status == "succeeded"
    assert after.tasks[0].details["try"] == 2
    assert studio.differences() == []


def test_it_is_shown_by_status_on_the_page_and_on_the_dashboard(parked, invoke):
    status = json.loads(invoke("status").out)["budgets"]["wk1"]
    shown = invoke("sprint", "show", "wk1").out
    viewer = signed_in(Role.VIEWER)
    page, dashboard = text_of(viewer.get("/sprints/wk1/")), text_of(viewer.get("/"))

    assert (status["launches_used"], status["launches"], status["minutes"]) == (2, 2, 240.0)
    assert "agents have used 2 of 2 launches, 0" in shown
    assert (
        "The agent budget is used up in R2: 2 of 2 launches. The sprint is blocked until an" in page
    )
    assert "Waits for an operator, since " in page
    assert " : more launches, 2 of 2 launches used (sprint budget wk1 --launches N)." in page
    assert "agents used 2 of 2 launches, 0" in page
    assert "the agent budget is used up: 2 of 2 launches" in dashboard
    assert "Raise the budget" in dashboard


def test_a_sprint_without_programs_shows_no_budget(store, invoke):
    studio.create("wk1")
    studio.run("wk1", one_round=True)

    assert json.loads(invoke("status").out)["budgets"] == {}
    assert "agents used" not in text_of(signed_in(Role.VIEWER).get("/sprints/wk1/"))
    assert invoke("sprint", "budget", "wk1").out == "wk1 runs no agent command\n"


def test_more_is_given_on_the_page(parked):
    browser = signed_in(Role.OPERATOR, "kim")
    page = browser.get("/sprints/wk1/").content.decode()

    form = {"launches": "6", "minutes": "240.0"}
    said = text_of(browser.post("/sprints/wk1/budget", form, follow=True))

    assert 'name="launches" type="number" min="1" max="10000" value="2"' in page
    assert 'value="240.0"' in page
    assert "Agents have used 2 of 6 launches, 0" in said
    assert "kim set the agent budget to 6 launches and 240 minutes by kim" in said
    assert 'id="act-budget"' not in browser.get("/sprints/wk1/").content.decode()
    assert studio.sprint().status == "running"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"launches": "1"}, "sprint wk1 stays blocked: agents have used 2 of 1 launches"),
        ({"launches": "many"}, "launches and minutes, tokens and usd are numbers"),
        ({"minutes": "nan"}, "minutes must be above 0 and at most 100000"),
        ({"launches": "0"}, "launches must be a whole number from 1 to 10000"),
        ({"launches": "9" * 5000}, "launches and minutes, tokens and usd are numbers"),
        ({"tokens": "1.5"}, "launches and minutes, tokens and usd are numbers"),
        ({"tokens": "0"}, "tokens must be a whole number from 1 to 1000000000000"),
        ({"usd": "inf"}, "usd must be above 0 and at most 1000000"),
    ],
)
def test_what_cannot_be_given_is_refused_on_the_page(parked, form, words):
    browser = signed_in(Role.OPERATOR, "kim")
    events = studio.seq()

    said = text_of(browser.post("/sprints/wk1/budget", form, follow=True))

    assert f"Refused: {words}" in said
    assert studio.seq() == events


def test_operators_give_more_over_the_wire(parked, call):
    path, body = "/api/sprints/wk1/budget", {"launches": 6, "minutes": 300}

    refused = [
        call("POST", path, body, by="viewer").status_code,
        call("POST", path, {}).status_code,
        call("POST", path, {"launches": "6"}).status_code,
        call("POST", path, {"launches": True}).status_code,
        call("POST", path, {"minutes": 0}).status_code,
        call("POST", path, {"tokens": 0}).status_code,
        call("POST", path, {"usd": "7"}).status_code,
        call("POST", path, {"launches": 1}).status_code,
        call("POST", "/api/sprints/none/budget", body).status_code,
    ]
    taken = call("POST", path, body, by="operator")

    assert refused == [403, 400, 422, 422, 422, 422, 422, 409, 404]
    assert (taken.status_code, taken.json()) == (202, {"ok": True})
    assert studio.event("budget_changed", seq__gt=5)["data"]["by"] == "the_operator"


def set_spender(way: str) -> None:
    """A lead that tells what it uses, step by step."""
    studio.speaker(way)
    reply = PRESETS["opencode"]["reply"]
    studio.set_agent(reply=reply)


def test_what_a_program_tells_that_it_used_is_counted_and_shown(store, invoke):
    set_spender("spends")
    studio.create("wk1")

    assert studio.run("wk1").sprint.status == "succeeded"

    task = studio.task(task_id="lead_agent_01", round__code="R0_SETUP")
    assert task.details["usage"] == {
        "input_tokens": 1000, "output_tokens": 200, "cost_usd": 0.5, "source": "each", "tries": 1,
    }  # fmt: skip
    words = "agents have used 7 of 40 launches, "  # once more in R3: it changes nothing
    said = invoke("sprint", "budget", "wk1").out
    assert said.startswith(words)
    assert said.endswith(" minutes, 8400 of 5000000 tokens, 3.5 of 50 USD\n")
    assert "8400 of 5000000 tokens, 3.5 of 50 USD" in invoke("sprint", "show", "wk1").out
    page = text_of(signed_in(Role.VIEWER).get("/sprints/wk1/"))
    assert "8400 of 5000000 tokens" in page
    assert "1000 tokens in, 200 out" in page
    assert studio.differences() == []
    assert invoke("rebuild", "--check").code == 0


@pytest.mark.parametrize(("given", "more"), [("tokens", 90_000), ("usd", 40.0)])
def test_a_program_is_ended_once_it_has_used_what_was_left(store, invoke, given, more):
    set_spender("overspends")
    studio.create("wk1")
    studio.set_budget("wk1", "test", **{given: {"tokens": 1000, "usd": 0.5}[given]})

    said = invoke("sprint", "run", "wk1")
    task = studio.task()

    assert said.code == 3, said
    assert "wk1 is blocked: budget:" in said.out
    assert f"next: studio-gateway sprint budget wk1 --{given} N" in said.out
    assert "for agents ended: " in task.details["reason"]
    assert (task.status, task.details["usage"]["tries"]) == ("blocked", 1)
    assert task.details["usage"]["output_tokens"] >= 200
    assert invoke("sprint", "budget", "wk1", f"--{given}", str(more)).code == 0
    assert studio.run("wk1").sprint.status == "succeeded"
    session = studio.task(task_id="lead_agent_01", round__code="R0_SETUP").details["session"]
    assert (task.details["session"]["again"], session["again"]) == (False, True)
    assert task.details["session"]["id"] == session["id"] == "ses_1"
    assert studio.differences() == []
    assert invoke("rebuild", "--check").code == 0
    assert invoke("replay").code == 0


def test_what_tells_nothing_is_called_unmetered(parked, invoke):
    said = invoke("sprint", "budget", "wk1").out
    status = json.loads(invoke("status").out)["budgets"]["wk1"]

    assert said.endswith(
        "0 of 5000000 tokens, 0 of 50 USD (2 launches reported no tokens or cost)\n"
    )
    assert (status["unmetered"], status["tokens"], status["tokens_used"]) == (2, 5_000_000, 0)
    page = signed_in(Role.VIEWER).get("/sprints/wk1/")
    assert "2 launches reported no tokens or cost" in text_of(page)


def test_a_sprint_that_starts_has_the_budget_of_config_json(store, invoke):
    invoke("config", "set", "agent_launches", "2")
    invoke("config", "set", "agent_minutes", "7.5")
    invoke("config", "set", "agent_tokens", "5000")
    invoke("config", "set", "agent_usd", "1.5")
    studio.speaker("replies")
    studio.create("wk1")
    before = invoke("sprint", "budget", "wk1").out

    studio.run("wk1")
    invoke("config", "set", "agent_launches", "9")

    assert before == (
        "agents have used 0 of 2 launches, 0 of 7.5 minutes, 0 of 5000 tokens, 0 of 1.5 USD\n"
    )
    assert studio.sprint().last_error == "budget:2 of 2 launches"
    assert invoke("sprint", "budget", "wk1").out.startswith("agents have used 2 of 2 launches")
    studio.retry("wk1")
    assert studio.sprint().status == "succeeded"


def test_a_wish_counts_also_where_it_is_what_is_usual(store, invoke):
    invoke("config", "set", "agent_launches", "100")
    studio.speaker("replies")
    studio.create("wk1")

    studio.set_budget("wk1", "test", launches=40)

    assert invoke("sprint", "budget", "wk1").out.startswith("agents have used 0 of 40 launches")


@pytest.mark.parametrize("launches", [0, 10_001])
def test_the_operation_itself_takes_no_endless_budget(parked, launches):
    with pytest.raises(studio.Refused, match="launches must be a whole number from 1 to 10000"):
        studio.set_budget("wk1", "sam", launches=launches)


def test_nobody_but_the_gateway_writes_a_budget_into_meta(parked):
    with pytest.raises(studio.Refused, match="agent_budget is written by the gateway alone"):
        studio.edit("wk1", "sam", meta={"agent_budget": {"launches": 9}})


def test_a_retry_under_other_agents_asks_no_program_and_needs_no_budget(parked):
    studio.set_agent(runner="scripted", command=())

    assert studio.retry("wk1").sprint.status == "succeeded"
