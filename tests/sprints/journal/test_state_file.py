"""Test that an edited state.json equals one that is written anew."""

from itertools import product

from sprints.journal import state_file

NAMES = ["a", "b", "c", "d"]
FRAME = state_file.Frame.around({"known": True})


def made(texts):
    """The whole file, made of those entries alone."""
    return b"".join(state_file.whole(FRAME, sorted(texts.items())))


def entries(names, word):
    return {name: state_file.entry(name, {"meta": {}, "title": word}) for name in names}


def test_every_way_to_change_some_of_the_sprints():
    tried = 0
    for there, acts in product(product([True, False], repeat=4), product("-ng", repeat=4)):
        old = entries(
            [name for name, is_there in zip(NAMES, there, strict=True) if is_there], "old"
        )
        new = {name: act for name, act in zip(NAMES, acts, strict=True) if act != "-"}
        keeps = state_file._keeps(FRAME, made(old), new) if old else False
        assert keeps == bool(old.keys() - new.keys()), (there, acts)
        if not keeps or not new:
            continue  # made anew, or not made
        put = entries([name for name, act in new.items() if act == "n"], "new")

        spliced = state_file.splice(FRAME, made(old), dict.fromkeys(sorted(new)) | put)

        left = {name: text for name, text in old.items() if name not in new}
        assert b"".join(bytes(part) for part in spliced) == made(left | put), (there, acts)
        tried += 1
    assert tried > 600
