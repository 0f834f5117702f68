"""Test that an invalid contract is refused at the start; the sprint stays ``created``."""

import pytest

from tests import studio

R1, R3, R5 = "R1_CONTRACTS", "R3_BUILD_A_INTEGRATE", "R5_RELEASE_CANDIDATE"
AGENTS = "must list agents from agent_01 to agent_15"
SPAN = "must be two numbers, low and high"
ORDER = "minutes must run from low to high, within a week"
PROFILE = "the gate profile must be one of quick, full"
DEADLINE = "the deadline must be one of warn, stop"

BAD_META = [
    ({"required_acks_by_round": {"R9_PARTY": ["agent_02"]}}, "R9_PARTY is not a round"),
    ({"required_acks_by_round": {"r1_contracts": ["agent_02"]}}, "r1_contracts is not a round"),
    ({"required_acks_by_round": {R1: ["agent_16"]}}, AGENTS),
    ({"required_acks_by_round": {R1: ["agent_00"]}}, AGENTS),
    ({"required_acks_by_round": {R1: ["agent_2"]}}, AGENTS),
    ({"required_acks_by_round": {R1: [2]}}, AGENTS),
    ({"required_acks_by_round": {R1: [None]}}, AGENTS),
    ({"required_acks_by_round": {R1: [["agent_02"]]}}, AGENTS),
    ({"required_acks_by_round": {R1: "agent_02"}}, AGENTS),
    ({"required_acks_by_round": {R1: None}}, AGENTS),
    ({"required_acks_by_round": {R1: ["agent_02", "agent_02"]}}, "names an agent twice"),
    ({"required_acks_by_round": [R1]}, "required_acks_by_round must be an object"),
    ({"required_acks_by_round": None}, "required_acks_by_round must be an object"),
    ({"active_agents": ["agent_99"]}, f"active_agents {AGENTS}"),
    ({"active_agents": [2]}, f"active_agents {AGENTS}"),
    ({"active_agents": "agent_02"}, f"active_agents {AGENTS}"),
    ({"active_agents": 5}, f"active_agents {AGENTS}"),
    ({"round_minutes": {"R9": [1, 2]}}, "R9 is not a round"),
    ({"round_minutes": {R1: [5, 2]}}, ORDER),
    ({"round_minutes": {R1: [-1, 2]}}, ORDER),
    ({"round_minutes": {R1: [0, 10081]}}, ORDER),
    ({"round_minutes": {R1: [1, 10**400]}}, ORDER),
    ({"round_minutes": {R1: [5]}}, SPAN),
    ({"round_minutes": {R1: [1, 2, 3]}}, SPAN),
    ({"round_minutes": {R1: 5}}, SPAN),
    ({"round_minutes": {R1: ["1", "2"]}}, SPAN),
    ({"round_minutes": {R1: [False, True]}}, SPAN),
    ({"round_minutes": {R1: None}}, SPAN),
    ({"round_minutes": "5-10"}, "round_minutes must be an object"),
    ({"gate_profile": "nightly"}, PROFILE),
    ({"gate_profile": 1}, PROFILE),
    ({"gate_profile": ["quick"]}, PROFILE),
    ({"round_deadline": "never"}, DEADLINE),
    ({"round_deadline": True}, DEADLINE),
    ({"round_deadline": None}, DEADLINE),
    *(
        ({"gates_at_once": odd}, "gates_at_once must be a whole number from 1 to 16")
        for odd in (0, -1, 17, 1.5, True, "2", None, [2])
    ),
]


@pytest.fixture
def refuses(refused, in_status):
    """Start a sprint with this ``meta``; gives the refusal's line."""
    in_status("created")

    def start(meta, act="run"):
        studio.forge("sprint", meta=meta)
        return refused("sprint", act, "s1")

    return start


@pytest.mark.parametrize(("meta", "words"), BAD_META, ids=lambda part: ascii(part)[:60])
def test_a_sprint_with_an_unsound_meta_does_not_start(refuses, meta, words):
    assert words in refuses(meta)

    assert studio.sprint().status == "created"
    assert studio.sprint().contract is None


def test_a_step_asks_for_a_sound_contract_too(refuses):
    assert ORDER in refuses({"round_minutes": {R1: [5, 2]}}, act="step")


def test_a_retry_asks_for_a_sound_contract_too(refused, in_status, invoke):
    in_status("failed")
    assert invoke("gate", "remove", "qa_smoke_quick").code == 0

    assert refused("sprint", "retry", "s1").startswith("no gate is left for the profile quick")


def test_every_reason_is_told_in_one_line(refuses):
    said = refuses({"round_minutes": {R1: [5, 2], "R9": 1}, "round_deadline": "x"})

    assert [ORDER in said, "R9 is not a round" in said, DEADLINE in said] == [True, True, True]


def test_without_a_gate_nothing_starts(refuses, invoke):
    assert invoke("gate", "remove", "qa_smoke_quick").code == 0

    assert refuses({}).startswith("no gate is left for the profile quick")


def test_a_gate_that_is_off_is_no_gate(refuses, invoke):
    assert invoke("gate", "set", "qa_smoke_quick", "--off").code == 0

    assert refuses({}).startswith("no gate is left for the profile quick")


def test_a_profile_without_a_gate_does_not_start(refuses, invoke):
    assert invoke("gate", "set", "qa_smoke_quick", "--profiles", "full").code == 0

    assert refuses({}).startswith("no gate is left for the profile quick")


@pytest.mark.parametrize(
    ("timeout", "minutes", "code"), [("1081", "18", R3), ("601", "10", R5)], ids=["R3", "R5"]
)
def test_a_gate_may_not_outlast_a_round_that_stops(refuses, invoke, timeout, minutes, code):
    argv = ("gate", "set", "qa_smoke_quick", "--timeout", timeout)
    assert invoke(*argv, "--rounds", code.split("_")[0]).code == 0

    said = refuses({"round_deadline": "stop"})

    assert (
        said == f"gate qa_smoke_quick: timeout_s {timeout} is over the {minutes} minutes of {code}"
    )
