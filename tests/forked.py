"""Run commands in forked processes, which need not load Django first and so start quickly.

They are forked from a process that has loaded libraries, and of our modules the pure ones: these
read no environment, setting or file when they are loaded. With ``STUDIO_TEST_FORKED=0`` each
command starts a new Python instead.
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

LIBRARIES = """
    ahocorasick_rs ctypes django.core.cache django.core.files.storage django.core.mail
    django.core.management django.core.paginator django.core.serializers.json
    django.db.backends.sqlite3.base django.db.migrations.executor django.db.migrations.migration
    django.db.models django.forms.models django.middleware.csrf django.shortcuts
    django.template.defaulttags django.template.response django.urls
    django.utils.translation.trans_real django.views.debug django.views.generic django.views.i18n
    importlib.metadata multiprocessing.queues multiprocessing.sharedctypes orjson sqlparse tarfile
    tomllib
""".split()
PURE = """
    sprints.core.commands sprints.core.decide sprints.core.reducer sprints.core.unshipping
    sprints.core.wait_reason sprints.replay.replay
""".split()
ON = hasattr(os, "fork") and os.environ.get("STUDIO_TEST_FORKED") != "0"


def begin() -> None:
    """Have the process there from which they are forked, before any test puts a mark on what it
    starts.
    """
    multiprocessing.get_context("forkserver").set_forkserver_preload([*LIBRARIES, *PURE])
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
    try:
        runpy.run_module(argv[0], run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()
