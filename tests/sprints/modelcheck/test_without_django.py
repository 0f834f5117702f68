"""Test that values, engine and model checker work in a Python without Django settings."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from sprints.contract.contract import DEFAULT_GATE, draft
from tests.world import ROOT

PURE = ("core", "modelcheck", "contract", "state", "prompts", "replay")


def python(*argv):
    env = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(
        [sys.executable, *argv], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture
def contract_file(tmp_path):
    path = tmp_path / "contract.json"
    path.write_text(json.dumps(draft({"round_deadline": "stop"}, [DEFAULT_GATE]).to_json()))
    return path


def test_the_pure_packages_load_no_django():
    code = f"""
import importlib, pkgutil, sys
for package in {PURE}:
    home = importlib.import_module(f"sprints.{{package}}")
    for module in pkgutil.iter_modules(home.__path__):
        if module.name != "__main__":
            importlib.import_module(f"sprints.{{package}}.{{module.name}}")
print([name for name in sys.modules if name.partition(".")[0] in ("django", "django_q")])
"""

    done = python("-c", code)

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_contract_is_checked_from_its_file(contract_file):
    done = python("-m", "sprints.modelcheck", "--contract", str(contract_file))

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("holds: ")


def test_the_result_of_a_check_comes_as_json(contract_file):
    done = python("-m", "sprints.modelcheck", "--contract", str(contract_file), "--json")

    found = json.loads(done.stdout)
    assert (found["holds"], found["complete"], found["findings"]) == (True, True, [])
    assert found["states"] > 500


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "holds no contract"),
        ("[]", "holds no contract"),
        ('{"profile": "quick"}', "holds no contract"),
        (None, "cannot be read"),
    ],
)
def test_a_file_without_a_contract_is_refused_in_one_line(tmp_path, text, said):
    path = tmp_path / "contract.json"
    if text is not None:
        path.write_text(text)

    done = python("-m", "sprints.modelcheck", "--contract", str(path))

    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]


def test_a_module_on_no_floor_fails_the_import_contracts(tmp_path):
    others = shutil.ignore_patterns("__pycache__", "static", "templates")
    for name in ("gateway_project", "gates", "sprints"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=others)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "sprints" / "stray.py").write_text('"""A module on no floor."""\n')

    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as m; m()"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode != 0
    assert "stray" in done.stdout + done.stderr
