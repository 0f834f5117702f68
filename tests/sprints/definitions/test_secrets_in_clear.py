"""Test that what is executed, compared or hashed holds no secret and is never redacted."""

from dataclasses import replace

import pytest

from gates.definition import Definition, resolved
from gates.kinds.command import Place, judge
from gates.verdict import Verdict
from sprints import operations
from sprints.contract.agent_spec import COMMAND
from sprints.contract.contract import DEFAULT_GATE
from sprints.contract.hook_spec import HookDefinition
from sprints.health import doctor
from sprints.models import Sprint
from tests import studio

KNOWN = "npmtoken-0123456789"


@pytest.fixture(autouse=True)
def token(monkeypatch):
    monkeypatch.setenv("NPM_TOKEN", KNOWN)


def put_gate(**changes):
    operations.gates.put(replace(DEFAULT_GATE, **changes), ["quick"])


def put_agent(**changes):
    operations.agents.put([replace(studio.agent(), **changes)])


def put_hook(*target):
    operations.hooks.put(HookDefinition("h", "command", ("error",), target))


REFUSED = {
    "a gate's command": (lambda: put_gate(command=("sh", "-c", f"x {KNOWN}")), "command"),
    "a gate's title": (lambda: put_gate(title=f"with {KNOWN}"), "title"),
    "a gate's variable": (lambda: put_gate(env={"PLAIN": KNOWN}), "env.PLAIN"),
    "a variable named so": (lambda: put_gate(env={"DB_PASSWORD": "xk3j-f9ak"}), "env.DB_PASSWORD"),
    "a key by its look": (lambda: put_gate(env={"A": "ghp_" + "aB3" * 12}), "env.A"),
    "a password in a URL": (lambda: put_gate(command=("psql", "pg://me:xk3jf9ak2@h")), "command"),
    "an agent's command": (lambda: put_agent(runner=COMMAND, command=("x", KNOWN)), "command"),
    "an agent's mission": (lambda: put_agent(mission=f"use {KNOWN}"), "mission"),
    "an agent's variable": (lambda: put_agent(env={"A_TOKEN": "xk3j-f9ak"}), "env.A_TOKEN"),
    "a hook's command": (lambda: put_hook("curl", "-H", KNOWN), "target"),
    "a protected path": (
        lambda: studio.create(meta={"protected_paths": [f"{KNOWN}/**"]}), "protected_paths",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_secret_in_clear_is_refused_at_its_field(store, what):
    act, field = REFUSED[what]
    before = studio.seq()

    with pytest.raises(studio.Refused) as refused:
        act()

    assert [one.field for one in refused.value.problems] == [field]
    assert KNOWN not in str(refused.value)
    assert studio.seq() == before


def test_an_edit_of_a_frozen_setting_is_refused_too(store):
    studio.create()

    with pytest.raises(studio.Refused, match="protected_paths holds a secret in clear"):
        studio.edit("wk1", "sam", meta={"protected_paths": [KNOWN]})


ALLOWED = {
    "an everyday word": {"DB_PASSWORD": "postgres"},
    "a short one": {"API_KEY": "hush"},
    "an everyday password in a URL": {"DSN": "postgres://postgres:postgres@db/test"},
    "an empty one": {"DB_PASSWORD": ""},
    "a reference": {"DB_PASSWORD": "${NPM_TOKEN}"},
}


@pytest.mark.parametrize("what", ALLOWED)
def test_the_rest_is_recorded_as_it_runs(store, what):
    put_gate(command=("true", "postgres"), env=ALLOWED[what])
    studio.create()

    studio.run()

    studio.settle_files()
    frozen = Sprint.objects.get().contract["gates"][0]
    assert frozen["env"] == ALLOWED[what]
    started = next(one for one in studio.events() if "contract" in one["data"])
    assert started["data"]["contract"]["gates"] == [frozen]
    assert studio.gate_runs()[0].command == ["true", "postgres"]
    assert KNOWN not in store.events.read_text()
    assert studio.verify().difference is None


def test_a_secret_that_becomes_known_later_stops_the_next_start(store, monkeypatch):
    put_gate(command=("true", "later-0123456789"))
    studio.create()
    monkeypatch.setenv("LATER_TOKEN", "later-0123456789")

    with pytest.raises(studio.Refused) as refused:
        studio.start("wk1")

    assert [one.field for one in refused.value.problems] == ["gates.qa_smoke_quick.command"]
    assert studio.sprint().status == "created"


def test_a_secret_that_becomes_known_in_a_sprint_changes_no_command(store, monkeypatch):
    put_gate(command=("true", "later-0123456789"))
    studio.create()
    studio.start("wk1")
    monkeypatch.setenv("LATER_TOKEN", "later-0123456789")
    studio.edit("wk1", "sam", title="with later-0123456789")

    studio.run()

    assert studio.sprint().title == "with [redacted]"
    assert {tuple(run.command) for run in studio.gate_runs()} == {("true", "later-0123456789")}
    studio.settle_files()
    assert studio.verify().difference is None


def test_the_text_of_a_brief_loses_its_secret_and_its_settings_stay(store):
    studio.create(brief=f"Use {KNOWN}", meta={"protected_paths": ["npm/**"], "note": KNOWN})

    meta = studio.sprint().meta
    assert meta["brief"] == "Use [redacted]"
    assert meta["note"] == "[redacted]"
    assert meta["protected_paths"] == ["npm/**"]


def test_a_reference_is_resolved_when_the_gate_runs(tmp_path):
    gate = Definition("g", "g", ("sh", "-c", f"test $A = {KNOWN} && test -z ${{B+x}}"), ())
    gate = replace(gate, env={"A": "${NPM_TOKEN}", "B": "${MISSING}"})
    place = Place(tmp_path, tmp_path / "run", "t", 10.0, apart=True)

    assert judge(gate, place, lambda: None).verdict == Verdict.PASSED
    assert resolved({"A": "x${NPM_TOKEN}"}, {"NPM_TOKEN": "y"}) == {"A": "x${NPM_TOKEN}"}


@pytest.mark.parametrize("name", ["DATABASE_URL", "SECRET_KEY", "STUDIO_GATEWAY_SECRET_KEY"])
def test_a_reference_to_the_gateways_own_variables_is_refused(store, name):
    for put in (put_gate, put_agent):
        with pytest.raises(studio.Refused) as refused:
            put(env={"A": f"${{{name}}}"})
        assert [one.field for one in refused.value.problems] == ["env"]


def test_doctor_names_once_what_is_no_secret_and_what_is_kept_in_clear(store, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "postgres")
    monkeypatch.setenv("MY_PASSWORD", "changeit")
    studio.gate("true", env={"DB_PASSWORD": "xk3j-f9ak"})

    said = [one for one in doctor.findings({"secrets": doctor.secrets}) if one.level != "ok"]

    words = [one.text for one in said if "a common word: " in one.text]
    assert len(words) == 1
    assert "MY_PASSWORD, PGPASSWORD" in words[0]
    assert [one.level for one in said if "env.DB_PASSWORD" in one.text] == ["warn"]
    assert "xk3j-f9ak" not in str(said)
