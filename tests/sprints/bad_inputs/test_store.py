"""Test a store that is missing, unfinished, broken or of another version: named and unchanged."""

import os
import shutil
import subprocess
import sys

import pytest
from django.db import connection

from gates.models import Gate
from sprints.models import Event, Head
from sprints.store.layout import Store
from tests.sprints.bad_inputs.refusals import complaint, files
from tests.world import FOLDER, Said, environment

COMMANDS = [
    ("status",),
    ("sprint", "list"),
    ("sprint", "create", "s1"),
    ("sprint", "run", "s1"),
    ("gate", "list"),
    ("gate", "set", "qa_smoke_quick", "--off"),
    ("events",),
]
every_command = pytest.mark.parametrize("command", COMMANDS, ids=" ".join)


@pytest.fixture
def migrations(transactional_db):
    """Change Django's own table of applied migrations by SQL; it is put right afterwards."""

    def change(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)

    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name, applied FROM django_migrations")
        before = cursor.fetchall()
    yield change
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations")
        cursor.executemany(
            "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", before
        )


@every_command
def test_where_no_store_was_made_init_is_pointed_out(invoke, settings, tmp_path, command):
    settings.STORE = Store(tmp_path)

    said = complaint(invoke(*command))

    assert said == "no gateway is set up here; run: studio-gateway init"
    assert not settings.STORE.root.exists()


@pytest.mark.parametrize("command", [*COMMANDS, ("init",)], ids=" ".join)
def test_a_store_of_a_newer_version_is_left_alone(refused, migrations, command):
    migrations(
        "INSERT INTO django_migrations (app, name, applied)"
        " VALUES ('sprints', '9999_from_tomorrow', CURRENT_TIMESTAMP)"
    )

    said = refused(*command)

    assert said == "the database was made by a newer version (9999_from_tomorrow)"


@every_command
def test_a_store_of_an_older_version_waits_for_init(refused, migrations, command):
    migrations("DELETE FROM django_migrations WHERE app = 'sprints'")

    said = refused(*command)

    assert said == "the database is of an older version; run: studio-gateway upgrade"


@pytest.mark.parametrize("command", [*COMMANDS, ("init",), ("upgrade",)], ids=" ".join)
@pytest.mark.parametrize("newest", ["0009_agents", "0017_overdue_note"])
def test_a_store_that_is_too_old_is_left_alone(refused, migrations, command, newest):
    migrations("DELETE FROM django_migrations WHERE app = 'sprints'")
    migrations(
        "INSERT INTO django_migrations (app, name, applied)"
        f" VALUES ('sprints', '{newest}', CURRENT_TIMESTAMP)"
    )

    said = refused(*command)

    assert said == (
        f"the database is too old for this version (sprints.{newest});"
        " upgrade it with commit 149b912 first"
    )


@pytest.mark.parametrize("command", [("status",), ("sprint", "create", "s1")], ids=" ".join)
def test_a_store_whose_init_was_cut_short_waits_for_init(refused, command):
    for model in (Event, Head, Gate):
        model.objects.all().delete()

    said = refused(*command)

    assert said == "this store was never finished; run: studio-gateway init"


def test_a_new_process_in_a_folder_without_a_store_makes_none(repo, shell_refused):
    said = shell_refused("status")

    assert said.endswith("run: studio-gateway init")
    assert list(repo.iterdir()) == [repo / ".git"]


def test_a_store_that_was_deleted_is_gone(repo, shell, shell_refused):
    assert shell("init").code == 0
    shutil.rmtree(repo / FOLDER)

    said = shell_refused("sprint", "create", "s1")

    assert said.endswith("run: studio-gateway init")


def test_a_database_that_was_deleted_is_not_made_by_a_question(repo, shell, shell_refused):
    assert shell("init").code == 0
    for path in (repo / FOLDER).glob("gateway.sqlite3*"):
        path.unlink()

    said = shell_refused("status")

    assert said == "no gateway is set up here; run: studio-gateway init"
    assert not (repo / FOLDER / "gateway.sqlite3").exists()


def test_a_database_that_is_none_is_left_as_it_is(repo, shell, shell_refused):
    assert shell("init").code == 0
    for path in (repo / FOLDER).glob("gateway.sqlite3*"):
        path.unlink()
    (repo / FOLDER / "gateway.sqlite3").write_bytes(b"This is no database. " * 500)

    for command in (["status"], ["sprint", "create", "s1"], ["init"]):
        said = complaint(shell(*command))

        assert "file is not a database" in said
        assert (repo / FOLDER / "gateway.sqlite3").read_bytes().startswith(b"This is no database.")


def test_a_database_with_holes_is_one_line_too(repo, shell):
    assert shell("init").code == 0
    for path in (repo / FOLDER).glob("gateway.sqlite3-*"):
        path.unlink()
    with (repo / FOLDER / "gateway.sqlite3").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * ((repo / FOLDER / "gateway.sqlite3").stat().st_size - 4096))

    said = complaint(shell("sprint", "create", "s1"))

    assert "the database cannot be used: " in said


@pytest.mark.parametrize("folder", ["/nowhere/at/all", "~nobody-of-that-name/x"])
def test_a_repository_that_is_not_there_is_not_made(shell_refused, folder):
    said = shell_refused("init", STUDIO_GATEWAY_REPO=folder)

    assert said.startswith("no such folder: /")


def test_a_database_url_that_leads_nowhere_is_one_line(shell, shell_refused):
    assert shell("init").code == 0

    for url in ("nonsense", "gopher://127.0.0.1/x"):
        said = shell_refused("status", DATABASE_URL=url)

        assert said.startswith("DATABASE_URL cannot be used: ")


def test_a_file_where_the_store_should_be_stays_a_file(repo, shell_refused):
    (repo / FOLDER).write_text("mine")

    said = shell_refused("init")

    assert said == f"cannot write in {repo}: File exists"


def test_a_folder_where_the_lock_should_be_stops_init_in_one_line(store, refused):
    lock = store.root / "init.lock"
    lock.unlink()
    lock.mkdir()

    said = refused("init")

    assert said == f"cannot write in {store.root}: Is a directory"


@pytest.mark.skipif(os.name == "nt", reason="a folder in use cannot be deleted there")
def test_a_folder_that_was_deleted_under_the_shell_is_one_line(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    script = (
        f"import os, runpy, sys; os.rmdir({str(gone)!r}); sys.argv[1:] = ['status']; "
        "runpy.run_module('studio_gateway', run_name='__main__')"
    )
    env = environment(tmp_path)
    env.pop("STUDIO_GATEWAY_REPO")

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=gone,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )

    said = complaint(Said(done.returncode, done.stdout, done.stderr))
    assert said == "the current folder has been deleted; cd to another"
    assert files(tmp_path) == {}
