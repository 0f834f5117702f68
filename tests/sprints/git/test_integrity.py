"""Test that damage of the gateway's own clone is found, named and mended."""

import pytest

from sprints.git import capture_work, integrity, repair
from tests import studio
from tests.checkout import commit, git
from tests.sprints.git.conftest import MARK, reopened
from tests.sprints.git.test_repair import loose


def flip(path, at=-1):
    """Change one bit of a file that git has made read-only."""
    path.chmod(0o600)
    whole = bytearray(path.read_bytes())
    whole[at] ^= 1
    path.write_bytes(whole)


def test_a_damaged_file_of_the_users_is_named_and_fetched_again(store):
    repo = store.repo
    studio.create("wk1")
    studio.settle_files()
    commit(repo, {"a": "one\n" * 50})
    own = reopened(repo).own
    blob = git(repo, "rev-parse", "HEAD:a")
    assert repair.damaged(own) == ""
    flip(loose(own.git_dir, blob))
    assert repair.lacking(own) == ""  # git does not look at what files hold

    where = f"git/own.git/objects/{blob[:2]}/{blob[2:]}"
    assert repair.damaged(own) == f"{where} is not the object of its name"
    assert studio.verify().difference.text == f"{where} is not the object of its name"
    assert studio.verify(outputs=False).difference is None

    studio.initialise()
    assert repair.damaged(own) == ""
    assert studio.verify().difference is None


@pytest.mark.parametrize("suffix", ["pack", "idx"])
def test_a_damaged_pack_is_named(site, suffix):
    site.own("repack", "-a", "-d", "-q")
    assert integrity.damage(site.own) == ""
    (pack,) = site.own.git_dir.rglob(f"*.{suffix}")

    flip(pack, 12)

    name = pack.relative_to(site.own.home.parent)
    assert integrity.damage(site.own) == f"{name} does not have its checksum"


@pytest.mark.parametrize("at", [0, 20, 40])
def test_a_damaged_ref_is_named(site, at):
    (site.tree / "a").write_text("by an agent\n")
    capture_work.seen(site, MARK)
    path = site.own.git_dir / site.branch

    flip(path, at)

    assert site.branch in repair.damaged(site.own)


@pytest.mark.parametrize("name", ["HEAD", "config"])
def test_a_setting_of_the_own_clone_that_the_gateway_has_not_written_is_named(site, name):
    path = site.own.git_dir / name
    path.write_text(path.read_text() + "[core]\n\tpager = less\n")

    words = f"git/own.git/{name} is not what the gateway has written"
    assert integrity.damage(site.own) == words


def test_work_that_is_on_its_branch_or_kept_from_an_earlier_start_is_not_lost(site):
    (site.tree / "a").write_text("by an agent\n")
    head = capture_work.seen(site, MARK).head
    heads = {"wk1": head}
    assert integrity.lost_work(site.own, heads) == ""

    later = site.own("commit-tree", f"{head}^{{tree}}", "-p", head, "-m", "later")
    site.own("update-ref", site.branch, later)
    assert integrity.lost_work(site.own, heads) == ""

    site.own("update-ref", site.branch, f"{head}^")
    lost = f"git/own.git lacks the work of wk1, commit {head}"
    assert integrity.lost_work(site.own, heads) == lost

    site.own("update-ref", f"refs/sg/wk1/before/{head}", head)
    assert integrity.lost_work(site.own, heads) == ""


def test_a_ref_that_git_is_about_to_write_is_no_damage(site):
    lock = site.own.git_dir / f"{site.branch}.lock"
    lock.touch()

    assert integrity.damage(site.own) == ""
