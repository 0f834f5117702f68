"""Test that Agent 01's R5 delivery is displayed as patch notes, on the terminal and the page."""

import shlex
import sys

from tests import studio
from tests.checkout import commit
from tests.people import Role, signed_in

NOTES = "Status: DONE\nDeliverables:\n- reads CSV\n- says <b>why</b> it stops\n"


def test_the_patch_notes_of_a_sprint_are_shown(store, invoke):
    commit(store.repo, {"a": "a\n"})
    program = shlex.join([sys.executable, "-c", f"print({NOTES!r})"])
    invoke("agent", "set", "agent_01", "--command", program)
    invoke("sprint", "create", "wk1")
    invoke("sprint", "run", "wk1")

    shown = invoke("sprint", "show", "wk1")
    page = signed_in(Role.VIEWER).get("/sprints/wk1/").content.decode()

    assert studio.sprint("wk1").status == "succeeded"
    assert shown.out.endswith("patch notes:\n  reads CSV\n  says <b>why</b> it stops\n")
    assert '<h2 id="notes">Patch notes</h2>\n<ul><li>reads CSV</li>\n<li>says &lt;b&gt;' in page


def test_a_sprint_without_any_shows_none(store, invoke):
    invoke("sprint", "create", "wk1")
    invoke("sprint", "run", "wk1")

    assert "patch notes" not in invoke("sprint", "show", "wk1").out
