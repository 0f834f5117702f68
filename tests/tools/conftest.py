"""Provide a project of a few files, with a .venv that a stand-in for pip fills."""

from pathlib import Path

import pytest

from tools import bootstrap
from tools.bootstrap import DEV, RUNTIME, Stopped, Venv


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("pyproject.toml", RUNTIME, DEV):
        (folder / name).write_text(name)
    return folder


@pytest.fixture
def venv(project, pip):
    return Venv(project)


class Pip:
    """Stands in for pip: notes what it is asked for, and fails where told to."""

    def __init__(self):
        self.asked = []
        self.fails = False

    def __call__(self, argv):
        self.asked.append(Path(argv[-1]).name)
        if self.fails:
            raise Stopped("pip ended with exit code 1")


@pytest.fixture
def pip(monkeypatch):
    stand_in = Pip()
    monkeypatch.setattr(bootstrap, "run_pip", stand_in)
    monkeypatch.setattr(Venv, "_pip", lambda self: [str(self.python), "-m", "pip"])
    return stand_in
