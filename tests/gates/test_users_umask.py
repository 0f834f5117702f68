"""Test that a store is its owner's alone, and that programs keep the umask of the user."""

import os
import shlex
import stat
import subprocess
import sys

import pytest

from gates import users_umask
from tests.checkout import commit, git
from tests.world import environment

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no modes")


UMASK = 0o002  # of the user


def typed(repo, *argv):
    """Run a command as a user with that umask does."""
    program = [sys.executable, "-m", "studio_gateway", *argv]
    return subprocess.run(
        program, cwd=repo, env=environment(repo), umask=UMASK, capture_output=True, check=False
    )


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def test_what_the_gateway_makes_is_its_owners_and_the_rest_the_users(repo):
    commit(repo, {"README": "of the project\n"})
    (repo / ".git" / "info" / "exclude").unlink(missing_ok=True)
    made = "open('made by agent', 'w').close(); print('Status: DONE')"
    for argv in (
        ("init",),
        ("gate", "set", "qa_smoke_quick", "--command", "sh -c 'umask; touch made-by-gate'"),
        ("agent", "set", "agent_01", "--command", shlex.join([sys.executable, "-c", made])),
        ("config", "set", "enable_auto_merge", "true"),
        ("config", "set", "agent_logs", "true"),
        ("hook", "add", "h", "--on", "sprint_start", "--command", "touch made-by-hook"),
        ("agent", "export", "--out", "agents.toml"),
        ("sprint", "create", "wk1"),
        ("sprint", "run", "wk1"),
    ):
        said = typed(repo, *argv)
        assert said.returncode == 0, said

    root = repo / ".studio_gateway"
    printed = root / "artifacts/wk1/gates/qa_smoke_quick/stdout.txt"
    assert int(printed.read_text(), 8) == UMASK
    names = ["made by agent", "made-by-hook", "agents.toml", ".git/info/exclude", ".git/index"]
    logs = [path for path in (repo / ".cursor").rglob("*") if path.is_file()]
    assert logs
    for path in (*(repo / name for name in names), *logs):
        assert mode(path) == 0o666 & ~UMASK, path
    for path in (repo / ".cursor", *(path.parent for path in logs)):
        assert mode(path) == 0o777 & ~UMASK, path
    assert git(repo, "status", "--porcelain", "--", "made by agent") == ""
    by_programs = {root / "git", root / "work"}  # of git and agents, in folders of the owner's
    for path in (root, *root.iterdir()):
        assert mode(path) & 0o077 == 0, path
    for folder in set(root.iterdir()) - by_programs - {root / "artifacts"}:
        for path in folder.rglob("*") if folder.is_dir() else ():
            assert mode(path) & 0o077 == 0, path


@pytest.mark.parametrize("argv", [("serve", "--help"), ("worker", "--help"), ("status",)])
def test_every_command_begins_with_it(argv, monkeypatch, capsys):
    import studio_gateway

    seen = []
    monkeypatch.setattr(users_umask, "_users", None)
    monkeypatch.setattr("gateway_project.cli.run", lambda argv: seen.append(os.umask(0o077)))
    monkeypatch.setattr("gc.disable", lambda: None)
    before = os.umask(0o027)
    try:
        studio_gateway.main()
        assert (seen, users_umask.of_programs()) == ([0o077], 0o027)
        studio_gateway.main()
        assert users_umask.of_programs() == 0o027
    finally:
        os.umask(before)


def test_without_it_nothing_is_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(users_umask, "_users", None)
    (tmp_path / "file").touch(0o640)

    users_umask.give(tmp_path / "file")

    assert users_umask.of_programs() == -1
    assert mode(tmp_path / "file") == 0o640


def test_a_new_folder_gets_the_users_mode_with_its_parents(tmp_path, monkeypatch):
    monkeypatch.setattr(users_umask, "_users", 0o027)
    (tmp_path / "there").mkdir(mode=0o700)
    before = os.umask(0o077)
    try:
        users_umask.make_folder(tmp_path / "there" / "a" / "b")
    finally:
        os.umask(before)

    assert mode(tmp_path / "there") == 0o700
    assert mode(tmp_path / "there" / "a") == mode(tmp_path / "there" / "a" / "b") == 0o750
