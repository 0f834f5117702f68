"""Measure an idle ``serve``, against the bare programs in it: qcluster and waitress."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tools.bench.figures import Figure
from tools.bench.processes import cpu_s, pss_mb, tree
from tools.bench.stores import fresh_store

BARE_SETTINGS = """
SECRET_KEY = "bench"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django_q"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "bare.sqlite3"}}
Q_CLUSTER = {"orm": "default", "workers": 2, "timeout": 60, "retry": 120, "log_level": "WARNING"}
USE_TZ = True
ROOT_URLCONF = "bare_urls"
"""
BARE_URLS = """
from django.http import JsonResponse
from django.urls import path

urlpatterns = [path("health", lambda request: JsonResponse({"ok": True}))]
"""
BARE_WEB = """
import waitress
from django.core.wsgi import get_wsgi_application

waitress.serve(get_wsgi_application(), host="127.0.0.1", port=0, _quiet=True)
"""
SETTLE_S = 8.0


def figures(idle_s: float) -> Iterator[Figure]:
    """Yield the figures of both, idle at the same time, so that both see a drift of the machine."""
    with fresh_store() as repo, ExitStack() as stack:
        ours = [_started(stack, repo, {}, "-m", "studio_gateway", "serve", "--port", _port())]
        bare = _bare(stack, repo)
        time.sleep(SETTLE_S)
        pids = [pid for root in ours for pid in tree(root)]
        floor_pids = [pid for root in bare for pid in tree(root)]
        before, floor_before = sum(map(cpu_s, pids)), sum(map(cpu_s, floor_pids))
        time.sleep(idle_s)
        part = (sum(map(cpu_s, pids)) - before) / idle_s * 100
        floor = (sum(map(cpu_s, floor_pids)) - floor_before) / idle_s * 100
        yield Figure("idle serve, two workers", part, "% CPU", floor, "below 1 %", part < 1)
        memory, floor = sum(map(pss_mb, pids)), sum(map(pss_mb, floor_pids))
        yield Figure("the same, memory", memory, "MB PSS", floor, "below 160 MB", memory < 160)


def _bare(stack: ExitStack, folder: Path) -> list[int]:
    """Return the pids of a qcluster with two workers and a waitress, in an empty Django project."""
    (folder / "bare_settings.py").write_text(BARE_SETTINGS)
    (folder / "bare_urls.py").write_text(BARE_URLS)
    env = {"DJANGO_SETTINGS_MODULE": "bare_settings"}
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
        cwd=folder,
        env=os.environ | env | {"PYTHONPATH": str(folder)},
        check=True,
    )
    return [
        _started(stack, folder, env, "-m", "django", "qcluster"),
        _started(stack, folder, env, "-c", BARE_WEB),
    ]


def _started(stack: ExitStack, folder: Path, env: dict[str, str], *argv: str) -> int:
    """Return the pid of a Python that runs in ``folder`` until the stack unwinds."""
    process = subprocess.Popen(
        [sys.executable, *argv],
        stdout=subprocess.DEVNULL,
        cwd=folder,
        env=os.environ | env | {"PYTHONPATH": os.pathsep.join([str(folder), str(Path.cwd())])},
    )
    stack.callback(process.wait, 60)
    stack.callback(process.terminate)
    return process.pid


def _port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return str(one.getsockname()[1])
