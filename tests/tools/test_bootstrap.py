"""Test the first run: what is installed when, and what stays unchanged."""

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools import bootstrap
from tools.bootstrap import DEV, RUNTIME, Stopped, Venv, call, main, run_pip

SCRIPT = Path(bootstrap.__file__)
posix_only = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


def test_the_script_parses_on_an_old_python_and_needs_only_the_standard_library():
    tree = ast.parse(SCRIPT.read_text("utf-8"), feature_version=(3, 8))

    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = [alias.name for node in imports for alias in node.names]
    names += [str(node.module) for node in froms]

    assert {name.split(".")[0] for name in names} - {"pip"} <= sys.stdlib_module_names


def test_a_second_run_asks_pip_for_nothing(venv, pip):
    venv.install(RUNTIME)
    venv.install(RUNTIME)

    assert pip.asked == [RUNTIME, "project"]
    assert venv.ready(RUNTIME)
    assert not venv.ready(DEV)


def test_the_tools_of_development_hold_what_the_demo_needs(venv, pip):
    venv.install(DEV)
    venv.install(RUNTIME)

    assert pip.asked == [DEV, "project"]


@pytest.mark.parametrize("name", [RUNTIME, "pyproject.toml"])
def test_a_change_is_installed_into_the_same_environment(venv, pip, project, name):
    venv.install(RUNTIME)
    (venv.path / "kept").touch()
    (project / name).write_text("changed")

    venv.install(RUNTIME)

    assert pip.asked == [RUNTIME, "project"] * 2
    assert (venv.path / "kept").exists()


def test_a_failed_install_leaves_no_stamp_and_starts_afresh(venv, pip):
    pip.fails = True
    with pytest.raises(Stopped, match="pip ended with exit code 1"):
        venv.install(RUNTIME)
    assert not venv.stamp.exists()
    (venv.path / "left over").touch()

    pip.fails = False
    venv.install(RUNTIME)

    assert venv.ready(RUNTIME)
    assert not (venv.path / "left over").exists()


def test_a_failed_change_leaves_no_stamp(venv, pip, project):
    venv.install(RUNTIME)
    (project / RUNTIME).write_text("changed")
    pip.fails = True

    with pytest.raises(Stopped):
        venv.install(RUNTIME)

    assert not venv.stamp.exists()


def test_a_moved_folder_is_noticed(venv, project, tmp_path):
    venv.install(RUNTIME)
    moved = Venv(Path(shutil.move(project, tmp_path / "moved")))
    (moved.path / "old").touch()
    assert not moved.ready(RUNTIME)

    moved.install(RUNTIME)

    assert moved.ready(RUNTIME)
    assert not (moved.path / "old").exists()


def test_another_interpreter_is_noticed(venv):
    venv.install(RUNTIME)
    stamped = json.loads(venv.stamp.read_text())
    venv.stamp.write_text(json.dumps({**stamped, "python": "3.10.1 elsewhere"}))
    (venv.path / "old").touch()

    venv.install(RUNTIME)

    assert venv.ready(RUNTIME)
    assert not (venv.path / "old").exists()


def test_a_lost_interpreter_is_noticed(venv):
    venv.install(RUNTIME)
    venv.python.unlink()

    venv.install(RUNTIME)

    assert venv.python.exists()


def test_an_environment_of_somebody_else_is_left_alone(venv, pip):
    venv.path.mkdir()
    (venv.path / "pyvenv.cfg").write_text("home = elsewhere\n")

    with pytest.raises(Stopped, match="move it away"):
        venv.install(RUNTIME)

    assert [path.name for path in venv.path.iterdir()] == ["pyvenv.cfg"]
    assert pip.asked == []


def test_pip_is_left_as_the_user_set_it_but_for_where_it_installs(monkeypatch):
    monkeypatch.setenv("PIP_TARGET", "elsewhere")
    monkeypatch.setenv("PIP_TIMEOUT", "7")
    tell = "import os, sys; sys.exit(int(os.environ['PIP_TIMEOUT']) + ('PIP_TARGET' in os.environ))"

    with pytest.raises(Stopped, match="exit code 7"):
        run_pip([sys.executable, "-c", tell])


@posix_only
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_pip_leaves_no_process(signum, tmp_path):
    child = f"""
import os, pathlib, signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
pathlib.Path("pid").write_text(str(os.getpid()))
os.kill(os.getppid(), {signum})
time.sleep(20)
"""
    parent = """
import signal, sys
from tools.bootstrap import run_pip
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
run_pip(sys.argv[1:])
"""
    env = {**os.environ, "PYTHONPATH": str(SCRIPT.parent.parent)}
    argv = [sys.executable, "-c", parent, sys.executable, "-c", child]

    done = subprocess.run(argv, cwd=tmp_path, env=env, stderr=subprocess.DEVNULL, check=False)

    assert done.returncode in {-signal.SIGINT, 128 + signal.SIGTERM}
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_broken_stamp_counts_as_none(venv):
    venv.install(RUNTIME)

    venv.stamp.write_text("[]")

    assert not venv.ready(RUNTIME)


def test_the_exit_code_of_a_child_is_passed_on():
    assert call([sys.executable, "-c", "raise SystemExit(7)"]) == 7


def test_a_program_that_is_missing_is_one_line():
    with pytest.raises(Stopped, match="cannot run no-such-program"):
        call(["no-such-program"])


@posix_only
def test_a_child_that_a_signal_killed_is_128_and_the_signal():
    child = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"

    assert call([sys.executable, "-c", child]) == 128 + signal.SIGKILL


@posix_only
@pytest.mark.parametrize("how", ["os.killpg(0, signal.SIGINT)", "os.kill(os.getppid(), 15)"])
def test_a_signal_is_left_to_the_child_to_answer(how):
    child = f"""
import os, signal, sys, time
for signum in (signal.SIGINT, signal.SIGTERM):
    signal.signal(signum, lambda *_: sys.exit(9))
{how}
time.sleep(20)
"""
    parent = "import sys; from tools.bootstrap import call; sys.exit(call(sys.argv[1:]))"
    argv = [sys.executable, "-c", parent, sys.executable, "-c", child]

    done = subprocess.run(argv, cwd=SCRIPT.parent.parent, start_new_session=True, check=False)

    assert done.returncode == 9


@pytest.mark.parametrize("argv", [[], ["help"], ["--help"]])
def test_help_installs_nothing(argv, venv, capsys):
    assert main(argv, venv) == 0

    assert capsys.readouterr().out.startswith("usage: python tools/bootstrap.py COMMAND")
    assert not venv.path.exists()


@pytest.mark.parametrize("argv", [["destroy"], ["demo", "now"], ["install", "--all"]])
def test_an_unknown_command_installs_nothing(argv, venv, capsys):
    assert main(argv, venv) == 2

    assert capsys.readouterr().err.startswith(f"error: unknown command: {' '.join(argv)}\n")
    assert not venv.path.exists()


def test_the_script_runs_on_its_own():
    done = subprocess.run([sys.executable, SCRIPT, "--help"], capture_output=True, check=False)

    assert done.returncode == 0
    assert b"demo" in done.stdout
