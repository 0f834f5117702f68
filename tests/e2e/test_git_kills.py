"""Test kills at every git effect: in the end there is one merge, one push and one tag."""

import signal

import pytest

from tests.e2e.test_pushes import origin, pushed_once
from tests.e2e.test_ships import gateway
from tests.world import run_command

__all__ = ["gateway", "origin"]

# In the order in which a sprint comes to them, and how often it does at least.
POINTS = {
    "base_fetched": 1,
    "clone_made": 1,
    "work_kept": 6,
    "merge_started": 1,
    "merge_committed": 1,
    "push_started": 1,
    "push_returned": 1,
    "checkout_locked": 1,
    "checkout_changed": 1,
    "ref_updated": 1,
    "tag_made": 1,
}
EACH = [(point, nth) for point, often in POINTS.items() for nth in {1, often}]


@pytest.mark.whole
@pytest.mark.parametrize(("point", "nth"), EACH)
def test_a_sprint_that_is_killed_there_is_shipped_once(gateway, origin, point, nth):
    assert run_command(gateway, "sprint", "create", "wk1").code == 0
    fault = {"STUDIO_FAULT": f"{point}:{nth}:sigkill"}

    killed = run_command(gateway, "sprint", "run", "wk1", **fault)
    said = run_command(gateway, "sprint", "run", "wk1")

    assert killed.code == -signal.SIGKILL
    assert said.code == 0, said
    pushed_once(gateway, origin)


def test_a_sprint_that_is_killed_at_every_one_of_them_is_shipped_once(gateway, origin):
    points = [*POINTS]
    assert run_command(gateway, "sprint", "create", "wk1").code == 0

    codes = [
        run_command(gateway, "sprint", "run", "wk1", STUDIO_FAULT=f"{point}:1:sigkill").code
        for point in points
    ]
    said = run_command(gateway, "sprint", "run", "wk1")

    assert set(codes) == {-signal.SIGKILL}, dict(zip(points, codes, strict=True))
    assert said.code == 0, said
    pushed_once(gateway, origin)
