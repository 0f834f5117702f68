"""Test a read-only store and a broken database: following the error message mends them."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import OperationalError, connection

from sprints.store.schema_version import unusable
from tests.sprints.bad_inputs.refusals import complaint
from tests.world import FOLDER, Said, environment

ROOT_USER = os.name != "nt" and os.geteuid() == 0
COMMANDS = ["status", "sprint create s1", "gate list", "events", "init"]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes and mounts are others there")


def heed_modes(repo: Path, *argv: str) -> Said:
    """Run a command that modes bind, as they do not bind root."""
    command = [sys.executable, "-m", "studio_gateway", *argv]
    if ROOT_USER:
        if shutil.which("setpriv") is None:
            pytest.skip("NO SETPRIV: modes do not bind root")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    done = subprocess.run(
        command, cwd=repo, env=environment(repo), capture_output=True, text=True, check=False
    )
    return Said(done.returncode, done.stdout, done.stderr)


def type_in(repo: Path, line: str) -> None:
    """Type what a remedy says, in a shell that knows ``studio-gateway``."""
    ours = repo.parent / "bin" / "studio-gateway"
    ours.parent.mkdir(exist_ok=True)
    ours.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m studio_gateway "$@"\n')
    ours.chmod(0o755)
    env = environment(repo) | {"PATH": f"{ours.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", line], cwd=repo, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def ailing(repo: Path, shell) -> list[dict[str, str]]:
    """What doctor finds bad."""
    return [one for one in json.loads(shell("doctor", "--json").out) if one["level"] == "bad"]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A checkout with a name that a shell would split."""
    folder = tmp_path / "my king's dom"
    (folder / ".git").mkdir(parents=True)
    return folder


@pytest.fixture
def root(repo: Path, shell) -> Iterator[Path]:
    """The folder of a store, open again in the end."""
    assert shell("init").code == 0
    assert shell("gate", "set", "qa_smoke_quick", "--command", "true").code == 0
    yield repo / FOLDER
    subprocess.run(["chmod", "-R", "u+rwX", str(repo / FOLDER)], check=True)


@pytest.mark.parametrize("mode", ["a-w", "a-rwx"])
def test_a_store_that_is_closed_to_its_owner_is_called_that(repo, root, mode):
    # The folder last: who is not root cannot look into it after that.
    subprocess.run(["find", root, "-depth", "-exec", "chmod", mode, "{}", "+"], check=True)

    said = {line: complaint(heed_modes(repo, *line.split())) for line in COMMANDS}

    assert len(set(said.values())) == 1, said
    what, remedy = said["status"].split("; run: ")
    assert what == f"{root} is closed to its owner"
    type_in(repo, remedy)
    assert heed_modes(repo, "status").code == 0


def test_a_database_that_may_not_be_written_is_called_that(repo, root):
    for path in root.glob("gateway.sqlite3*"):
        path.chmod(0o400)

    said = complaint(heed_modes(repo, "sprint", "create", "s1"))

    assert said.startswith(f"{root / 'gateway.sqlite3'} is closed to its owner; run: chmod")


@pytest.mark.skipif(not ROOT_USER, reason="NOT ROOT: a store of another user cannot be made")
def test_a_store_of_another_user_is_called_that(repo, root):
    for path in (root, *root.rglob("*")):
        os.chown(path, 65534, 65534)

    said = complaint(heed_modes(repo, "status"))

    assert said.startswith(f"{root} is another user's; run: sudo chown -R ")


@pytest.fixture
def read_only(root: Path) -> Iterator[Path]:
    """The store on a file system that takes no writes."""
    if not ROOT_USER:
        pytest.skip("NOT ROOT: nothing can be mounted")
    subprocess.run(["mount", "--bind", root, root], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", root], check=True)
        yield root
    finally:
        subprocess.run(["umount", root], check=True)


def test_a_store_that_is_mounted_read_only_is_called_that(repo, read_only, shell):
    said = {line: complaint(shell(*line.split())) for line in COMMANDS}
    found = ailing(repo, shell)

    assert {line.split("; ")[0] for line in said.values()} == {
        f"{read_only} lies on a read-only file system"
    }
    checks = {"database", "gates", "secrets", "invariants", "journal"}
    assert {one["check"] for one in found} == checks
    assert all("read-only file system" in one["text"] for one in found)
    assert all(one["remedy"].startswith("mount that writable") for one in found)


@pytest.mark.parametrize("way", ["a backup", "its events"])
def test_what_is_said_of_a_broken_database_mends_it(repo, root, shell, tmp_path, way):
    database = repo / FOLDER / "gateway.sqlite3"
    shutil.copy(database, tmp_path / "backup")
    database.write_bytes(b"This is no database. " * 500)

    said = complaint(shell("status"))
    backup, anew = ailing(repo, shell)[0]["remedy"].split("; without one, from its events: ")
    _, _, backup = backup.partition(": ")
    assert said.endswith(f"{backup}; without one, from its events: {anew}")
    type_in(repo, anew if way == "its events" else backup.replace("BACKUP", f"{tmp_path}/backup"))

    assert shell("sprint", "create", "s1").code == 0
    assert ailing(repo, shell) == []
    (kept,) = (p for p in repo.rglob("gateway.sqlite3") if p.parent.name.endswith("broken"))
    assert kept.read_bytes().startswith(b"This is no database. ")


def test_what_is_said_of_a_broken_file_mends_it_and_deletes_nothing(repo, root, shell):
    broken = []
    for name in ("events.jsonl", "events.jsonl", "state.json"):
        whole = (root / name).read_bytes()
        bad = whole.replace(b"gateway", b"GATEWAY", 1) if name == "events.jsonl" else None
        (root / name).unlink()
        if bad is None:
            (root / name).mkdir()
        else:
            (root / name).write_bytes(bad)
        broken.append(bad)

        (found,) = ailing(repo, shell)
        type_in(repo, found["remedy"])

        assert ailing(repo, shell) == []

    assert (root / "events.jsonl.kept").read_bytes() == broken[0]
    assert (root / "events.jsonl.kept1").read_bytes() == broken[1]
    assert (root / "state.json.kept").is_dir()


def test_of_a_database_that_another_process_keeps_it_is_said_how_to_see_which(
    monkeypatch, tmp_path
):
    file = tmp_path / "gateway.sqlite3"
    monkeypatch.setitem(connection.settings_dict, "NAME", file)

    fault = OperationalError("database is locked")
    fault.__cause__ = sqlite3.OperationalError("database is locked")
    fault.__cause__.sqlite_errorcode = sqlite3.SQLITE_BUSY
    said = unusable(fault)

    assert said.remedy == f"see who keeps it: fuser {file}"
