"""An agent has a private HOME unless somebody chose otherwise."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps

from gates.sandbox import Sandbox
from sprints.agents.agent_home import housed
from sprints.contract.agent_spec import PRIVATE, USER, AgentDefinition
from sprints.contract.contract import DEFAULT_GATE, Contract, draft
from sprints.definitions import agents_toml
from sprints.models import Agent
from sprints.prompts.exchange import Exchange
from sprints.prompts.reply_format import parse
from sprints.store.layout import Store
from tests import studio
from tests.sprints.core.test_agent_tasks import LEAD
from tests.world import clones_of

SANDBOX = Sandbox(own=(Path("/clone"),))


@pytest.fixture
def user(tmp_path: Path, settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The HOME of the gateway's user, beside a store."""
    settings.STORE = Store(tmp_path / "repo")
    settings.STORE.root.mkdir(parents=True)
    (tmp_path / "user").mkdir()
    monkeypatch.setattr("sprints.agents.agent_home.lacking", lambda: "")
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    return tmp_path / "user"


def home_of(user: Path, agent: AgentDefinition, sandbox: Sandbox | None = SANDBOX, **more: str):
    env = {"HOME": str(user), "PATH": "/usr/bin", **more, **agent.env}
    return housed(agent, env, agent.command, sandbox)


def test_a_command_has_a_home_in_the_store_and_no_variable_of_the_users(user, settings):
    there = {name: str(user / "x") for name in ("XDG_CACHE_HOME", "CODEX_HOME", "OTHER")}

    found = home_of(user, LEAD, **there)

    folder = clones_of(settings.STORE.repo).with_name("homes") / "agent_01"
    assert found.env == {"HOME": str(folder), "PATH": "/usr/bin", "OTHER": str(user / "x")}
    assert folder.is_dir()
    assert folder in found.sandbox.own
    assert found.sandbox.readable
    assert not [path for path in found.sandbox.readable if path.is_relative_to(user)]


def test_packages_that_are_installed_in_the_checkout_are_readable_and_the_rest_is_not(
    user, settings
):
    found = home_of(user, LEAD).sandbox

    below = {path for path in found.readable if path.is_relative_to(settings.STORE.repo)}
    assert {path.name for path in below} == {"node_modules", ".venv", "venv"}


@pytest.mark.parametrize("agent", [replace(LEAD, home=USER), replace(LEAD, env={"HOME": "/srv/a"})])
def test_who_chose_a_home_keeps_it(user, settings, agent):
    found = home_of(user, agent)

    assert found.env["HOME"] == agent.env.get("HOME", str(user))
    assert found.sandbox.readable is None
    assert found.home is None
    assert not clones_of(settings.STORE.repo).with_name("homes").exists()


def test_without_a_sandbox_there_is_no_private_home(user, settings):
    assert home_of(user, LEAD, sandbox=None).env["HOME"] == str(user)
    assert not clones_of(settings.STORE.repo).with_name("homes").exists()


def test_on_a_system_that_enforces_nothing_the_sign_ins_of_the_user_are_found(user, monkeypatch):
    monkeypatch.setattr("sprints.agents.agent_home.lacking", lambda: "only Linux has a sandbox")

    found = home_of(user, LEAD, CODEX_HOME="/srv/codex")

    assert (found.env["HOME"], found.env["CODEX_HOME"]) == (str(user), "/srv/codex")
    assert Path("/srv/codex") in found.sandbox.writable
    assert found.home is None


def test_a_folder_that_its_own_environment_names_is_open(user):
    named = replace(LEAD, env={"CODEX_HOME": "/srv/codex"})

    found = home_of(user, named)

    assert found.env["CODEX_HOME"] == "/srv/codex"
    assert Path("/srv/codex") in found.sandbox.writable
    assert Path("/srv/codex") in found.sandbox.readable


CLAUDE = replace(LEAD, command=("claude", "-p"), pass_env=("ANTHROPIC_API_KEY",))
FAILED = Exchange(None, "exited 1", exit_code=1)


def test_a_failure_without_a_sign_in_says_what_to_type(user):
    said = home_of(user, CLAUDE).leave(CLAUDE, FAILED)

    assert said.reason == (
        "exited 1; the private HOME of agent_01 has no sign-in, because there is no"
        " ~/.claude/.credentials.json; sign in with: claude auth login"
    )


def test_nothing_is_said_of_a_sign_in_where_it_is_not_the_reason(user):
    answered = Exchange(parse("Status: DONE"))
    keyed = home_of(user, CLAUDE, ANTHROPIC_API_KEY="k")
    (user / ".claude").mkdir()

    assert home_of(user, CLAUDE).leave(CLAUDE, answered) == answered
    assert keyed.leave(CLAUDE, FAILED) == FAILED
    assert home_of(user, LEAD).leave(LEAD, FAILED) == FAILED
    (user / ".claude" / ".credentials.json").write_text("x")
    assert home_of(user, CLAUDE).leave(CLAUDE, FAILED) == FAILED


def test_a_contract_tells_only_a_private_home_and_an_older_one_has_the_users():
    private = draft({}, [DEFAULT_GATE], agents=[LEAD])
    kept = draft({}, [DEFAULT_GATE], agents=[replace(LEAD, home=USER)])

    assert private.to_json()["agents"][0]["home"] == PRIVATE
    assert "home" not in kept.to_json()["agents"][0]
    assert Contract.from_json(private.to_json()).agent("agent_01").home == PRIVATE
    assert Contract.from_json(kept.to_json()).agent("agent_01").home == USER


def test_a_home_is_set_shown_carried_and_refused(invoke, tmp_path):
    assert invoke("agent", "set", "agent_01", "--home", "none").code == 2
    invoke("agent", "set", "agent_01", "--command", "true")
    assert "home: private: " in invoke("agent", "show", "agent_01").out

    assert invoke("agent", "set", "agent_01", "--home", "user").code == 0

    assert "home:" not in invoke("agent", "show", "agent_01").out
    invoke("agent", "export", "--out", str(tmp_path / "agents.toml"))
    invoke("agent", "set", "agent_01", "--home", "private")
    invoke("agent", "import", str(tmp_path / "agents.toml"))
    assert studio.agent("agent_01").home == USER


def test_a_file_from_before_there_was_a_choice_changes_no_home():
    for home in (PRIVATE, USER):
        (read,) = agents_toml.read("[agent_01]\ntitle = 'N'", [replace(LEAD, home=home)])
        assert read.home == home


def test_an_upgrade_leaves_agents_with_a_command_their_home(store, invoke):
    invoke("agent", "set", "agent_01", "--command", "true")
    Agent.objects.update(home=USER)

    import_module("sprints.migrations.0020_home").keep(apps, None)

    assert studio.agent("agent_01").home == USER
    assert studio.agent("agent_02").home == PRIVATE
