"""Test that a torn fetch does not break the gateway's own clone, and that it is mended."""

import shutil
import subprocess

import pytest

from sprints.git import capture_work, repair
from sprints.git.gateway_repo import own_clone
from sprints.git.git import GitError
from sprints.git.merge import scratch
from sprints.health import doctor
from tests import studio
from tests.checkout import commit, git
from tests.sprints.git.conftest import FOUND, MARK, again, reopened, shown


def loose(folder, name):
    return folder / "objects" / name[:2] / name[2:]


def torn(users, own, commit):
    """Copy the commit object alone, as a fetch that was killed does."""
    target = loose(own, commit)
    target.parent.mkdir(exist_ok=True)
    shutil.copy(loose(users / ".git", commit), target)


def lose(folder, name):
    """Take an object away, whether it lies alone or in a pack."""
    for pack in (folder / "objects" / "pack").glob("*.pack"):
        away = folder.parent / pack.name
        pack.rename(away)
        with away.open("rb") as packed:
            subprocess.run(
                ["git", "-C", str(folder), "unpack-objects", "-q"], stdin=packed, check=True
            )
    loose(folder, name).unlink()


def test_a_commit_that_a_killed_fetch_left_without_its_files_is_fetched_again(users):
    own = own_clone(users, users / ".studio_gateway")
    torn(users, own.git_dir, git(users, "rev-parse", "HEAD"))

    site = reopened(users)
    capture_work.begin(site, MARK, FOUND)

    assert (site.tree / "a").read_text() == "one\nmore\n"
    assert repair.lacking(own) == ""


def test_what_refs_name_and_is_not_there_is_fetched_when_a_clone_is_made(users):
    site = reopened(users)
    lose(site.own.git_dir, git(users, "rev-parse", "HEAD:src/b"))
    assert "git rev-list: " in repair.lacking(site.own)

    capture_work.begin(site, MARK, FOUND)
    lose(site.own.git_dir, git(users, "rev-parse", "HEAD:a"))
    scratch(site, site.head)

    assert (site.tree / "src" / "b").read_text() == "two\n"
    assert repair.lacking(site.own) == ""
    assert not (site.own.home / ".mend.git").exists()


def test_work_that_is_lost_is_named_as_a_damage_of_the_store(site):
    (site.tree / "a").write_text("by an agent\n")
    head = capture_work.seen(site, MARK).head
    lose(site.own.git_dir, site.own("rev-parse", f"{head}:a"))
    shutil.rmtree(site.tree)

    with pytest.raises(GitError, match=r"own.git is damaged \(.*\); restore a backup"):
        capture_work.begin(site, again(2), FOUND)


def test_an_agents_commit_that_a_killed_import_left_without_its_files_is_read_again(site):
    commit(site.tree, {"a": "by an agent\n"}, "Mine")
    theirs = git(site.tree, "rev-parse", "HEAD")
    torn(site.tree, site.own.git_dir, theirs)

    seen = capture_work.seen(site, MARK)

    assert seen.head == theirs
    assert shown(site, "a") == "by an agent"
    assert repair.lacking(site.own) == ""


def test_the_doctor_finds_the_damage_and_init_mends_it(store):
    repo = store.repo
    commit(repo, {"a": "one\n"})
    site = reopened(repo)
    lose(site.own.git_dir, git(repo, "rev-parse", "HEAD:a"))
    looks = {"repository": doctor.repository}

    (before,) = doctor.findings(looks)
    studio.initialise()
    (after,) = doctor.findings(looks)

    assert (before.level, before.remedy) == ("bad", "studio-gateway init")
    assert "own.git lacks objects (git rev-list: " in before.text
    assert after.level == "ok"
