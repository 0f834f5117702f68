"""Test that evidence is read only from plain files in the sprint's folder."""

import os
import threading
import time
from pathlib import Path

import pytest

from sprints.store.evidence import open_evidence

HIDDEN = b"not to be seen"


@pytest.fixture
def folder(store):
    """The folder of wk1, with one file; beside it that of wk10."""
    for name in ("wk1", "wk10"):
        (store.evidence_of(name) / "gates" / "qa").mkdir(parents=True)
        (store.evidence_of(name) / "gates" / "qa" / "stdout.txt").write_text(name)
    (store.root / "hidden.txt").write_bytes(HIDDEN)
    return store.evidence_of("wk1")


def read(relpath: str, sprint_id: str = "wk1") -> bytes:
    with open_evidence(sprint_id, relpath) as file:
        return file.read()


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_a_file_of_the_sprint_is_read(folder):
    assert read("gates/qa/stdout.txt") == b"wk1"
    assert read("gates/qa/stdout.txt", "wk10") == b"wk10"


@pytest.mark.parametrize("name", ["a\nb", 'q"u\'o"te', "ü☃", "a b;c", "-rf", "..x", "x..", "%2e"])
def test_an_odd_name_is_a_name(folder, name):
    (folder / name).write_text("odd")

    assert read(name) == b"odd"


@pytest.mark.parametrize(
    "relpath",
    [
        "",
        ".",
        "..",
        "/",
        "gates",
        "gates/",
        "gates/qa",
        "gates/qa/",
        "gates//qa/stdout.txt",
        "./gates/qa/stdout.txt",
        "gates/qa/stdout.txt/",
        "gates/qa/stdout.txt/x",
        "no",
        "no/no",
        "../wk1/gates/qa/stdout.txt",
        "../wk10/gates/qa/stdout.txt",
        "../../config.json",
        "gates/../../../config.json",
        "..\\..\\config.json",
        "gates\\qa\\stdout.txt",
        "/etc/hostname",
        "//etc/hostname",
        "gates/qa/stdout.txt\0",
        "\0",
        "\ud800",
        "x" * 256,
        "x/" * 3000 + "x",
        "%2e%2e/%2e%2e/config.json",
        "..%2f..%2fconfig.json",
        "link",
        "link/hidden.txt",
        "up",
        "up/config.json",
        "dangling",
        "loop",
        "pipe",
        "socket",
        "config",
        "database",
    ],
)
def test_nothing_else_is(folder, store, relpath):
    (folder / "link").symlink_to(store.root / "hidden.txt")
    (folder / "up").symlink_to(store.root)
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    (folder / "config").hardlink_to(store.config)
    store.database.touch()
    (folder / "database").hardlink_to(store.database)
    os.mkfifo(folder / "pipe")
    before = descriptors()

    with pytest.raises(FileNotFoundError):
        open_evidence("wk1", relpath)

    assert descriptors() == before


@pytest.mark.parametrize("name", ["wk", "wk1/", "wk1/gates", "..", ".", "", "WK1", "wk1\0", "wk2"])
def test_nor_that_of_another_sprint(folder, name):
    with pytest.raises(FileNotFoundError):
        open_evidence(name, "gates/qa/stdout.txt")


def test_a_sprints_own_folder_is_no_link(folder, store):
    store.evidence_of("wk2").symlink_to(folder)

    with pytest.raises(FileNotFoundError):
        open_evidence("wk2", "gates/qa/stdout.txt")


def test_a_link_that_is_swapped_in_while_we_look_is_not_followed(folder, store):
    """Both the file and its folder, as fast as a gate can."""
    elsewhere = store.root / "qa"
    elsewhere.mkdir()
    (elsewhere / "stdout.txt").write_bytes(HIDDEN)
    done, swaps = threading.Event(), 0

    def swap() -> None:
        nonlocal swaps
        gate, aside, link = folder / "gates" / "qa", folder / "gates" / "aside", folder / "link"
        while not done.is_set():
            gate.rename(aside)
            gate.symlink_to(elsewhere)
            gate.unlink()
            aside.rename(gate)
            link.symlink_to(store.root / "hidden.txt")
            link.replace(gate / "swapped.txt")
            (gate / "swapped.txt").unlink()
            (gate / "swapped.txt").write_text("wk1")
            swaps += 1

    swapper = threading.Thread(target=swap)
    swapper.start()
    seen = set()
    try:
        end = time.monotonic() + 60
        reads = 0
        while (reads < 5_000 or swaps < 100) and time.monotonic() < end:
            reads += 1
            for name in ("stdout.txt", "swapped.txt"):
                try:
                    seen.add(read(f"gates/qa/{name}"))
                except FileNotFoundError:
                    seen.add(None)
    finally:
        done.set()
        swapper.join()

    assert swaps >= 100
    assert seen <= {b"wk1", b"", None}
    assert {b"wk1", None} <= seen
