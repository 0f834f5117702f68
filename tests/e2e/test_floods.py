"""Test that ``serve`` answers ``/health`` and its pages while clients flood it in four ways.

``make bench ARGS=floods`` measures how soon, beside a bare waitress.
"""

import os
import subprocess
import sys

import pytest

from tests.e2e.test_serve import serve
from tests.world import FOLDER, ROOT, run_command
from tools.bench.floods import LARGE, WAYS

__all__ = ["serve"]

ASKS = 10


@pytest.mark.parametrize("words", WAYS)
def test_health_and_a_page_are_answered_while_the_flood_lasts(gateway, serve, words):
    way, count, path, _ = WAYS[words]
    assert run_command(gateway, "sprint", "create", "wk1").code == 0
    assert run_command(gateway, "sprint", "run", "wk1").code == 0
    os.truncate(gateway / FOLDER / "artifacts/wk1" / LARGE, 64 << 20)
    one = serve("--no-workers")
    path = path.format(sprint="wk1", large=LARGE)
    words_of = [way, str(count), str(one.port), one.token, path]
    flood = subprocess.Popen(
        [sys.executable, "-m", "tools.bench.flood_clients", *words_of],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        codes = [one.ask_within("/health", 60)[0] for _ in range(ASKS)]
        sprints = one.ask_within("/api/sprints/wk1", 60, X_Studio_Gateway_Token=one.token)[0]

        assert flood.poll() is None
        assert codes == [200] * ASKS
        assert sprints == 200
    finally:
        flood.kill()
        flood.communicate()
    assert one.ask("/health")[0] == 200
    assert one.stop() == 0
    assert "Traceback" not in one.err
