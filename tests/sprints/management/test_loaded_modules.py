"""Test which modules a process loads: an import costs time in every command and worker."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
METRICS = "prometheus_client.registry"  # one below it: what is hidden is named, too
WEB = {"markdown_it", "ninja", "nh3", "pydantic", "waitress", "whitenoise"}


@pytest.fixture
def loaded(repo, shell):
    """The modules that a command loads from its start to its end."""
    shell("init")

    def of(*argv: str) -> set[str]:
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "studio_gateway", *argv],
            cwd=repo,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        return {*re.findall(r"^import time: .*\| +(\S+)$", done.stderr, re.MULTILINE)}

    return of


def test_a_command_loads_nothing_that_it_does_not_use(loaded):
    found = loaded("status")

    assert "django_q" in found
    assert not found & {*WEB, METRICS, "croniter.croniter", "dateutil"}


def test_a_cluster_loads_nothing_of_the_web(loaded):
    found = loaded("worker", "--inside", "1")  # whose parent is another, so that it ends at once

    assert "sprints.queue.cluster" in found
    assert not found & {*WEB, METRICS, "sprints.urls"}


def test_what_django_q_must_not_load_is_there_for_others():
    import croniter
    from django_q import conf

    from sprints.queue_app import hidden

    with hidden("croniter"), pytest.raises(ModuleNotFoundError):
        importlib.import_module("croniter")

    assert conf.croniter is conf.prometheus_multiprocess is None
    assert sys.modules["croniter"] is croniter
