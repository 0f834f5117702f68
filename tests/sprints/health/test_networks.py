"""The doctor says by which means programs can be cut off from the network."""

import json

import pytest

from gates import fault_points
from sprints.health import networks
from tests.gates.test_namespace import cuts


def finding(invoke) -> tuple[str, str]:
    found = json.loads(invoke("doctor", "--json").out)
    (one,) = [one for one in found if one["check"] == "network"]
    return one["level"], one["text"]


@cuts
def test_it_is_tried(store, invoke):
    assert finding(invoke) == ("ok", "the network is cut off by namespace")


@pytest.mark.parametrize(("mode", "level"), [("auto", "warn"), ("required", "bad")])
def test_where_nothing_works_it_says_why(monkeypatch, mode, level):
    monkeypatch.setenv(fault_points.VARIABLE, "network_cut:1:enospc")
    found, text, fix = networks.judged(mode)
    assert found == level
    assert "namespace: No space left on device, landlock: No space left on device" in text
    assert fix


def test_where_landlock_alone_works_it_says_what_stays_open(store, monkeypatch, tmp_path):
    monkeypatch.setenv(fault_points.VARIABLE, f"network_cut:1:enospc@{tmp_path}/once")
    level, text, _ = networks.judged("auto")
    assert level == "warn"
    assert text.startswith("the network is cut off by landlock alone (namespace: ")


def test_without_a_sandbox_nothing_is_tried(monkeypatch):
    monkeypatch.setattr(networks, "_means", lambda: 1 / 0)
    assert networks.judged("none")[0] == "warn"
