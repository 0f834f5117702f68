"""Test that a frozen holder of a lock does not block others forever."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from sprints.journal import writer
from sprints.store.file_lock import Busy, locked
from sprints.store.layout import Store
from tests import studio
from tests.sprints.bad_inputs.refusals import complaint
from tests.world import environment

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no process can be frozen there")

HOLD = """
import os, signal, sys
from contextlib import ExitStack
from pathlib import Path
from sprints.store.file_lock import locked
with ExitStack() as stack:
    for path in sys.argv[1:]:
        stack.enter_context(locked(Path(path)))
    print("held", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
"""


@pytest.fixture
def frozen(repo):
    """Start a process that takes these locks of the store, and freezes."""
    started = []

    def freeze(*names: str) -> subprocess.Popen[str]:
        paths = [str(Store(repo).root / name) for name in names]
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, *paths],
            env=environment(repo),
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(holder)
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        return holder

    yield freeze
    for holder in started:
        holder.kill()
        holder.communicate()


def test_whoever_waits_in_vain_is_told_who_holds_the_lock(store, frozen):
    holder = frozen("mirror.lock")

    with pytest.raises(Busy) as refused, locked(store.root / "mirror.lock", patience_s=0.1):
        pass

    assert refused.value.holder == holder.pid
    assert f"kill -9 {holder.pid}" in refused.value.remedy


def test_a_holder_that_ends_has_let_go(store, frozen):
    frozen("mirror.lock").kill()

    with locked(store.root / "mirror.lock"):
        said = (store.root / "mirror.lock").read_text()

    assert int(said) == os.getpid()


def test_holders_that_follow_each_other_are_waited_for(store, frozen):
    path, patience_s = store.root / "mirror.lock", 1.5
    holder = frozen("mirror.lock")

    def hand_on() -> None:
        for number in range(50):  # many in turn, each of them for a moment
            path.write_text(f"{1000 + number}\n")
            time.sleep(patience_s / 30)
        holder.kill()

    others = threading.Thread(target=hand_on)
    others.start()
    began = time.monotonic()
    with locked(path, patience_s=patience_s):
        waited_s = time.monotonic() - began
    others.join()

    assert waited_s > patience_s


def test_a_frozen_writer_of_the_files_costs_a_command_a_line_and_no_more(
    store, frozen, invoke, monkeypatch
):
    monkeypatch.setattr(writer, "PATIENCE_S", 0.3)
    holder = frozen("mirror.lock")

    said = invoke("sprint", "create", "wk1")

    assert (said.code, said.out.split(";")[0]) == (0, "created wk1")
    assert said.err == (
        f"the files are behind: process {holder.pid} holds mirror.lock and does not let go; "
        f"let it go on (kill -CONT {holder.pid}) or end it (kill -9 {holder.pid}), "
        "then: studio-gateway init\n"
    )
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert invoke("init").code == 0
    assert studio.differences() == []


@pytest.mark.parametrize(
    "question", ["gate list", "sprint list", "sprint show wk1", "status", "events"]
)
def test_a_question_writes_no_files(store, frozen, invoke, question):
    studio.create("wk1")
    studio.settle_files()
    store.state.unlink()
    frozen("mirror.lock")

    said = invoke(*question.split())

    assert (said.code, said.err) == (0, "")


def test_a_frozen_init_is_named_by_the_next(store, frozen, invoke):
    holder = frozen("init.lock")

    said = complaint(invoke("init"))

    assert said.startswith(f"process {holder.pid} holds init.lock and does not let go; ")
