"""Test that settings of config.json take effect at once and are recorded."""

import json

import pytest

from sprints.contract.protected_paths import PROTECTED
from sprints.models.lease import Full
from sprints.queries.waiting import waiting_for
from sprints.queue import tasks
from sprints.store.config import read_config
from tests import studio


def status(name: str = "wk1") -> str:
    return studio.sprint(name).status


def test_automation_that_is_paused_holds_every_sprint_and_says_so(store, invoke):
    for name in ("wk1", "wk2"):
        studio.create(name)
    studio.start("wk1")
    invoke("config", "set", "automation_paused", "true")

    studio.work("wk1")
    held = invoke("sprint", "run", "wk2")

    assert (status(), tasks.reconcile()) == ("running", None)
    waits = waiting_for(studio.sprint("wk1"))
    assert waits["what"] == "a resume; automation_paused is set"
    assert held.code == 3
    assert held.out.endswith("next: studio-gateway config set automation_paused false\n")

    invoke("config", "set", "automation_paused", "false")
    studio.work("wk1")
    assert status() == "succeeded"


def test_a_sprint_that_is_held_can_be_cancelled(store):
    studio.create("wk1")
    studio.start("wk1")
    studio.configure("automation_paused", "true", "sam")

    assert studio.cancel("wk1", "sam") == "cancelled"


def test_the_profile_of_new_sprints_is_a_switch(store):
    studio.gate("true", gate_id="long", rounds=("R3_BUILD_A_INTEGRATE",))

    studio.forge("gate", "long", profiles=["full"])
    studio.configure("gate_profile", "full", "sam")
    studio.create("wk1")

    after = studio.run("wk1")

    assert [gate.gate_id for gate in after.started_contract.gates] == ["qa_smoke_quick", "long"]


def test_no_more_sprints_are_carried_at_once_than_the_switch_says(store):
    for name in ("wk1", "wk2"):
        studio.create(name)
    studio.configure("max_concurrent_global", "1", "sam")
    lease = studio.take("wk1")
    studio.forge("sprint", "wk1", home="elsewhere:/srv")

    with pytest.raises(Full, match="1 of 1 sprints run already"):
        studio.take("wk2")

    studio.release(lease)


def test_a_switch_that_was_turned_is_told_and_the_token_is_not_shown(store, invoke):
    said = invoke("config", "set", "port", "8080")
    listed = invoke("config", "list", "--json")

    event = studio.event("config_changed")
    assert said.out == "port is 8080\n"
    assert (event["data"]["before"], event["data"]["after"]) == (18790, 8080)
    assert json.loads(listed.out) == {
        "agent_launches": 40,
        "agent_logs": False,
        "agent_minutes": 240.0,
        "agent_tokens": 5_000_000,
        "agent_usd": 50.0,
        "approvals": "none",
        "automation_paused": False,
        "bind_host": "127.0.0.1",
        "gate_home": "user",
        "clones_folder": "",
        "confine_paths": [],
        "confinement": "auto",
        "enable_auto_merge": False,
        "gate_profile": "quick",
        "max_concurrent_global": 4,
        "port": 8080,
        "protected_paths": [*PROTECTED],
        "ship_remote": "",
    }
    assert store.config.stat().st_mode & 0o777 == 0o600
    assert "auth_token" in read_config(store.config)
