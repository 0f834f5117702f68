"""The hosts that a known program needs are filled in by a word, and are stored as hosts."""

import json

import pytest

from gates import network
from gates.network import ALL, NONE
from gates.sandbox import PROGRAM_FOLDERS
from sprints.agents.program_hosts import HOSTS, PACKAGES, hosts_of
from sprints.contract.agent_spec import AgentDefinition
from tests import studio


@pytest.mark.parametrize("name", sorted(PROGRAM_FOLDERS))
def test_each_known_program_has_hosts_that_are_sound(name):
    hosts = hosts_of(("/opt/bin/" + name, "-p"))
    assert not network.fault(hosts)
    assert {*HOSTS[name], *PACKAGES} == {*hosts}


def test_an_unknown_program_has_none():
    assert hosts_of(("sh", "-c", "claude -p")) is None
    assert hosts_of(()) is None


def test_the_word_is_replaced_by_hosts(store, invoke):
    assert invoke("agent", "set", "agent_01", "--command", "claude -p", "--network", "program")
    shown = json.loads(invoke("agent", "show", "agent_01", "--json").out)
    assert shown["network"] == [*hosts_of(("claude",))]
    said = invoke("agent", "set", "agent_02", "--command", "./mine", "--network", "program")
    assert said.code == 2
    assert "names no known program" in said.err
    assert studio.agent("agent_02").network == ALL


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


@pytest.mark.parametrize("text", ["https://a.example", "localhost", "a b/c"])
def test_a_network_that_is_none_is_refused_at_its_option(store, invoke, text):
    said = invoke("agent", "set", "agent_01", "--network", text)
    assert said.code == 2
    assert "is no host; write all, none, or hosts" in said.err
