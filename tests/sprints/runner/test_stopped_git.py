"""Test that a git that hangs ends with its children when a sprint is cancelled or released."""

import os
import shutil
import threading

import pytest

from sprints.effects import ship
from tests import studio
from tests.checkout import commit, git
from tests.e2e.conftest import processes_of, wait_for

HANGS = """#!/bin/sh
case "$*" in *" {verb} "*) if test -e {hang}; then touch {hung}; sleep 300 & wait; fi;; esac
exec {git} "$@"
"""


@pytest.fixture(params=["update-index", "fetch"])
def hung(store, tmp_path, monkeypatch, request):
    """A git one of whose commands hangs, as long as the file ``hang`` is there."""
    studio.speaker("replies")
    studio.gate("true")
    found = {"hang": tmp_path / "hang", "hung": tmp_path / "hung", "git": shutil.which("git")}
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(HANGS.format(verb=request.param, **found))
    program.chmod(0o755)
    found["hang"].touch()
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return found


def stop_when(path, wish, **changes):
    """Set the flags as soon as the file is there."""

    def watch():
        wait_for(path.exists)
        for name, value in changes.items():
            setattr(wish, name, value)

    threading.Thread(target=watch, daemon=True).start()


def test_a_release_leaves_the_step_to_the_next_process(hung, store):
    studio.create("wk1")
    wish = studio.StopRequest()
    stop_when(hung["hung"], wish, hand_back=True)

    after = studio.run("wk1", wish)

    assert after.sprint.status == "running"
    assert not [line for line in processes_of(store.repo) if "sleep 300" in line]
    hung["hang"].unlink()
    after = studio.run("wk1")
    assert after.sprint.status == "succeeded", after.sprint.last_error


def test_a_cancel_ends_git_and_the_sprint(hung, store):
    studio.create("wk1")
    wish = studio.StopRequest()
    stop_when(hung["hung"], wish, cancel_by="ada")

    after = studio.run("wk1", wish)

    assert after.sprint.status == "cancelled"
    assert not [line for line in processes_of(store.repo) if "sleep 300" in line]


PUBLISHES = """#!/bin/sh
case "$*" in {pattern}) if test -e {hang}; then {first}; touch {hung}; sleep 300 & wait; fi;; esac
case "$*" in {mute}) if test -e {hung}; then sleep 300 & wait; fi;; esac
exec {git} "$@"
"""


@pytest.fixture
def publishing(store, tmp_path, monkeypatch):
    """Make a git that hangs where work is published: before it, or after ``git`` has done it."""
    commit(store.repo, {"a.txt": "a"})
    there = tmp_path / "there.git"
    git(store.repo, "init", "-q", "--bare", str(there))
    git(store.repo, "remote", "add", "origin", str(there))
    branch = git(store.repo, "symbolic-ref", "--short", "HEAD").strip()
    git(store.repo, "push", "-q", "origin", branch)
    studio.speaker("replies")
    studio.gate("true")
    studio.configure("enable_auto_merge", "true", "test")
    files = {"hang": tmp_path / "hang", "hung": tmp_path / "hung", "git": shutil.which("git")}
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    files["hang"].touch()
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    def make(pattern, *, after=False, mute=False):
        mutes = '*" ls-remote "*' if mute else "nothing"
        first = '{git} "$@"'.format(**files) if after else ":"
        program.write_text(PUBLISHES.format(pattern=pattern, first=first, mute=mutes, **files))
        program.chmod(0o755)
        return files["hung"], there, branch

    return make


def head(repo, branch):
    return git(repo, "rev-parse", f"refs/heads/{branch}").strip()


def cancelled_at(hung):
    studio.create("wk1")
    wish = studio.StopRequest()
    stop_when(hung, wish, cancel_by="ada")
    return studio.run("wk1", wish).sprint


def test_a_cancel_ends_git_before_it_moves_the_branch(publishing, store):
    hung, _, branch = publishing(f'*"={store.repo}/.git"*" update-ref --stdin"*')
    before = head(store.repo, branch)

    sprint = cancelled_at(hung)

    assert (sprint.status, sprint.meta.shipping.status) == ("cancelled", "refused")
    assert head(store.repo, branch) == before
    assert not [line for line in processes_of(store.repo) if "sleep 300" in line]


def test_a_cancel_ends_a_push_before_the_remote_has_it(publishing, store):
    studio.configure("ship_remote", '"origin"', "test")
    hung, there, branch = publishing('*" push "*')
    before = head(there, branch)

    sprint = cancelled_at(hung)

    assert (sprint.status, sprint.meta.shipping.status) == ("cancelled", "refused")
    assert head(there, branch) == head(store.repo, branch) == before
    assert not [line for line in processes_of(store.repo) if "sleep 300" in line]


def test_what_the_remote_has_taken_is_shipped_although_the_sprint_is_cancelled(publishing, store):
    studio.configure("ship_remote", '"origin"', "test")
    hung, there, branch = publishing('*" push "*', after=True)

    sprint = cancelled_at(hung)

    assert (sprint.status, sprint.meta.shipping.status) == ("cancelled", "shipped")
    assert head(there, branch) == head(store.repo, branch) == sprint.meta.shipping.commit
    assert len(studio.events("ship_publishing")) == len(studio.events("shipped")) == 1
    assert studio.differences() == []


def test_a_remote_that_never_answers_holds_a_cancel_for_a_bounded_time(
    publishing, store, monkeypatch
):
    studio.configure("ship_remote", '"origin"', "test")
    monkeypatch.setattr(ship, "SETTLE_S", 1.0)
    hung, there, branch = publishing('*" push "*', mute=True)
    before = head(there, branch)

    sprint = cancelled_at(hung)

    assert (sprint.status, sprint.meta.shipping.status) == ("cancelled", "refused")
    assert "see whether the work is there" in sprint.meta.shipping.reason
    assert head(there, branch) == before
    assert not [line for line in processes_of(store.repo) if "sleep 300" in line]
