"""Test that a store of an older version is backed up, migrated, verified and restorable."""

import json
import sqlite3
import stat
import subprocess
import tarfile

import pytest

from tests.e2e.conftest import set_gate, start, wait_for
from tests.e2e.test_serve import free_port
from tests.faults.table import SHORT
from tests.sprints.bad_inputs.refusals import complaint, dump, files
from tests.world import run_command, unpack

OLD = (("sprints", "0016_policy"), ("gates", "0007_confined"))


def make_old(repo):
    """Have the database be of an earlier version."""
    for app, name in OLD:
        assert run_command(repo, "migrate", app, name).code == 0
    said = run_command(repo, "status", "--json")
    assert complaint(said) == "the database is of an older version; run: studio-gateway upgrade"


@pytest.fixture
def old(gateway):
    """The store of an earlier version, in which a sprint has succeeded."""
    as_before = ("--network", "all")  # which every gate of that version had
    assert run_command(gateway, "gate", "set", "qa_smoke_quick", *as_before).code == 0
    assert run_command(gateway, "sprint", "create", "wk1").code == 0
    assert run_command(gateway, "sprint", "run", "wk1").code == 0
    make_old(gateway)
    return gateway


def check(repo):
    for argv in (("verify",), ("rebuild", "--check"), ("replay",), ("sprint", "show", "wk1")):
        said = run_command(repo, *argv)
        assert (said.code, said.err) == (0, ""), said.out


def migrations_of(database):
    with sqlite3.connect(database) as connection:
        return set(connection.execute("SELECT app, name FROM django_migrations"))


def test_an_old_store_is_backed_up_migrated_and_verified(old, tmp_path):
    said = run_command(old, "upgrade")

    assert (said.code, said.err) == (0, "")
    first, second, third = said.out.splitlines()
    (backup,) = (old / ".studio_gateway" / "backups").iterdir()
    assert first.startswith(f"backed up: {backup}: ")
    assert second.startswith("migrated: ")
    assert "gates.0008_cause" in second
    assert "sprints.0018_stop_reason" in second
    assert third.startswith("verified: ")
    assert stat.S_IMODE(backup.stat().st_mode) & 0o077 == 0
    with tarfile.open(backup) as packed:
        assert "config.json" not in packed.getnames()
    unpack(backup, tmp_path / "unpacked")
    before = migrations_of(tmp_path / "unpacked" / "gateway.sqlite3")
    assert not {("sprints", "0018_stop_reason"), ("gates", "0008_cause")} & before
    check(old)
    last = json.loads(run_command(old, "events", "--tail", "1").out)[0]
    assert (last["kind"], last["data"]["backup"]) == ("upgraded", str(backup))


def test_a_backup_of_an_older_version_is_a_store_again(old, tmp_path):
    archive = tmp_path / "old.tar.gz"
    assert run_command(old, "upgrade", "--backup", str(archive)).code == 0
    repo = tmp_path / "restored"
    (repo / ".git").mkdir(parents=True)
    unpack(archive, repo / ".studio_gateway")

    said = run_command(repo, "upgrade", "--json")

    done = json.loads(said.out)
    assert (said.code, said.err) == (0, "")
    assert done["report"]["difference"] is None
    assert "sprints.0018_stop_reason" in done["migrations"]
    check(repo)
    run = "artifacts/wk1/gates/qa_smoke_quick/runs/1/stdout.txt"
    assert (repo / ".studio_gateway" / run).is_file()


def test_what_differs_after_it_says_how_to_have_the_store_back(old):
    config = (old / ".studio_gateway" / "config.json").read_text()
    state = old / ".studio_gateway" / "state.json"
    with sqlite3.connect(old / ".studio_gateway" / "gateway.sqlite3") as connection:
        connection.execute("UPDATE sprints_sprint SET title = 'forged'")
    before = state.read_bytes()

    said = run_command(old, "upgrade")

    assert said.code == 1
    *_, differs, back = said.out.splitlines()
    assert "/sprints/wk1/title" in differs
    subprocess.run(back.removeprefix("to go back: "), shell=True, check=True, cwd=old)
    assert state.read_bytes() == before
    assert (old / ".studio_gateway" / "config.json").read_text() == config
    found = migrations_of(old / ".studio_gateway" / "gateway.sqlite3")
    assert ("sprints", "0018_stop_reason") not in found
    with sqlite3.connect(old / ".studio_gateway" / "gateway.sqlite3") as connection:
        connection.execute("UPDATE sprints_sprint SET title = 'wk1'")
    assert run_command(old, "upgrade").code == 0


def test_a_store_of_this_version_is_only_verified(gateway):
    said = run_command(gateway, "upgrade")

    assert (said.code, said.err) == (0, "")
    first, second = said.out.splitlines()
    assert first == "migrated: nothing to do, it is of this version"
    assert second.startswith("verified: ")
    assert not (gateway / ".studio_gateway" / "backups").exists()


@pytest.mark.parametrize("nth", [1, 4] if SHORT else [1, 2, 3, 4])
def test_an_upgrade_that_is_killed_can_be_called_again(old, nth):
    killed = run_command(old, "upgrade", STUDIO_FAULT=f"migration_step:{nth}:sigkill")
    assert killed.code == -9

    said = run_command(old, "upgrade")

    assert (said.code, said.err) == (0, "")
    check(old)
    for backup in (old / ".studio_gateway" / "backups").iterdir():
        with tarfile.open(backup) as packed:
            assert "gateway.sqlite3" in packed.getnames()


def test_it_is_refused_while_workers_live(gateway):
    worker = start(gateway, "worker")

    def is_there():
        hosts = json.loads(run_command(gateway, "status", "--json").out)["hosts"]
        return any(host["alive"] for host in hosts)

    assert wait_for(is_there)

    said = complaint(run_command(gateway, "upgrade"))

    assert said.startswith("the workers of host ")
    assert said.endswith("are at work; stop them, then try again")
    worker.terminate()
    worker.communicate(timeout=90)
    assert run_command(gateway, "upgrade").code == 0


def test_it_is_refused_while_the_web_alone_is_served(gateway):
    served = start(gateway, "serve", "--no-workers", "--port", str(free_port()))
    assert served.stdout is not None
    assert served.stdout.readline().startswith("http://")

    said = run_command(gateway, "upgrade")

    assert complaint(said) == "a web of this store is being served; stop serve, then try again"
    served.terminate()
    served.communicate(timeout=90)
    assert run_command(gateway, "upgrade").code == 0


def test_it_is_refused_while_a_sprint_is_carried(gateway):
    set_gate(gateway, "sleep 300")
    run_command(gateway, "sprint", "create", "wk1")
    carrier = start(gateway, "sprint", "run", "wk1")
    folder = gateway / ".studio_gateway/artifacts/wk1/gates/qa_smoke_quick/runs/1"
    assert wait_for(folder.is_dir)

    said = complaint(run_command(gateway, "upgrade"))

    assert said.startswith(f"sprint wk1 is run by process {carrier.pid} on ")
    run_command(gateway, "sprint", "cancel", "wk1")
    carrier.communicate(timeout=90)
    assert run_command(gateway, "upgrade").code == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--backup", "copy"), "copy is to be a .tar.gz; name it so: --backup copy.tar.gz"),
        (("--backup", "there.tar.gz"), "there.tar.gz is there already; name another"),
        (("--backup", "no/where.tar.gz"), "No such file or directory"),
        (("--backup", "x.tar.gz", "--backed-up"), "use --backup or --backed-up"),
    ],
)
def test_what_cannot_be_backed_up_is_not_migrated(old, options, words):
    (old / "there.tar.gz").write_text("mine")
    before = files(old / ".studio_gateway"), dump(old / ".studio_gateway" / "gateway.sqlite3")

    said = complaint(run_command(old, "upgrade", *options))

    assert words in said
    after = files(old / ".studio_gateway"), dump(old / ".studio_gateway" / "gateway.sqlite3")
    assert after == before


def test_a_store_of_a_newer_version_and_none_are_left_alone(gateway, tmp_path):
    with sqlite3.connect(gateway / ".studio_gateway" / "gateway.sqlite3") as connection:
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('sprints', '9999_x', 0)"
        )
    empty = tmp_path / "empty"
    (empty / ".git").mkdir(parents=True)

    assert "was made by a newer version (9999_x)" in complaint(run_command(gateway, "upgrade"))
    assert "no gateway is set up here" in complaint(run_command(empty, "upgrade"))
    assert [path.name for path in empty.iterdir()] == [".git"]


def test_a_backup_that_there_is_already_is_enough(old):
    said = run_command(old, "upgrade", "--backed-up")

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("migrated: ")
    assert not (old / ".studio_gateway" / "backups").exists()
