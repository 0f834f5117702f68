"""Run commands in forked processes, which need not load anything first and so start quickly.

They are forked from a process that has loaded the gateway (``tests.warm``), and read the settings
of their own environment and folder. With ``STUDIO_TEST_FORKED=0`` each command starts a new Python
instead. What only a new Python shows is tested with ``subprocess``.
"""

import atexit
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver, resource_tracker
from pathlib import Path

# Django and the queue have read these when they are loaded: such a command starts from nothing.
COLD = {"DATABASE_URL", "STUDIO_GATEWAY_BROKER", "DJANGO_SETTINGS_MODULE"}
ON = hasattr(os, "fork") and os.environ.get("STUDIO_TEST_FORKED") != "0"


def begin() -> None:
    """Have the process there from which they are forked, before any test puts a mark on what it
    starts.
    """
    multiprocessing.get_context("forkserver").set_forkserver_preload(["tests.warm"])
    forkserver.ensure_running()


def pids() -> set[int | None]:
    """What ``begin`` has started: children of ours for as long as we live."""
    found = (
        getattr(forkserver._forkserver, "_forkserver_pid", None),
        getattr(resource_tracker._resource_tracker, "_pid", None),
    )
    return {*found}


def run(
    argv: Sequence[str], cwd: Path, env: Mapping[str, str], timeout: float
) -> tuple[int, str, str]:
    """``python -m ARGV`` there: its exit code, as ``subprocess`` tells it, and what it printed.
    Raises ``subprocess.TimeoutExpired``.
    """
    with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
        process = multiprocessing.get_context("forkserver").Process(
            target=_become, args=([*argv], str(cwd), dict(env), out.name, err.name)
        )
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired([*argv], timeout, out.read(), err.read())
        return process.exitcode, out.read().decode(), err.read().decode()


def _become(argv: list[str], cwd: str, env: dict[str, str], out: str, err: str) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for number, name in ((0, os.devnull), (1, out), (2, err)):
        file = os.open(name, os.O_RDWR)
        os.dup2(file, number)
        os.close(file)
    sys.path[:] = [cwd, *env["PYTHONPATH"].split(os.pathsep), *sys.path]
    sys.argv = [*argv]
    from tests import warm

    warm.refresh()
    try:
        runpy.run_module(argv[0], run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()
