"""The details of a task: some keys of them, or all the others, as a copy."""

from sprints.state.task_details import only, without

DETAILS = {"kind": "fix", "number": 2, "after": {}, "later": None}


def test_only_some_keys_are_kept_as_far_as_they_are_there():
    assert only(DETAILS, ("number", "failures")) == {"number": 2}


def test_the_others_stay_unknown_ones_too():
    assert without(DETAILS, ("number", "failures")) == {"kind": "fix", "after": {}, "later": None}
    assert DETAILS["number"] == 2
