"""Test networks of gates in whole sprints: real programs, and a service of this machine."""

import json
import shlex
import sys

import pytest

from tests.checkout import git
from tests.e2e.conftest import set_gate
from tests.e2e.test_crashes import events_of
from tests.e2e.test_ships import forged, prepare, run, shipped_once
from tests.gates.test_namespace import CONNECT, Server, cuts
from tests.world import run_command


@pytest.fixture
def gateway(gateway):
    """A store in a clean checkout whose sprints are built and shipped."""
    prepare(gateway)
    return gateway


@cuts
def test_what_a_gate_reached_is_in_its_event_on_the_page_and_in_the_certificate(gateway):
    server = Server(b"hello")
    words = [sys.executable, "-c", CONNECT, f"127.0.0.1:{server.port}"]
    set_gate(gateway, shlex.join(words), "--network", f"localhost:{server.port}")

    said = run(gateway)
    server.close()

    assert said.code == 0, said
    ends = [e["data"] for e in events_of(gateway, "wk1") if e["kind"] == "gate_finished"]
    for data in ends:
        (one,) = data["network"]["destinations"]
        assert (one["host"], one["port"], one["state"]) == ("localhost", server.port, "reached")
        assert data["confined"].endswith("; network 1 host, by namespace")
    assert server.met == len(ends)
    shown = run_command(gateway, "sprint", "show", "wk1").out
    assert f"network: localhost:{server.port} reached {len(ends)} times" in shown
    text = git(gateway, "cat-file", "tag", "shipped/wk1")
    facts = json.loads(text[text.index("{\n") :])
    (one,) = facts["network"]["destinations"]
    assert (one["count"], one["received"]) == (len(ends), 5 * len(ends))
    shipped_once(gateway)
    for lie in ({"network": {}}, {"network": {"destinations": [one | {"port": 1}]}}):
        found = forged(gateway, facts | lie)
        assert found.code == 1
        assert "its network is not what the runs reached" in found.out


@cuts
def test_a_gate_that_fails_without_its_service_says_what_to_type(gateway):
    server = Server(b"hello")
    fails = f"import socket; socket.create_connection(('127.0.0.1', {server.port}))"
    set_gate(gateway, shlex.join([sys.executable, "-c", fails]))

    said = run(gateway)
    server.close()

    assert said.code == 1, said
    (data, *_) = [e["data"] for e in events_of(gateway, "wk1") if e["kind"] == "gate_finished"]
    assert "studio-gateway gate set qa_smoke_quick --network localhost:PORT" in data["reason"]
    assert data["network"] == {"missed": {"local": 1}}
    assert server.met == 0


@cuts
def test_an_agent_is_cut_off_as_a_gate_is_and_its_event_says_what_it_reached(gateway):
    allowed, other = Server(b"hello"), Server(b"other")
    words = [f"127.0.0.1:{one.port}" for one in (allowed, other)]
    program = CONNECT + "open('work', 'w').write('x'); print('Status: DONE')"
    command = shlex.join([sys.executable, "-c", program, *words])
    listed = f"localhost:{allowed.port}"
    said = run_command(
        gateway, "agent", "set", "agent_01", "--command", command, "--network", listed
    )
    assert said.code == 0, said

    said = run(gateway)
    met = allowed.met, other.met
    allowed.close()
    other.close()

    assert said.code == 0, said
    tasks = [e["data"] for e in events_of(gateway, "wk1") if e["kind"].startswith("task_")]
    ends = [data for data in tasks if "reached" in data]  # one is sent back, and tries again
    for data in ends:
        (one,) = data["reached"]["destinations"]
        assert (one["host"], one["state"], one["count"]) == ("localhost", "reached", 1)
        assert data["reached"]["missed"] == {"local": 1}
    assert met == (len(ends), 0)
    assert ends
    shipped_once(gateway)
    contract = json.loads(run_command(gateway, "agent", "show", "agent_01", "--json").out)
    assert contract["network"] == [listed]


@cuts
def test_a_new_agent_of_a_known_program_reaches_its_own_address_alone(gateway, tmp_path):
    named, other = Server(b"hello"), Server(b"other")
    words = [f"127.0.0.1:{one.port}" for one in (named, other)]
    program = CONNECT + "open('work', 'w').write('x'); print('Status: DONE')"
    script = tmp_path / "claude.py"
    script.write_text(program)
    command = shlex.join([sys.executable, str(script), *words])
    command = shlex.join(["env", "-u", "claude", *shlex.split(command)])  # a known name
    own = ("--env", f"ANTHROPIC_BASE_URL=http://localhost:{named.port}")
    said = run_command(gateway, "agent", "set", "agent_01", "--command", command, *own)
    assert said.code == 0, said

    said = run(gateway)
    met = named.met, other.met
    named.close()
    other.close()

    assert said.code == 0, said
    tasks = [e["data"] for e in events_of(gateway, "wk1") if e["kind"].startswith("task_")]
    ends = [data["reached"] for data in tasks if "reached" in data]
    assert ends
    assert all(one["destinations"][0]["port"] == named.port for one in ends)
    assert met == (len(ends), 0)
    shipped_once(gateway)
