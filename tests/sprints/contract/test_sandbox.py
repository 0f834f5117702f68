"""Test the sandbox settings in config.json, contracts and pages."""

from pathlib import Path

import pytest

from gates.supervision import landlock
from sprints import queries
from sprints.agents.presets import preset
from sprints.contract import sandbox
from sprints.contract.agent_spec import AgentDefinition
from sprints.contract.contract import DEFAULT_GATE, Contract, draft
from sprints.contract.sandbox import SandboxSettings, sandbox_for
from tests import studio
from tests.people import Role, signed_in

WHY = "this kernel has no Landlock"


@pytest.fixture
def no_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that answers as one does that has none."""

    def absent() -> int:
        raise OSError(38, WHY)

    monkeypatch.setattr(landlock, "abi", absent)


def program(invoke) -> None:
    assert invoke("agent", "set", "agent_01", "--command", "true").code == 0


def test_no_sprint_of_programs_starts_where_confinement_is_required_and_cannot_be(
    invoke, no_landlock
):
    program(invoke)
    invoke("config", "set", "confinement", "required")
    invoke("sprint", "create", "wk1")

    said = invoke("sprint", "run", "wk1")

    assert (said.code, said.out) == (2, "")
    assert f"confinement is required, and {WHY}" in said.err
    assert "studio-gateway config set confinement auto" in said.err
    assert queries.get("wk1").status == "created"


def test_a_sprint_without_programs_needs_none(invoke, no_landlock):
    invoke("config", "set", "confinement", "required")
    invoke("sprint", "create", "wk1")

    assert invoke("sprint", "run", "wk1").code == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("confinement", "off"),
        ("confinement", "1"),
        ("confine_paths", "~/.cache"),
        ("confine_paths", '["cache"]'),
        ("confine_paths", '["~/../x"]'),
        ("confine_paths", '["/a\\u0000"]'),
        ("confine_paths", "[1]"),
    ],
)
def test_a_switch_that_means_nothing_is_refused(invoke, key, value):
    said = invoke("config", "set", key, value)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"studio-gateway: error: {key} must be") or key in said.err
    assert said.err.count("\n") == 1


def test_a_contract_keeps_what_it_was_started_under_and_an_older_one_its_digest():
    usual = draft({}, [DEFAULT_GATE])
    chosen = Contract.from_json(usual.to_json() | {"confinement": {"mode": "none", "paths": ["~"]}})

    assert "confinement" not in usual.to_json()
    assert chosen.confinement == SandboxSettings("none", ("~",))
    assert Contract.from_json(chosen.to_json()) == chosen


def test_a_contract_names_a_private_home_of_gates_and_an_older_one_does_not(invoke):
    invoke("config", "set", "gate_home", "private")
    chosen = SandboxSettings("auto", (), "private")

    assert SandboxSettings().to_json() == {"mode": "auto", "paths": []}
    assert SandboxSettings.from_json(chosen.to_json()) == chosen
    assert SandboxSettings.from_json({"mode": "auto", "paths": []}).gates == "user"
    assert invoke("config", "set", "gate_home", "none").code == 2


def test_the_frozen_form_of_an_agent_tells_only_a_policy_that_is_not_the_usual():
    agent = AgentDefinition("agent_01", "label", "title", "mission")
    reader = AgentDefinition("agent_01", "label", "title", "mission", policy="read")

    assert "policy" not in agent.frozen()
    assert AgentDefinition.from_json(agent.frozen()) == agent
    assert AgentDefinition.from_json(reader.frozen()) == reader


def test_a_policy_is_set_shown_carried_and_refused(invoke, tmp_path):
    assert invoke("agent", "set", "agent_01", "--policy", "none").code == 2

    assert invoke("agent", "set", "agent_01", "--policy", "read").code == 0

    assert "policy: read" in invoke("agent", "show", "agent_01").out
    invoke("agent", "export", "--out", str(tmp_path / "agents.toml"))
    assert 'policy = "read"' in (tmp_path / "agents.toml").read_text()
    invoke("agent", "set", "agent_01", "--policy", "write")
    invoke("agent", "import", str(tmp_path / "agents.toml"))
    assert "policy: read" in invoke("agent", "show", "agent_01").out


def test_a_preset_has_words_for_who_may_only_read():
    assert "plan" in preset("claude-code", "", policy="read")["command"]
    assert "read-only" in preset("codex", "", policy="read")["command"]
    assert "acceptEdits" in preset("claude-code", "")["command"]
    assert "read_only" not in preset("claude-code", "")


def test_a_linked_worktree_has_its_repository_kept(tmp_path):
    repo = tmp_path / "linked"
    repo.mkdir()
    (repo / ".git").write_text("gitdir: /elsewhere/main/.git/worktrees/linked\n")

    found = sandbox_for(SandboxSettings(), repo, [repo / ".studio_gateway"], repo / "x")

    assert found
    assert Path("/elsewhere/main/.git") in found.kept


def test_the_dashboard_says_that_nothing_is_confined(invoke, no_landlock):
    browser = signed_in(Role.VIEWER)
    assert WHY in browser.get("/").content.decode()

    invoke("config", "set", "confinement", "none")

    assert (
        "Agents and gates run without a sandbox</strong> (off)" in browser.get("/").content.decode()
    )


def test_a_doctor_says_what_the_machine_can(no_landlock):
    assert sandbox.judged("auto")[0] == "warn"
    assert sandbox.judged("required")[0] == "bad"
    assert WHY in sandbox.judged("auto")[1]
    assert sandbox.judged("none")[0] == "warn"


def test_a_doctor_names_the_parts_that_hold(monkeypatch):
    monkeypatch.setattr(landlock, "abi", lambda: 7)
    level, text, _ = sandbox.judged("auto")
    assert level == "ok"
    assert text.endswith("private HOME: " + landlock.state(7, listed=True).partition(": ")[2])
    assert "own signals" in text

    monkeypatch.setattr(landlock, "abi", lambda: 5)
    assert "own signals" not in sandbox.judged("auto")[1]


def test_gates_of_a_sprint_in_the_repository_are_told_apart(invoke, store):
    studio.gate("true")
    invoke("sprint", "create", "wk1")

    invoke("sprint", "run", "wk1")

    assert "sandbox: off" in invoke("sprint", "show", "wk1").out
