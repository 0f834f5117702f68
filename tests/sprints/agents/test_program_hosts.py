"""A new agent reaches what its known program needs, and the hosts that its own addresses name."""

from dataclasses import replace
from importlib import import_module

import pytest
from django.apps import apps

from gates import network
from gates.network import ALL, NONE, PROGRAM
from gates.sandbox import PROGRAM_FOLDERS
from sprints.agents.presets import PRESETS
from sprints.agents.program_hosts import HOSTS, PACKAGES, hosts_of, named_by, reach
from sprints.contract.agent_spec import AgentDefinition
from sprints.health import networks
from sprints.models import Agent
from tests import studio


@pytest.mark.parametrize("name", sorted(PROGRAM_FOLDERS))
def test_each_known_program_has_hosts_that_are_sound(name):
    hosts = hosts_of(("/opt/bin/" + name, "-p"))
    assert not network.fault(hosts)
    assert {*HOSTS[name], *PACKAGES} == {*hosts}


def test_an_unknown_program_has_none():
    assert hosts_of(("sh", "-c", "claude -p")) is None
    assert hosts_of(()) is None


def reached(agent_id: str, env: dict[str, str] | None = None, **ours: str):
    return reach(studio.agent(agent_id), env or {}, ours)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_new_agent_of_a_known_program_reaches_what_that_needs(store, invoke, preset):
    assert invoke("agent", "set", "agent_01", "--preset", preset).code == 0
    agent = studio.agent("agent_01")
    assert agent.network == (PROGRAM,)
    assert reach(agent, {}, {}) == hosts_of(agent.command)
    assert "network: program" in invoke("agent", "show", "agent_01").out
    assert AgentDefinition.from_json(agent.frozen()) == agent


def test_a_new_agent_of_an_unknown_program_reaches_all_and_the_doctor_says_so(store, invoke):
    assert invoke("agent", "set", "agent_01", "--command", "./mine").code == 0
    assert invoke("agent", "set", "agent_02", "--command", "claude -p").code == 0
    assert reached("agent_01") == ALL
    said = [*networks.unlimited()]
    assert said == ["agent_01: without limits, because the command names no known program"]
    assert said[0] in invoke("doctor").out
    assert invoke("agent", "set", "agent_01", "--network", "all").code == 0
    assert [*networks.unlimited()] == []


def test_an_agent_that_exists_keeps_its_network(store, invoke):
    studio.set_agent("agent_01", command=("claude",), runner="command", network=ALL)
    assert invoke("agent", "set", "agent_01", "--preset", "codex").code == 0
    assert reached("agent_01") == ALL


def test_an_upgrade_limits_only_agents_without_a_command(store, invoke):
    assert invoke("agent", "set", "agent_01", "--command", "claude -p").code == 0
    Agent.objects.update(network=ALL)
    Agent.objects.filter(pk="agent_03").update(network=NONE)

    import_module("sprints.migrations.0022_program_network").limit(apps, None)

    networks_now = [studio.agent(f"agent_0{n}").network for n in (1, 2, 3)]
    assert networks_now == [ALL, (PROGRAM,), NONE]


def test_the_word_may_stand_among_hosts_but_needs_a_known_program(store, invoke):
    words = ("--command", "claude -p", "--network", "db.example:5432 program")
    assert invoke("agent", "set", "agent_01", *words).code == 0
    assert reached("agent_01") == ("db.example:5432", *hosts_of(("claude",)))
    said = invoke("agent", "set", "agent_02", "--command", "./mine", "--network", "program")
    assert said.code == 2
    assert "names no known program" in said.err
    assert not studio.agent("agent_02").command


@pytest.mark.parametrize(
    ("env", "host"),
    [
        ({"ANTHROPIC_BASE_URL": "https://llm.example.org/v1"}, "llm.example.org"),
        ({"ANTHROPIC_BASE_URL": "http://127.0.0.1:8080"}, "localhost:8080"),
        ({"OPENAI_API_BASE": "http://[::1]/v1"}, "localhost:80"),
        ({"AZURE_OPENAI_ENDPOINT": "https://u:p@Ours.example:8443/x"}, "ours.example:8443"),
        ({"OLLAMA_HOST": "127.0.0.1:11434"}, "localhost:11434"),
        ({"OPENCODE_CONFIG_CONTENT": '{"o": {"baseURL": "http://10.0.0.5:99/v1"}}'}, "10.0.0.5:99"),
        ({"DOCS": "https://elsewhere.example"}, None),
        ({"ANTHROPIC_BASE_URL": "https://a.example:99999"}, None),
    ],
)
def test_the_addresses_of_its_variables_are_reached(env, host):
    agent = AgentDefinition("agent_01", "l", "t", "m", command=("claude",), network=(PROGRAM,))
    passed = replace(agent, pass_env=tuple(env))
    found = [one for one in reach(passed, env, {}) if one not in hosts_of(("claude",))]
    assert found == ([host] if host else [])
    assert [*named_by(replace(agent, env=env), env)] == found
    assert reach(agent, env, {}) == hosts_of(("claude",))  # it does not get the variable


@pytest.mark.parametrize(
    ("words", "hosts"),
    [
        (("--base-url", "https://a.example/v1"), ["a.example"]),
        (("--server=http://localhost:4096",), ["localhost:4096"]),
        (("-c", 'p.gw={name="gw",base_url="http://127.0.0.1:7/v1",env_key="K"}'), ["localhost:7"]),
        (("look at https://a.example",), []),
    ],
)
def test_the_addresses_of_its_options_are_reached(words, hosts):
    agent = AgentDefinition("agent_01", "l", "t", "m", command=("codex", *words))
    assert [*dict.fromkeys(named_by(agent, {}))] == hosts


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_behind_a_proxy_of_the_user_nothing_is_cut_off(store, invoke, monkeypatch, name):
    assert invoke("agent", "set", "agent_01", "--command", "claude -p").code == 0
    assert reached("agent_01", **{name: "http://proxy.example:3128"}) == ALL
    assert reached("agent_01", **{name: ""}) != ALL
    monkeypatch.setenv(name, "http://proxy.example:3128")
    assert [*networks.unlimited()] == [
        f"agents reach everything, because {name} names a proxy that a list of hosts cuts off"
    ]
    assert invoke("agent", "set", "agent_01", "--network", "a.example").code == 0
    assert reached("agent_01", **{name: "x"}) == ("a.example",)  # as a person wants it


@pytest.mark.parametrize("value", [ALL, NONE, ("a.example", "localhost:1")])
def test_an_agent_is_read_back_and_an_old_one_reaches_all(value):
    agent = AgentDefinition("agent_01", "l", "t", "m", network=value)
    assert AgentDefinition.from_json(agent.frozen()) == agent
    assert ("network" in agent.frozen()) == (value != ALL)


def test_a_file_of_agents_keeps_their_networks(store, invoke, tmp_path):
    assert invoke("agent", "set", "agent_03", "--network", "a.example,localhost:1").code == 0
    file = tmp_path / "agents.toml"
    assert invoke("agent", "export", "--out", str(file)).code == 0
    assert invoke("agent", "set", "agent_03", "--network", "all").code == 0
    assert invoke("agent", "import", str(file)).code == 0
    assert studio.agent("agent_03").network == ("a.example", "localhost:1")
    file.write_text('[agent_03]\ntitle = "T"\n')
    assert invoke("agent", "import", str(file)).code == 0
    assert studio.agent("agent_03").network == ("a.example", "localhost:1")


IS_NO_HOST = "is no host; write all, none, or hosts"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("https://a.example", IS_NO_HOST),
        ("localhost", "localhost needs a port"),
        ("a b/c", IS_NO_HOST),
    ],
)
def test_a_network_that_is_none_is_refused_at_its_option(store, invoke, text, why):
    said = invoke("agent", "set", "agent_01", "--network", text)
    assert said.code == 2
    assert why in said.err
