"""Test agents as rows: seeded, changed, written as TOML and read back."""

import json
import shlex
from dataclasses import replace

import pytest

from sprints.agents.presets import PRESETS
from sprints.contract.agent_spec import CARD, PRIVATE, USER, AgentDefinition
from sprints.definitions import agents, agents_toml
from sprints.management.cli_user import user
from sprints.models import Agent
from sprints.prompts.roster import AGENTS
from tests import studio
from tests.world import ROOT

ODD = 'a "quoted" \\ word\twith\nlines, \x7f, \u00e9, \U0001f600'


def test_a_new_store_has_the_fifteen_and_all_are_scripted(store, invoke):
    shown = json.loads(invoke("agent", "list", "--json").out)

    assert {row["agent_id"]: row["label"] for row in shown} == AGENTS
    assert {row["runner"] for row in shown} == {"scripted"}
    assert all(row[name] for row in shown for name in CARD)
    assert not [problem for row in Agent.objects.all() for problem in row.definition.problems()]
    assert not studio.events("agent_changed")


def test_init_brings_back_what_is_missing_and_keeps_what_was_changed(store, invoke):
    invoke("agent", "set", "agent_03", "--title", "Ours")
    Agent.objects.filter(pk="agent_04").delete()

    studio.initialise()

    assert Agent.objects.count() == 15
    assert agents.get("agent_03").title == "Ours"


def test_a_command_makes_the_agent_a_program(store, invoke):
    said = invoke(
        "agent", "set", "agent_01", "--command", "speak --model '{model} x'", "--model", "m1",
        "--timeout", "60", "--idle", "0", "--grace", "1", "--pass-env", "A", "--pass-env", "B",
        "--env", "C=1", "--env", "D=x=y",
        "--reply-field", "result",
    )  # fmt: skip

    agent = agents.get("agent_01").definition
    assert said.out == "changed agent agent_01\n"
    assert (agent.runner, agent.command) == ("command", ("speak", "--model", "{model} x"))
    assert (agent.timeout_s, agent.idle_s, agent.grace_s) == (60, 0, 1)
    assert agent.env == {"C": "1", "D": "x=y"}
    assert (agent.pass_env, agent.reply) == (("A", "B"), {"take": "result"})
    event = studio.event("agent_changed")
    assert event["data"] == agent.to_json() | {"by": user()}


def test_what_changes_nothing_is_no_event(store, invoke):
    said = invoke("agent", "set", "agent_01", "--runner", "scripted")

    assert said.out == "nothing to change\n"
    assert not studio.events("agent_changed")


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("model", ["", "m1"])
def test_a_preset_is_a_sound_agent(store, invoke, name, model):
    more = ["--model", model] if model else []

    said = invoke("agent", "set", "agent_03", "--preset", name, *more)

    agent = agents.get("agent_03").definition
    assert said.code == 0, said
    assert agent.runner == "command"
    assert ("{model}" in agent.command) == bool(model)
    assert not agent.problems()


def test_export_is_read_back_as_it_was(store, invoke, tmp_path):
    invoke("agent", "set", "agent_01", "--preset", "codex", "--model", "m1", "--env", f"A={ODD}")
    invoke("agent", "set", "agent_02", "--command", shlex.join(["x", ODD]), "--mission", ODD)
    invoke(
        "agent", "set", "agent_03", "--authority", "", "--deliverable", 'a "b" \\', "--title", "É"
    )
    before = [row.definition for row in Agent.objects.all()]
    file = tmp_path / "agents.toml"
    file.write_text("an older one")
    assert invoke("agent", "export", "--out", str(file)).out == f"wrote {file}\n"
    assert file.read_text("utf-8") == invoke("agent", "export").out
    assert [*tmp_path.glob(".*")] == []
    Agent.objects.all().delete()
    studio.initialise()

    said = invoke("agent", "import", str(file))

    assert said.out == "changed: agent_01, agent_02, agent_03\n", said
    assert [row.definition for row in Agent.objects.all()] == before


def test_a_card_is_changed_line_by_line_and_goes_into_prompts(store, invoke):
    said = invoke(
        "agent", "set", "agent_04", "--responsibility", "Sees", "--responsibility", "Hears",
        "--authority", "May say no", "--deliverable", "",
    )  # fmt: skip

    agent = agents.get("agent_04").definition
    shown = invoke("agent", "show", "agent_04").out
    assert said.code == 0, said
    assert agent.responsibilities == ("Sees", "Hears")
    assert (agent.authority, agent.deliverables) == (("May say no",), ())
    assert "responsibilities:\n  Sees\n  Hears\nauthority:\n  May say no\n" in shown


def test_a_contract_from_before_there_were_cards_and_policies_keeps_its_digest():
    plain = AgentDefinition("agent_01", "L", "R", "M", "command", ("x",), home=USER)
    before = {
        k: v for k, v in plain.to_json().items() if k not in (*CARD, "policy", "home", "network")
    }

    assert plain.frozen() == before
    assert AgentDefinition.from_json(before) == plain
    carded = replace(plain, authority=("a",), home=PRIVATE)
    assert AgentDefinition.from_json(carded.frozen()) == carded


def test_what_a_file_leaves_out_is_as_on_an_untouched_row():
    agent = AgentDefinition("agent_01", "L", "R", "M", "command", ("x",), "m", 1.0, 1.0, 1.0)
    agent = replace(agent, responsibilities=("sees",))

    assert agents_toml.read("[agent_01]\ntitle = 'N'", [agent]) == [
        AgentDefinition("agent_01", "L", "N", "M", responsibilities=("sees",))
    ]
    assert agents_toml.read("", [agent]) == []
    assert agents_toml.read(agents_toml.written([agent]), [replace(agent, title="x")]) == [agent]


def test_the_states_of_a_sprint(store, invoke):
    studio.create("s1")
    plain = json.loads(invoke("agent", "list", "--json", "--sprint", "s1").out)
    row = studio.create("s2")
    row.meta["active_agents"] = ["agent_01", "agent_05"]
    row.save()
    named = json.loads(invoke("agent", "list", "--json", "--sprint", "s2").out)

    asked = ["agent_01", "agent_02", "agent_03", "agent_11", "agent_12"]
    assert [one["agent_id"] for one in plain if one["state"] == "Active"] == asked
    assert {one["state"] for one in plain} == {"Active", "Silent"}
    assert [one["agent_id"] for one in named if one["state"] == "Active"] == [
        "agent_01",
        "agent_05",
    ]
    assert [one["agent_id"] for one in named if one["state"] == "Consult"] == asked[1:]


def test_programs_that_may_be_given_tasks_are_active(store, invoke):
    studio.create("s1")
    invoke("agent", "set", "agent_06", "--preset", "gemini")
    before = json.loads(invoke("agent", "list", "--json", "--sprint", "s1").out)
    invoke("agent", "set", "agent_01", "--preset", "gemini")
    after = json.loads(invoke("agent", "list", "--json", "--sprint", "s1").out)

    states = [{one["agent_id"]: one["state"] for one in told} for told in (before, after)]
    assert [one["agent_06"] for one in states] == ["Silent", "Active"]


def test_the_lists_are_for_people_too(store, invoke):
    invoke("agent", "set", "agent_01", "--preset", "gemini")

    listed = invoke("agent", "list").out
    shown = invoke("agent", "show", "agent_01").out

    assert "gemini -o json" in listed
    assert "command: gemini -o json --approval-mode yolo --skip-trust" in shown
    assert "limits: timeout 600 s, grace 5 s, idle 300 s" in shown


def test_doctor_names_an_agent_whose_program_is_not_there(store, invoke):
    invoke("agent", "set", "agent_01", "--command", "true")
    invoke("agent", "set", "agent_02", "--command", "no-such-program")

    found = [one for one in json.loads(invoke("doctor", "--json").out) if one["check"] == "agents"]

    assert [(one["level"], one["text"]) for one in found] == [
        ("ok", "agent_01: true"),
        ("bad", "agent_02: there is no no-such-program"),
    ]


def test_the_rules_of_the_documentation_are_taken_and_written_as_they_are(store, invoke, tmp_path):
    page = (ROOT / "docs" / "programs.md").read_text()
    block = page.partition("[agent_01]\n")[2].partition("```")[0]
    file = tmp_path / "agents.toml"
    file.write_text(f"[agent_01]\n{block}")

    said = invoke("agent", "import", str(file))

    reply = agents.get("agent_01").definition.reply
    assert said.code == 0, said
    assert {*reply} == {"take", "where", "usage", "fails", "denied", "signs", "session"}
    assert reply["fails"][0]["where"] == {"type": "result", "is_error": True}
    file.write_text(invoke("agent", "export").out)
    assert invoke("agent", "import", str(file)).out == "nothing to change\n"


def test_what_it_used_is_found_by_fields_that_are_typed(store, invoke):
    invoke("agent", "set", "agent_01", "--command", "speak", "--reply-field", "answer")

    said = invoke("agent", "set", "agent_01", "--usage", "input=u.in", "--usage", "cost_usd=cost")

    usage = {"last": {"input": "u.in", "cost_usd": "cost"}}
    assert said.code == 0, said
    assert agents.get("agent_01").definition.reply == {"take": "answer", "usage": usage}
    invoke("agent", "set", "agent_01", "--reply-field", "")
    assert agents.get("agent_01").definition.reply == {"usage": usage}
    invoke("agent", "set", "agent_01", "--usage", "")
    assert agents.get("agent_01").definition.reply is None


def test_what_a_preset_passes_on_and_sets_stays_beside_what_is_given(store, invoke):
    invoke(
        "agent", "set", "agent_01", "--preset", "codex", "--pass-env", "MODEL_KEY", "--env", "A=1",
        "--more", "-c 'a=\"b c\"'",
    )  # fmt: skip

    agent = agents.get("agent_01").definition
    assert agent.pass_env == ("CODEX_API_KEY", "CODEX_HOME", "MODEL_KEY")
    assert agent.env == {"A": "1"}
    assert agent.command[-4:] == ("-c", 'a="b c"', "{session}", "-")
