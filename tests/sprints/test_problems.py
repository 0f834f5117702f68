"""Test that a refused setting names its field and its code in every face."""

import pytest

from gates.definition import Definition
from gates.problem import Problem, ProblemCode
from sprints.contract.contract import DEFAULT_GATE, ContractError, draft
from sprints.contract.meta import BadMeta, merged
from sprints.ids import BadId, check_id
from sprints.operations import NotNow, Refused, Unknown, create
from sprints.queries.sprints import get
from sprints.state.refusals import RefusalCode


def test_a_gate_names_the_field_of_each_problem():
    gate = Definition("lint", "lint", (), (), grace_s=-1, cap_bytes=0, env={"": "x"})

    assert [(problem.field, problem.code) for problem in gate.problems()] == [
        ("command", ProblemCode.REQUIRED),
        ("rounds", ProblemCode.REQUIRED),
        ("grace_s", ProblemCode.OUT_OF_RANGE),
        ("cap_bytes", ProblemCode.OUT_OF_RANGE),
        ("env", ProblemCode.WRONG_FORMAT),
    ]


def test_a_contract_says_of_which_gate_a_field_is():
    with pytest.raises(ContractError) as refusal:
        draft({"gates_at_once": 0}, [Definition("lint", "lint", ("true",), ("R9",))])

    assert [problem.field for problem in refusal.value.problems] == [
        "gates_at_once",
        "gates.lint.rounds",
    ]
    assert str(refusal.value) == "; ".join(problem.text for problem in refusal.value.problems)


def test_the_meta_of_a_sprint_names_the_key_that_is_refused():
    with pytest.raises(BadMeta) as refusal:
        merged({}, {"approval": {}, "rerun_red": 1, "round_minutes": {"R9": [1, 2]}})

    assert [(one.field, one.code) for one in refusal.value.problems] == [
        ("approval", ProblemCode.READ_ONLY),
        ("rerun_red", ProblemCode.WRONG_TYPE),
        ("round_minutes.R9", ProblemCode.UNKNOWN_KEY),
    ]


def test_a_bad_id_names_the_kind_of_id():
    with pytest.raises(BadId) as refusal:
        check_id("con", "gate id")

    assert [(one.field, one.code) for one in refusal.value.problems] == [
        ("gate_id", ProblemCode.TAKEN)
    ]


def test_a_problem_of_a_part_begins_with_the_name_of_the_whole():
    problem = Problem("command", ProblemCode.REQUIRED, "the command is empty")

    assert problem.within("gates.lint").field == "gates.lint.command"
    assert Problem("", ProblemCode.CONFLICT, "").within("budget").field == "budget"


def test_a_refusal_is_known_by_its_code(store):
    create("wk1", by="kim")

    with pytest.raises(NotNow) as twice:
        create("wk1", by="kim")
    with pytest.raises(Unknown) as unknown:
        get("wk9")
    with pytest.raises(Refused) as wrong:
        create("wk2", title="a\nb", by="kim", profile="slow")

    assert twice.value.code is RefusalCode.ALREADY_EXISTS
    assert [one.field for one in twice.value.problems] == ["sprint_id"]
    assert unknown.value.code is RefusalCode.UNKNOWN_SPRINT
    assert wrong.value.code is RefusalCode.INVALID
    assert [one.field for one in wrong.value.problems] == ["title", "profile"]


def test_a_command_names_the_option_of_a_refused_setting(store, invoke):
    said = invoke("gate", "set", DEFAULT_GATE.gate_id, "--timeout", "0")

    assert said.code == 2
    assert "timeout_s must be above 0 and at most 86400 (--timeout)" in said.err
