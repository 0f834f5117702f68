"""What a program may reach, as a value: typed, stored and refused."""

import pytest

from gates import network
from gates.definition import Definition
from gates.network import ALL, NONE
from gates.problem import ProblemCode


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("all", ALL),
        (" NONE ", NONE),
        ("pypi.org", ("pypi.org",)),
        ("PyPI.org, *.example.org:8443  localhost:5432", (
            "pypi.org", "*.example.org:8443", "localhost:5432"
        )),
        ("10.0.0.7 [2001:db8::1]:443", ("10.0.0.7", "[2001:db8::1]:443")),
    ],
)  # fmt: skip
def test_what_is_typed_is_a_word_or_hosts(text, value):
    parsed = network.parse(text)
    assert parsed == value
    assert not network.fault(parsed)
    assert network.parse(network.typed(parsed)) == parsed
    assert network.from_json(network.to_json(parsed)) == parsed


@pytest.mark.parametrize(
    "text",
    [
        "", "localhost", "all none", "pypi.org all", "https://pypi.org", "pypi.org:0",
        "pypi.org:65536", "pypi.org:", "-a.org", "a..org", "*", "*.", "a*.org", "user@host",
        "::1", "a/b", "x" * 300, "[::::]", "[1:2]:443", "[...]", "[1.2.3.4]",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_what_to_write(text):
    assert network.fault(network.parse(text))


def test_a_list_has_a_bound_and_words_of_json_are_no_hosts():
    many = tuple(f"host{n}.example" for n in range(network.MOST_HOSTS + 1))
    assert network.fault(many)
    assert not network.fault(many[1:])
    assert network.fault(network.from_json({"a": 1}))
    assert network.fault(network.from_json(None))
    assert network.fault(network.from_json([]))


def test_ports_of_this_machine_are_told_from_other_hosts():
    assert network.local_ports(("a.org:1", "localhost:5432", "*.b.org", "localhost:6379")) == (
        5432,
        6379,
    )


@pytest.mark.parametrize(
    "hosts",
    [
        ("localhost:5432", "localhost:05432"),
        ("127.0.0.1:5432", "localhost:5432", "localhost:5432"),
        ("[::1]:5432", "[0:0::1]:5432"),
    ],
)
def test_a_service_of_this_machine_counts_once_by_whichever_name(hosts):
    assert not network.fault(hosts)
    assert all(map(network.is_local, hosts))
    assert network.local_ports(hosts) == (5432,)


def gate(value: network.Network) -> Definition:
    return Definition("g", "G", ("true",), ("R3_BUILD_A_INTEGRATE",), network=value)


def test_a_gate_from_before_the_setting_keeps_its_digest_and_reaches_all():
    old = {k: v for k, v in gate(ALL).to_json().items() if k != "network"}
    assert Definition.from_json(old) == gate(ALL)
    assert gate(ALL).frozen() == old
    assert len({gate(one).digest for one in (ALL, NONE, ("a.org",), ("b.org",))}) == 4


@pytest.mark.parametrize("value", [ALL, NONE, ("a.org", "localhost:1")])
def test_a_gate_is_read_back_from_its_frozen_form(value):
    assert Definition.from_json(gate(value).frozen()) == gate(value)
    assert not gate(value).problems()


def test_a_gate_refuses_a_network_that_is_none_by_field():
    (problem,) = gate(("https://a.org",)).problems()
    assert (problem.field, problem.code) == ("network", ProblemCode.WRONG_FORMAT)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("HOST", "HOST stands for the name of a host"),
        ("pypi.org HOST", "HOST stands for the name of a host"),
        ("localhost", "localhost needs a port, such as localhost:5432"),
    ],
)
def test_a_word_of_our_advice_is_no_host(text, said):
    assert network.fault(network.parse(text)).startswith(said)
