"""Test that a spilling mapping behaves like a dict, however little of it is in memory."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sprints.journal.spill_dict import AT_HAND, Shelf

NAMES = st.integers(0, 3 * AT_HAND).map(str)
ACTS = st.lists(
    st.tuples(st.sampled_from(["put", "put", "put", "change", "drop", "look"]), NAMES),
    max_size=600,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(ACTS)
def test_it_holds_what_a_dict_holds(acts):
    shelf, plain = Shelf(), {}
    for number, (act, name) in enumerate(acts):
        if act == "put":
            shelf[name] = {"n": [number, None, "é"]}
            plain[name] = {"n": [number, None, "é"]}
        elif name not in plain:
            assert (name in shelf, shelf.get(name)) == (False, None)
        elif act == "change":
            shelf[name]["n"].append(number)
            plain[name]["n"].append(number)
        elif act == "drop":
            del shelf[name], plain[name]
        else:
            assert shelf[name] == plain[name]

    assert list(shelf) == list(plain)
    assert dict(shelf) == plain
    assert len(shelf) == len(plain)


def test_what_is_not_at_hand_takes_no_memory():
    shelf = Shelf()
    for number in range(10 * AT_HAND):
        shelf[str(number)] = {"text": "x" * 1000}

    assert len(shelf._at_hand) == AT_HAND
    assert shelf["0"] == {"text": "x" * 1000}


def test_its_file_does_not_grow_with_what_is_asked_of_it():
    shelf = Shelf()
    for turn in range(50):
        for number in range(2 * AT_HAND):
            shelf.setdefault(str(number), {"text": "x" * 1000})["turn"] = turn

    assert {one["turn"] for one in shelf.values()} == {49}
    assert shelf._end < 5 * 2 * AT_HAND * 1000
