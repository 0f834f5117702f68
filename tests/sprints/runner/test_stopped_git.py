"""Test that a git that hangs ends with its children when a sprint is cancelled or released."""

import os
import shutil
import threading

import pytest

from tests import studio
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
