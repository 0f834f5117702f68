"""Test the kernel's own out-of-memory killer on a worker and on git."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import wait_for
from tests.e2e.test_ships import prepare, shipped_once
from tests.faults import memory
from tests.faults.memory import Group
from tests.faults.table import SHORT, trial
from tests.faults.test_cluster import SLOW_GATE, carrier, cluster, is_alive, started
from tests.world import FOLDER, run_command

ROLES = ("carrying worker", "idle worker", "sentinel", "watch")
# In the order in which a sprint first comes to them.
VERBS = ("fetch", "read-tree", "update-index", "commit-tree", "merge", "mktag")
WRAPPER = """#!/bin/sh
case " $* " in *" {verb} "*) mkdir {once} 2>/dev/null && echo $$ > {procs};; esac
exec {git} "$@"
"""


@pytest.fixture
def small() -> Iterator[Group]:
    """Too small for any program to start in it."""
    with memory.group(1 << 18) as made:
        yield made


@pytest.fixture
def roomy() -> Iterator[Group]:
    """Large enough for a moment."""
    with memory.group(48 << 20) as made:
        yield made


@pytest.mark.parametrize("role", ROLES[:1] if SHORT else ROLES)
def test_work_goes_on_without_a_process_that_the_kernel_has_killed(arena, roomy, role):
    arena.set_gate(SLOW_GATE)
    with trial(f"out of memory: kill of {role}", arena.store):
        watch = started(arena)
        roles = cluster(watch)
        arena.queue("one")
        assert wait_for(lambda: bool(carrier(roles))), arena.remains()
        carries = carrier(roles)
        idle = "second" if carries == "first" else "first"
        victim = roles[{"carrying worker": carries, "idle worker": idle}.get(role, role)]

        roomy.starve(victim)
        arena.queue("two")
        if role == "watch":
            watch.communicate(timeout=90)
            watch = arena.worker()

        assert arena.succeed("one", "two"), (arena.statuses(), arena.remains())
        assert roomy.kills() >= 1
        assert not is_alive(victim)
        arena.stop(watch)
        arena.check("one", "two")


@pytest.mark.parametrize("verb", VERBS[:2] if SHORT else VERBS)
def test_a_sprint_whose_git_the_kernel_has_killed_is_shipped_once(repo, small, verb, tmp_path):
    once, folder = tmp_path / "once", tmp_path / "bin"
    folder.mkdir()
    wrapper = folder / "git"
    git = shutil.which("git")
    wrapper.write_text(WRAPPER.format(verb=verb, once=once, procs=small.procs, git=git))
    wrapper.chmod(0o700)
    assert run_command(repo, "init").code == 0
    prepare(repo)
    path = f"{folder}:{Path(git).parent}:/usr/bin:/bin"
    with trial(f"out of memory: kill of git {verb}", repo / FOLDER):
        assert run_command(repo, "sprint", "create", "wk1").code == 0

        said = run_command(repo, "sprint", "run", "wk1", timeout=120, PATH=path)
        assert once.exists()
        assert small.kills() >= 1
        assert "Traceback" not in said.err, said
        if said.code:
            again = run_command(repo, "sprint", "retry", "wk1", timeout=120)
            assert again.code == 0, (said, again)

        shipped_once(repo)
