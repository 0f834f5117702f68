"""Test pushes of passed work: real programs, a real remote, kills; one merge, push and tag."""

import json
import signal
from pathlib import Path

import pytest

from tests.checkout import commit, git
from tests.e2e.conftest import start, wait_for
from tests.e2e.test_crashes import check_store, events_of
from tests.e2e.test_ships import gateway, kinds, run, shipped_once, shipping
from tests.world import run_command

__all__ = ["gateway"]


@pytest.fixture
def origin(gateway: Path, tmp_path: Path) -> Path:
    """The remote of that repository, which counts what is pushed to it."""
    there = tmp_path / "origin.git"
    git(gateway, "init", "-q", "--bare", "-b", "main", str(there))
    git(gateway, "remote", "add", "origin", str(there))
    git(gateway, "push", "-q", "origin", "main")
    hook(there, "post-receive", f"echo once >> {tmp_path}/pushes")
    assert run_command(gateway, "config", "set", "ship_remote", '"origin"').code == 0
    return there


def hook(there: Path, name: str, script: str) -> None:
    """A hook of the remote's."""
    path = there / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def pushed_once(gateway: Path, origin: Path) -> None:
    """The remote has what was shipped here, by one push."""
    shipped_once(gateway)
    names = ("main", "shipped/wk1")
    assert git(origin, "rev-parse", *names) == git(gateway, "rev-parse", *names)
    assert (origin.parent / "pushes").read_text() == "once\n"


def test_what_has_passed_is_pushed_and_every_event_says_where(gateway, origin):
    said = run(gateway)

    assert said.code == 0, said
    assert shipping(gateway)["remote"] == "origin"
    intent = next(e for e in events_of(gateway, "wk1") if e["kind"] == "ship_publishing")
    outcome = next(e for e in events_of(gateway, "wk1") if e["kind"] == "shipped")
    assert intent["data"]["url"] == outcome["data"]["url"] == str(origin)
    assert " on main of origin" in intent["message"]
    text = git(origin, "cat-file", "tag", "shipped/wk1")
    assert json.loads(text[text.index("{\n") :])["url"] == str(origin)
    pushed_once(gateway, origin)


def test_a_remote_that_declines_blocks_and_a_retry_pushes_once_it_takes_it(gateway, origin):
    hook(origin, "pre-receive", "echo not on Sundays >&2; exit 1")
    here = git(gateway, "for-each-ref")

    said = run(gateway)

    assert said.code == 3, said
    assert "(pre-receive hook declined); not on Sundays" in said.out
    assert (git(gateway, "for-each-ref"), git(origin, "tag")) == (here, "")
    (origin / "hooks" / "pre-receive").unlink()
    assert run_command(gateway, "sprint", "retry", "wk1").code == 0
    pushed_once(gateway, origin)


def test_a_colleague_who_pushes_while_gates_judge_has_all_merged_and_judged_again(
    gateway, origin, tmp_path
):
    git(origin, "clone", "-q", str(origin), str(tmp_path / "colleague"))
    theirs = commit(tmp_path / "colleague", {"theirs": "of a colleague\n"}, "By a colleague")
    hook(
        origin,
        "pre-receive",
        f"test -e {tmp_path}/done || {{ touch {tmp_path}/done;"
        " unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES;"
        f" git fetch -q {tmp_path}/colleague main && git update-ref refs/heads/main {theirs}; }}",
    )

    said = run(gateway)

    assert said.code == 0, said
    assert kinds(gateway).count("ship_moved") == 1
    assert (gateway / "theirs").read_text() == "of a colleague\n"
    pushed_once(gateway, origin)


POINTS = ["push_started", "push_returned", "ref_updated"]  # test_git_kills has all


@pytest.mark.whole  # all of them in one sprint: test_git_kills
@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_the_next_run_pushes_once(gateway, origin, point):
    killed = run(gateway, f"{point}:1:sigkill")

    said = run_command(gateway, "sprint", "run", "wk1")

    assert killed.code == -signal.SIGKILL
    assert said.code == 0, said
    pushed_once(gateway, origin)


def test_killed_while_git_pushes_the_next_run_finds_out_what_arrives(gateway, origin, tmp_path):
    """The remote goes on with what it has got, and ends with it when we are at it again."""
    hook(origin, "pre-receive", f"touch {tmp_path}/begun; sleep 4")
    assert run_command(gateway, "sprint", "create", "wk1").code == 0
    killed = start(gateway, "sprint", "run", "wk1")
    assert wait_for((tmp_path / "begun").exists, 120)

    killed.kill()
    killed.communicate()
    said = run_command(gateway, "sprint", "run", "wk1")

    assert said.code == 0, said
    shipped_once(gateway)
    names = ("main", "shipped/wk1")
    assert git(origin, "rev-parse", *names) == git(gateway, "rev-parse", *names)


def test_a_remote_that_is_not_there_blocks_with_what_to_type(gateway, origin):
    git(gateway, "remote", "remove", "origin")

    said = run(gateway)

    assert said.code == 3, said
    assert f"has no remote origin; type: git -C {gateway} remote add origin URL" in said.out
    git(gateway, "remote", "add", "origin", str(origin))
    assert run_command(gateway, "sprint", "retry", "wk1").code == 0
    pushed_once(gateway, origin)


def test_a_name_that_no_remote_has_is_refused_when_it_is_typed(gateway, origin):
    bad = run_command(gateway, "config", "set", "ship_remote", '"--exec=x"')
    assert run_command(gateway, "config", "set", "ship_remote", '""').code == 0
    assert run_command(gateway, "sprint", "create", "wk1").code == 0
    assert run_command(gateway, "sprint", "run", "wk1").code == 0

    assert (bad.code, "the name of a remote, such as origin" in bad.err) == (2, True)
    assert "url" not in shipping(gateway)
    assert git(origin, "tag") == ""
    check_store(gateway)
