"""Test a kill, SIGTERM and freeze at every fault point: the next command or the cluster goes on."""

import random
import signal
import subprocess
from pathlib import Path

import pytest

from gates.fault_points import POINTS
from tests.e2e.conftest import wait_for
from tests.faults.arena import Arena
from tests.faults.table import KILLS, SEED, SHORT, trial
from tests.world import run_command

# How often ``sprint run`` comes to each point with our gate, at least.
RUN = {
    "before_db_commit": 4,
    "after_db_commit": 4,
    "before_event_append": 4,
    "mid_event_append": 4,
    "after_event_append": 4,
    "before_state_fsync": 1,
    "before_state_rename": 1,
    "after_state_rename": 1,
    "lease_taken": 1,
    "gate_spawned": 2,
    "gate_mid_output": 2,
    "gate_exited": 2,
    "verdict_committed": 2,
    "gate_launched": 2,
    "gate_ended": 2,
    "result_stored": 2,
}
# Those of a worker that are no part of ``sprint run``.
BACKGROUND = ("task_started", "before_enqueue", "after_enqueue")
SUPERVISOR = ("gate_launched", "gate_ended", "result_stored")
ACTIONS = ("sigkill", "sigterm", "sigstop")


def cases(points: list[str], short: list[str]) -> list[tuple[str, str]]:
    """Point and action; the short form kills, and that at ``short`` alone."""
    if SHORT:
        return [(name, "sigkill") for name in short]
    # A frozen supervisor is the business of its carrier, which waits for it as long as for a gate.
    return [
        (name, action)
        for name in points
        for action in ACTIONS
        if not (name in SUPERVISOR and action == "sigstop")
    ]


def test_every_point_is_tried():
    hooks, agents = {"hook_spawned", "hook_exited"}, {"agent_spawned", "agent_exited"}
    clones = {
        "base_fetched",
        "clone_made",
        "clone_cleared",
        "clone_renewed",
        "work_kept",
    }  # tests/e2e/test_clones
    ships = {"merge_started", "merge_committed", "checkout_locked", "checkout_changed"}
    ships |= {"ref_updated", "tag_made"}  # tests/e2e/test_ships
    ships |= {"push_started", "push_returned", "revert_made"}  # tests/e2e/test_pushes, test_unship
    moved = {"clones_named", "clones_copied", "clones_moved"}  # sprints/store/test_moved_clones
    elsewhere = {"migration_step", "import_placed", "network_cut"} | moved
    elsewhere |= hooks | agents | clones | ships

    assert {*RUN, *BACKGROUND, *elsewhere} == {name for name, exists in POINTS.items() if exists}


def thaw(arena: Arena, victim: subprocess.Popen[str]) -> bool:
    """For ``wait_for``: the command has ended; what is frozen goes on after a moment."""
    if arena.stopped():
        wait_for(lambda: False, 0.5)
        arena.go_on()
    return victim.poll() is not None


@pytest.mark.parametrize(("point", "action"), cases([*RUN], [*RUN]))
def test_the_next_run_goes_on(shared, point, action):
    arena, chance = shared, random.Random(f"{SEED} {point} {action}")
    often = 1 if SHORT else KILLS // 50 if action == "sigkill" else 2
    names = [f"{point}-{action}-{n}" for n in range(often)]
    arena.create(*([f"{name}-sigkill-0" for name in RUN] if SHORT else names))
    for n, name in enumerate(names):
        nth = chance.randint(1, RUN[point]) if n else 1
        with trial(f"{action} at {point}, sprint run", arena.store):
            fault, marker = arena.fault(f"{point}:{nth}:{action}")
            victim = arena.start("sprint", "run", name, STUDIO_FAULT=fault)
            assert wait_for(lambda victim=victim: thaw(arena, victim)), "it hangs"
            out, err = victim.communicate()
            assert marker.exists(), f"never came to {point} for the {nth}. time: {out}{err}"
            assert "Traceback" not in err, err
            finish(arena, name)
            arena.ended_well(name)
            if not SHORT:
                arena.agree()


def finish(arena: Arena, name: str) -> None:
    """Type what the command itself says is to be typed next."""
    again = arena.say("sprint", "run", name)
    if "sprint retry" in again.err:  # the gate's supervisor was killed: no verdict is never a pass
        assert "has failed" in again.err, again
        again = arena.say("sprint", "retry", name)
    assert again.code == 0 or "has succeeded" in again.err, again


@pytest.mark.parametrize(
    ("point", "action"),
    cases(
        [*RUN, *BACKGROUND],
        ["gate_spawned"],
    ),
)
def test_the_cluster_goes_on_by_itself(arena, point, action):
    name = "s0"
    with trial(f"{action} at {point}, worker", arena.store):
        fault, marker = arena.fault(f"{point}:1:{action}")
        arena.queue(name)
        worker = arena.worker(STUDIO_FAULT=fault)

        def over() -> bool:
            nonlocal worker
            if thaw(arena, worker):  # the watch itself was hit: its supervisor starts it again
                worker.communicate()
                worker = arena.worker()
            return marker.exists() and arena.statuses()[name] in ("succeeded", "failed")

        assert wait_for(over), (arena.statuses(), arena.remains())
        arena.stop(worker)
        finish(arena, name)
        arena.check(name)


@pytest.mark.whole
@pytest.mark.parametrize(
    ("point", "action"),
    cases([*BACKGROUND[1:], "after_db_commit"], ["after_enqueue"]),
)
def test_a_start_that_is_killed_is_typed_again(arena, point, action):
    with trial(f"{action} at {point}, sprint run --queue", arena.store):
        arena.create("one")
        fault, marker = arena.fault(f"{point}:1:{action}")

        victim = arena.start("sprint", "run", "one", "--queue", STUDIO_FAULT=fault)
        assert wait_for(lambda: thaw(arena, victim)), "it hangs"

        assert victim.returncode == (0 if action == "sigstop" else -signal.Signals[action.upper()])
        assert marker.exists()
        assert arena.say("sprint", "run", "one", "--queue").code == 0
        finish(arena, "one")
        arena.check("one")


INIT = ["migration_step", *([] if SHORT else ["before_state_rename", "before_db_commit"])]


@pytest.mark.parametrize("point", INIT)
def test_an_init_that_is_killed_is_typed_again(repo: Path, point):
    steps = (1,) if SHORT or point != "migration_step" else range(1, 200)
    for nth in steps:
        folder = repo / f"{point}-{nth}"
        (folder / ".git").mkdir(parents=True)
        killed = run_command(folder, "init", STUDIO_FAULT=f"{point}:{nth}:sigkill")
        if killed.code == 0:
            assert nth > 20, "there are more steps than that"
            break
        with trial(f"sigkill at {point}, init", folder):
            assert killed.code == -signal.SIGKILL
            arena = Arena(folder)
            arena.create("one")
            assert arena.say("sprint", "run", "one").code == 0
            arena.check("one")
