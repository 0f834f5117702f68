"""A project of a few files, with a .venv that a stand-in for pip fills."""

import os
from pathlib import Path

import pytest

from tools import bootstrap
from tools.bootstrap import DEV, RUNTIME, Venv


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
    """Stands in for pip: notes what it is asked for, and installs one script."""

    def __init__(self):
        self.asked = []
        self.code = 0

    def __call__(self, argv):
        self.asked.append(Path(argv[-1]).name)
        script = Path(argv[0]).with_name("studio-gateway" + (".exe" if os.name == "nt" else ""))
        script.touch(mode=0o755)
        return self.code


@pytest.fixture
def pip(monkeypatch):
    stand_in = Pip()
    monkeypatch.setattr(bootstrap, "call", stand_in)
    monkeypatch.setattr(Venv, "_pip", lambda self: [str(self.python), "-m", "pip"])
    return stand_in
