"""Test that a failed test is run again by itself, and that a fault is not hidden by it."""

import pytest

from tools import suite

AT_ONCE = ("-q", "-p", "no:django", "-p", "no:randomly")
ONCE = """
from pathlib import Path

def test_misses_its_moment():
    mark = Path(__file__).with_name("ran")
    first = not mark.exists()
    mark.touch()
    assert not first
"""
ALWAYS = "def test_has_a_fault():\n    assert False\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose tests are to be written, and in which pytest loads no plug-in of ours."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:django")
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    return tmp_path


def test_a_test_that_passes_by_itself_is_named_as_flaky(project, capfd):
    (project / "test_one.py").write_text(ONCE)

    assert suite.main(project, AT_ONCE) == 0

    assert "FLAKY" in (out := capfd.readouterr().out)
    assert out.rstrip().endswith("  test_one.py::test_misses_its_moment")


def test_a_fault_fails_the_run_though_another_test_was_flaky(project, capfd):
    (project / "test_one.py").write_text(ONCE)
    (project / "test_two.py").write_text(ALWAYS)

    assert suite.main(project, AT_ONCE) == 1

    assert "FLAKY" not in capfd.readouterr().out


def test_many_failures_are_not_run_again(project, capfd):
    for n in range(suite.FEW + 1):
        (project / f"test_{n}.py").write_text(ONCE.replace('"ran"', f'"ran{n}"'))

    assert suite.main(project, AT_ONCE) == 1

    assert "running again" not in capfd.readouterr().out


def test_a_file_that_cannot_be_loaded_is_not_run_again(project, capfd):
    (project / "test_one.py").write_text("import nowhere_to_be_found\n")

    assert suite.main(project, AT_ONCE) == 2

    assert "running again" not in capfd.readouterr().out


def test_a_run_without_failures_ends_as_pytest_does(project):
    (project / "test_one.py").write_text("def test_passes():\n    pass\n")

    assert suite.main(project, AT_ONCE) == 0
