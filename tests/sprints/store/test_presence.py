"""Test that a process notices when its store is deleted or replaced, and init says what it did."""

import shutil
from collections.abc import Callable

import pytest

from sprints.store.layout import Store, make_folders
from sprints.store.presence import Presence


@pytest.fixture
def here(tmp_path) -> Store:
    made = Store(tmp_path)
    make_folders(made)
    made.database.write_text("rows")
    return made


def replaced(store: Store) -> None:
    shutil.rmtree(store.root)
    make_folders(store)
    store.database.write_text("rows")


CHANGES: dict[str, tuple[Callable[[Store], object], bool]] = {
    "deleted": (lambda store: shutil.rmtree(store.root), True),
    "replaced": (replaced, True),
    "moved away": (lambda store: store.root.rename(store.repo / "kept"), True),
    "without its database": (lambda store: store.database.unlink(), True),
    "with a new file": (lambda store: store.events.write_text(""), False),
    "with new rows": (lambda store: store.database.write_text("more rows"), False),
}


@pytest.mark.parametrize(("change", "is_lost"), CHANGES.values(), ids=CHANGES)
def test_a_store_is_lost_once_it_is_another(here, change, is_lost):
    presence = Presence(here)
    assert not presence.is_lost()

    change(here)

    assert presence.is_lost() == is_lost
    presence.close()


@pytest.mark.parametrize("name", ["events.jsonl", "state.json"])
def test_init_fails_in_one_line_where_a_file_cannot_be_written(invoke, store, name):
    (store.root / name).unlink(missing_ok=True)
    (store.root / name).mkdir()

    for _ in range(2):
        said = invoke("init")
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("error: the files of the store cannot be written: ")
        assert said.err.count("\n") == 1

    (store.root / name).rmdir()
    assert invoke("init").code == 0
