"""Test approvals in real sprints: an agent edits its own test, and a named human must approve."""

import json
import shlex
import sys
from pathlib import Path

import pytest

from tests.checkout import commit, git
from tests.e2e.conftest import set_gate
from tests.e2e.test_crashes import check_store, events_of
from tests.world import FOLDER, MARK, run_command

TEST = "from calc import add\nassert add(2, 3) == 5, add(2, 3)\n"
# It does no work but on the test; from R5 on it writes another one where LATE is set.
CHEATS = """
import os, sys
from pathlib import Path

prompt = sys.stdin.read()
late = "R5_RELEASE_CANDIDATE" in prompt and "LATE" in os.environ
if "R3_BUILD" in prompt or late:
    Path("tests/test_calc.py").write_text("print('all is well')\\n" + "# late\\n" * late)
print("Status: DONE")
"""


@pytest.fixture
def gateway(gateway: Path) -> Path:
    """A store in a clean checkout with a test that fails, and an agent that edits it to pass."""
    files = {"calc.py": "def add(a, b):\n    return a\n", "tests/test_calc.py": TEST}
    commit(gateway, files)
    words = shlex.join([sys.executable, "-c", CHEATS])
    said = run_command(gateway, "agent", "set", "agent_01", "--command", words, "--pass-env", MARK)
    assert said.code == 0, said
    set_gate(gateway, f"env PYTHONPATH=. {sys.executable} -B tests/test_calc.py")
    assert run_command(gateway, "config", "set", "enable_auto_merge", "true").code == 0
    return gateway


def meta(repo: Path) -> dict:
    """The sprint's meta, as state.json has it."""
    state = json.loads((repo / FOLDER / "state.json").read_text())
    found: dict = state["sprints"]["wk1"]["meta"]
    return found


def of_kind(repo: Path, kind: str) -> list[dict]:
    """The data of the sprint's events of that kind."""
    return [event["data"] for event in events_of(repo, "wk1") if event["kind"] == kind]


def certificate_of(repo: Path) -> dict:
    """What the tag says."""
    text = git(repo, "cat-file", "tag", "shipped/wk1")
    found: dict = json.loads(text[text.index("{\n") :])
    return found


def test_a_test_that_is_edited_to_pass_ships_only_once_a_human_has_approved(gateway):
    head = git(gateway, "rev-parse", "main")
    assert run_command(gateway, "sprint", "create", "wk1").code == 0

    said = run_command(gateway, "sprint", "run", "wk1")
    waits = meta(gateway)["waiting_for"]
    yes = run_command(gateway, "sprint", "approve", "wk1", "--why", "The test was wrong")
    done = run_command(gateway, "sprint", "run", "wk1")

    assert said.code == 3, said
    assert "wk1 is blocked: approval_needed:protected_paths" in said.out
    assert "  protected: tests/test_calc.py\n" in said.out
    assert waits["what"].startswith("the approval for changes to protected files")
    assert (yes.code, done.code) == (0, 0), done
    (asked,) = of_kind(gateway, "approval_asked")
    (given,) = of_kind(gateway, "approved")
    assert (asked["paths"], asked["round_id"]) == (["tests/test_calc.py"], "R3_BUILD_A_INTEGRATE")
    assert given["tree"] == asked["tree"]
    assert (given["digest"], given["why"]) == (asked["digest"], "The test was wrong")
    assert given["by"]
    compared = of_kind(gateway, "paths_compared")
    assert [one["count"] for one in compared] == [0, 0, 0, 1, 1, 1, 1]
    assert git(gateway, "show", "main:tests/test_calc.py") == "print('all is well')"
    assert git(gateway, "rev-parse", "main") != head
    check_store(gateway)


def test_an_approval_is_void_once_protected_paths_hold_something_else(gateway):
    assert run_command(gateway, "agent", "set", "agent_01", "--env", "LATE=1").code == 0
    head = git(gateway, "rev-parse", "main")
    run_command(gateway, "sprint", "create", "wk1")
    run_command(gateway, "sprint", "run", "wk1")
    assert run_command(gateway, "sprint", "approve", "wk1").code == 0

    said = run_command(gateway, "sprint", "run", "wk1")
    no = run_command(gateway, "sprint", "reject", "wk1", "--why", "Mend the code instead")

    assert said.code == 3, said
    first, second = of_kind(gateway, "approval_asked")
    assert second["round_id"] == "R5_RELEASE_CANDIDATE"
    assert second["digest"] != first["digest"]
    assert no.code == 0
    assert git(gateway, "rev-parse", "main") == head
    assert git(gateway, "tag") == ""
    check_store(gateway)


def test_what_was_merged_is_approved_and_another_merge_needs_another_approval(gateway):
    run_command(gateway, "sprint", "create", "wk1", "--approve", "before_ship")
    run_command(gateway, "sprint", "run", "wk1")
    assert run_command(gateway, "sprint", "approve", "wk1").code == 0
    said = run_command(gateway, "sprint", "run", "wk1")
    commit(gateway, {"theirs": "meanwhile\n"})

    assert run_command(gateway, "sprint", "approve", "wk1").code == 0
    again = run_command(gateway, "sprint", "run", "wk1")
    assert run_command(gateway, "sprint", "approve", "wk1").code == 0
    done = run_command(gateway, "sprint", "run", "wk1")

    assert (said.code, again.code, done.code) == (3, 3, 0), done
    _, first, second = of_kind(gateway, "approval_asked")
    assert first["what"] == second["what"] == "before_ship"
    assert first["tree"] != second["tree"] == git(gateway, "rev-parse", "main^{tree}")
    assert first["paths"] == second["paths"] == ["tests/test_calc.py"]
    verified = run_command(gateway, "verify", "--tag", "shipped/wk1")
    assert verified.code == 0, verified
    (named,) = certificate_of(gateway)["approvals"]
    assert (named["what"], named["tree"]) == ("before_ship", second["tree"])
    assert named["by"] == of_kind(gateway, "approved")[-1]["by"]
    check_store(gateway)


def test_without_protected_paths_nobody_is_asked(gateway):
    run_command(gateway, "sprint", "create", "wk1")
    said = run_command(gateway, "config", "set", "protected_paths", "[]")

    done = run_command(gateway, "sprint", "run", "wk1")

    assert (said.code, done.code) == (0, 0), done
    assert of_kind(gateway, "paths_compared") == []
