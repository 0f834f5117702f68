"""Test that the settings of a sprint add to those of an admin, and lift none of them."""

import json

import pytest

from gates.definition import Definition
from sprints import operations
from sprints.contract.contract import GATED, ContractError
from sprints.contract.gate_inputs import files_of
from sprints.contract.protected_paths import PROTECTED
from sprints.operations.contract_builder import contract_for
from sprints.operations.floors import raised
from sprints.store.config_values import ConfigValues, current_config
from tests import studio

SCRIPT = Definition("g", "g", ("python", "tools/gate.py"), GATED)


def floor_of(meta, **changes):
    return raised(meta, ConfigValues(**changes), [SCRIPT])


@pytest.mark.parametrize("own", [[], ["before_build"], ["before_build", "before_ship"]])
def test_approvals_of_config_json_stay(store, own):
    studio.configure("approvals", "before_ship", "ada")
    studio.create(meta={"approvals": own})

    contract = contract_for(studio.sprint().meta)

    assert contract.approvals is not None
    assert {*contract.approvals.before} == {"before_ship", *own}


@pytest.mark.parametrize("own", [[], ["x/**"], ["conftest.py"]])
def test_protected_paths_are_added_to_the_default(own):
    found = floor_of({"protected_paths": own})["protected_paths"]

    assert {*found} == {*PROTECTED, *files_of([SCRIPT]), *own}
    assert len(found) == len({*found})


def test_an_admin_replaces_or_removes_the_protected_paths():
    own = {"protected_paths": ["x/**"]}

    assert floor_of(own, protected_paths=["y/**"])["protected_paths"] == [
        "y/**",
        *files_of([SCRIPT]),
        "x/**",
    ]
    assert floor_of(own, protected_paths=[])["protected_paths"] == ["x/**"]
    assert floor_of({}, protected_paths=[])["protected_paths"] == []


MANY = [f"own{n}/**" for n in range(200)]


def test_the_patterns_of_a_sprint_of_an_admin_and_of_gates_have_room_of_their_own(store):
    studio.speaker("replies")
    studio.gate("sh", "-c", " ".join(f"./gate{n}.sh" for n in range(150)))
    studio.configure("protected_paths", json.dumps([f"theirs{n}" for n in range(200)]), "ada")
    studio.create(meta={"protected_paths": MANY})

    contract = contract_for(studio.sprint().meta)

    assert contract.approvals is not None
    protected = {*contract.approvals.protected}
    assert {*MANY} <= protected
    assert {f"theirs{n}" for n in range(200)} <= protected
    assert {f"/gate{n}.sh" for n in range(150)} <= protected


def test_a_sprint_has_a_bound_of_its_own(store):
    studio.create()

    for act in (
        lambda: studio.create("wk2", meta={"protected_paths": [*MANY, "one-more"]}),
        lambda: studio.edit("wk1", "sam", meta={"protected_paths": [*MANY, "one-more"]}),
    ):
        with pytest.raises(studio.Refused, match="of a sprint lists at most 200") as refused:
            act()
        assert [one.field for one in refused.value.problems] == ["protected_paths"]


def test_gates_that_name_too_many_files_are_refused_where_agents_work(store):
    studio.gate("sh", "-c", " ".join(f"./gate{n}.sh" for n in range(201)))
    studio.create()
    assert contract_for(studio.sprint().meta).approvals is None  # no agent changes a file

    studio.speaker("replies")

    with pytest.raises(ContractError, match="name 201 files, of which at most 200"):
        contract_for(studio.sprint().meta)
    studio.configure("protected_paths", "[]", "ada")
    assert contract_for(studio.sprint().meta).agents


def test_a_value_of_the_wrong_type_is_left_for_the_contract_to_refuse():
    assert floor_of({"protected_paths": "x"})["protected_paths"] == "x"


LIFTED = {
    "a merge": ("enable_auto_merge", "false", {"enable_auto_merge": True}),
    "another remote": ("ship_remote", '"origin"', {"ship_remote": "elsewhere"}),
    "no remote": ("ship_remote", '"origin"', {"ship_remote": ""}),
    "a smaller profile": ("gate_profile", "full", {"gate_profile": "quick"}),
    "any remote": ("ship_remote", '""', {"ship_remote": "elsewhere"}),
}


@pytest.mark.parametrize("what", LIFTED)
def test_a_sprint_that_lifts_a_setting_is_refused_at_its_field(store, what):
    key, value, meta = LIFTED[what]
    studio.create("before", meta=meta)
    studio.create("wk1")
    studio.configure(key, value, "ada")

    for act in (
        lambda: studio.create("wk2", meta=meta),
        lambda: studio.edit("wk1", "sam", meta=meta),
        lambda: studio.start("before"),
    ):
        with pytest.raises(studio.Refused) as refused:
            act()
        assert [one.field for one in refused.value.problems] == [key]
    assert studio.sprint("wk1").meta == {"created_by": "test"}
    assert "an admin has" in operations.plan("before")["refused"]


def test_what_no_admin_has_set_a_sprint_may_set(store):
    studio.create(meta={"enable_auto_merge": True, "ship_remote": "origin"})

    contract = contract_for(studio.sprint().meta)

    assert (contract.ship, contract.ship_remote) == (True, "origin")


def test_a_sprint_may_run_more_gates_than_an_admin_asks_for(store):
    studio.configure("gate_profile", "quick", "ada")
    studio.create(meta={"gate_profile": "full"})

    studio.configure("gate_profile", "full", "ada")
    studio.create("wk2")

    for name in ("wk1", "wk2"):
        assert contract_for(studio.sprint(name).meta).profile == "full"


def test_a_retry_under_a_profile_that_an_admin_has_raised_says_so(store):
    studio.gate("false")
    studio.create(meta={"gate_profile": "quick"})
    studio.run()
    studio.configure("gate_profile", "full", "ada")

    with pytest.raises(studio.Refused, match="gate profile of all sprints to full"):
        studio.retry()
    studio.edit("wk1", "sam", meta={"gate_profile": None})
    assert studio.retry().started_contract.profile == "full"


def test_a_sprint_may_do_less(store):
    studio.configure("enable_auto_merge", "true", "ada")
    studio.configure("ship_remote", '"origin"', "ada")
    studio.create(meta={"enable_auto_merge": False, "ship_remote": "origin"})

    assert contract_for(studio.sprint().meta).ship is False


@pytest.mark.parametrize("value", ['"x"', "[1]", '[""]', '["a\\nb"]', "null"])
def test_protected_paths_of_config_json_are_patterns(store, value):
    with pytest.raises(studio.Refused) as refused:
        studio.configure("protected_paths", value, "ada")

    assert [one.field for one in refused.value.problems] == ["protected_paths"]
    assert current_config().protected_paths == [*PROTECTED]
