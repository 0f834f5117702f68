"""Test that archives carry a journal from SQLite to PostgreSQL and back."""

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.servers import a_database
from tests.sprints.bad_inputs.refusals import complaint
from tests.world import run_command

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def elsewhere(tmp_path):
    """``elsewhere("name")``: a repository in which nothing is set up."""

    def make(name):
        (tmp_path / name / ".git").mkdir(parents=True)
        return tmp_path / name

    return make


def done(repo, *argv, **env):
    said = run_command(repo, *argv, **env)
    assert said.code == 0, said
    return said.out


def state_of(repo):
    text = (repo / ".studio_gateway" / "state.json").read_text()
    return json.loads(text.replace(str(repo), "HERE"))


def test_a_record_crosses_to_postgresql_and_back(gateway, elsewhere, tmp_path):
    done(gateway, "sprint", "create", "wk1")
    done(gateway, "sprint", "run", "wk1")
    done(gateway, "sprint", "create", "wk2")
    done(gateway, "sprint", "cancel", "wk2")
    done(gateway, "archive", "wk2")
    done(gateway, "export", "--out", str(tmp_path / "one.tar.gz"))
    there, back = elsewhere("there"), elsewhere("back")

    with a_database() as url:
        at = {"DATABASE_URL": url}
        done(there, "init", **at)
        done(there, "import", str(tmp_path / "one.tar.gz"), **at)
        for argv in (("verify",), ("rebuild", "--check"), ("replay",)):
            done(there, *argv, **at)
        assert state_of(there) == state_of(gateway)
        done(there, "archive", "--restore", "wk2", **at)
        assert "pg_dump $DATABASE_URL" in complaint(run_command(there, "backup", "x", **at))
        assert done(there, "upgrade", **at).startswith("migrated: nothing to do")
        done(there, "export", "--out", str(tmp_path / "two.tar.gz"), **at)

    done(back, "init")
    done(back, "import", str(tmp_path / "two.tar.gz"))
    for argv in (("verify",), ("rebuild", "--check"), ("replay",)):
        done(back, *argv)
    assert state_of(back) == state_of(there)


@pytest.mark.parametrize("name", ["minimal_fields", "synthetic_all_enums"])
def test_an_old_store_is_taken_over_on_postgresql(elsewhere, tmp_path, name):
    repo = elsewhere("repo")
    shutil.copytree(GOLDEN / name, tmp_path / "old")

    with a_database() as url:
        at = {"DATABASE_URL": url}
        done(repo, "init", **at)
        done(repo, "import", str(tmp_path / "old"), **at)
        for argv in (("verify",), ("rebuild", "--check")):
            done(repo, *argv, **at)
