"""Test updating a checkout in which the user works, with git interrupted on the way."""

import pickle
import subprocess
import sys

import pytest

from sprints.git import capture_work, index_lock, publish, update_checkout
from sprints.git.git import GitError
from sprints.git.merge import merge
from sprints.state.ship_values import Refused
from tests.checkout import commit, git
from tests.e2e.conftest import wait_for
from tests.sprints.git.conftest import FOUND
from tests.sprints.git.test_publish import TRAILERS, WORDS, site, users, when
from tests.world import ROOT

__all__ = ["site", "users"]


def remains(users):
    """What is ours in the git folder of the checkout."""
    folder = users / ".git"
    return sorted(p.name for p in folder.iterdir() if p.name.startswith(("index.lock", "studio_")))


def published(users, said):
    """The branch, the tag and a clean checkout are at the merge, and nothing of ours is left."""
    assert git(users, "rev-parse", "main", "shipped/wk1^{commit}").split() == [said.commit] * 2
    assert git(users, "status", "--porcelain") == ""
    assert remains(users) == []


def test_who_leaves_the_branch_during_the_fetch_keeps_their_branch_as_it_is(
    site, users, monkeypatch
):
    said = merge(site, TRAILERS)
    when(monkeypatch, publish, "fetch", lambda: git(users, "switch", "-qc", "feature"))

    publish.publish(site, said, WORDS)

    assert git(users, "rev-parse", "feature") == said.base
    assert git(users, "symbolic-ref", "HEAD") == "refs/heads/feature"
    published(users, said)


def test_who_leaves_the_branch_at_the_last_moment_keeps_their_branch_as_it_is(
    site, users, monkeypatch
):
    said = merge(site, TRAILERS)
    when(monkeypatch, publish, "follow", lambda: git(users, "switch", "-qc", "feature"))

    publish.publish(site, said, WORDS)

    assert git(users, "rev-parse", "feature") == said.base
    published(users, said)


def test_who_comes_to_the_branch_during_the_fetch_has_a_checkout_that_follows(
    site, users, monkeypatch
):
    said = merge(site, TRAILERS)
    git(users, "switch", "-qc", "feature")
    when(monkeypatch, publish, "fetch", lambda: git(users, "switch", "-q", "main"))

    publish.publish(site, said, WORDS)

    assert (users / "a").read_text() == "by an agent\n"
    published(users, said)


def test_no_git_of_the_users_works_in_a_checkout_while_it_follows(site, users, monkeypatch):
    said, tried = merge(site, TRAILERS), []

    def switch():
        tried.append(git(users, "switch", "-q", "other", check=False))
        tried.append(git(users, "symbolic-ref", "HEAD"))

    git(users, "branch", "other", "HEAD~1")
    when(monkeypatch, publish, "_update", switch)

    publish.publish(site, said, WORDS)

    assert tried == ["", "refs/heads/main"]
    published(users, said)


@pytest.mark.parametrize("options", ["--squash", "--no-commit", "--autostash", "--no-ff"])
def test_how_the_user_likes_to_merge_changes_nothing(site, users, options):
    git(users, "config", "branch.main.mergeOptions", options)
    said = merge(site, TRAILERS)

    publish.publish(site, said, WORDS)

    published(users, said)


IGNORED = {
    "file": ("secret.log", "secret.log"),
    "folder": ("build/hours/work", "build"),
    "above": ("build", "build/new"),
}


@pytest.mark.parametrize("what", IGNORED)
def test_a_file_that_git_ignores_is_never_written_over(site, users, what):
    theirs, of_the_agent = IGNORED[what]
    commit(users, {".gitignore": "secret.log\nbuild\n"})
    path = site.tree / of_the_agent
    path.parent.mkdir(exist_ok=True)
    path.write_text("by an agent\n")
    capture_work.keep(site, FOUND)
    (users / theirs).parent.mkdir(parents=True, exist_ok=True)
    (users / theirs).write_text("of hours\n")
    said = merge(site, TRAILERS)

    with pytest.raises(Refused, match="is in the way; move it away"):
        publish.publish(site, said, WORDS)

    assert (users / theirs).read_text() == "of hours\n"
    assert (git(users, "rev-parse", "main"), git(users, "tag")) == (said.base, "")
    assert remains(users) == []


def test_a_lock_of_the_users_is_waited_for_and_then_told(site, users, monkeypatch):
    said, lock = merge(site, TRAILERS), users / ".git" / "index.lock"
    lock.write_text("")
    monkeypatch.setattr(index_lock, "WAIT_S", 0.3)

    with pytest.raises(Refused, match="another git is at work; if none is, type: rm "):
        publish.publish(site, said, WORDS)

    assert lock.exists()
    lock.unlink()
    publish.publish(site, said, WORDS)
    published(users, said)


def shapes(site, users):
    """A sprint that changes, makes, takes away and replaces files; the merge of it."""
    commit(users, {"kept": "k\n", "gone": "g\n", "src/b": "b\n", "flat": "f\n", "lib/b": "other\n"})
    git(site.tree, "pull", "-q", "--no-rebase", str(users), "main")
    (site.tree / "kept").write_text("changed\n" * 100)
    (site.tree / "gone").unlink()
    (site.tree / "flat").unlink()
    (site.tree / "flat").mkdir()
    (site.tree / "flat" / "one").write_text("1\n")
    (site.tree / "new" / "deep").mkdir(parents=True)
    (site.tree / "new" / "deep" / "file").write_text("new\n")
    (site.tree / "src" / "b").unlink()
    (site.tree / "src").rmdir()
    git(site.tree, "add", "-A")
    (site.tree / "src").symlink_to("lib")
    git(site.tree, "add", "src")
    git(site.tree, "commit", "-qm", "Shapes")
    capture_work.keep(site, FOUND)
    said = merge(site, TRAILERS)
    assert said.commit, said
    return said


class Killed(BaseException):
    """The end of a process, as its rows and files see it."""


def killed(monkeypatch, module, name):
    def die(*args, **more):
        raise Killed

    monkeypatch.setattr(module, name, die)


def half(users, said, what):
    """Leave the checkout as a git that was killed there may."""
    changed = git(users, "diff", "--name-only", "--no-renames", said.base, said.commit).split("\n")
    gone = {"all are done": [], "none of them is done": changed}.get(what, changed[::2])
    for name in gone:
        path = users / name
        if path.is_symlink() or path.is_file():
            path.unlink()
    if what == "one is begun":
        (users / "kept").write_text("changed\n" * 50 + "chan")


@pytest.mark.parametrize("what", ["all are done", "none of them is done", "one is begun", "half"])
@pytest.mark.parametrize("lock", ["held", "taken away"])
def test_what_a_kill_left_half_done_is_taken_back_and_done_again(
    site, users, monkeypatch, what, lock
):
    said = shapes(site, users)
    with monkeypatch.context() as patched:
        killed(patched, publish, "_update")
        killed(patched, update_checkout, "_end")
        with pytest.raises(Killed):
            publish.publish(site, said, WORDS)
    copy = f"studio_gateway.wk1.{said.base}.{said.commit}"
    (users / ".git" / "index.lock").write_text("studio-gateway wk1/20261124120000 of the dead\n")
    half(users, said, what)
    assert remains(users) == ["index.lock", copy]
    if lock == "taken away":
        (users / ".git" / "index.lock").unlink()

    publish.publish(site, said, WORDS)

    published(users, said)
    assert (users / "src").readlink().name == "lib"
    assert (users / "lib" / "b").read_text() == "other\n"


def test_what_somebody_wrote_after_the_kill_is_left_alone_and_told(site, users, monkeypatch):
    said = shapes(site, users)
    with monkeypatch.context() as patched:
        killed(patched, publish, "_update")
        killed(patched, update_checkout, "_end")
        with pytest.raises(Killed):
            publish.publish(site, said, WORDS)
    (users / "kept").write_text("mine\n")

    with pytest.raises(Refused, match=r"not committed \(kept\)"):
        publish.publish(site, said, WORDS)

    assert (users / "kept").read_text() == "mine\n"
    assert git(users, "status", "--porcelain") == "M kept"
    assert git(users, "rev-parse", "main") == said.base
    assert remains(users) == []


def test_a_kill_after_the_branch_has_moved_leaves_only_the_index_to_be_put_in_place(
    site, users, monkeypatch
):
    said = shapes(site, users)
    with monkeypatch.context() as patched:
        killed(patched, update_checkout, "_end")
        with pytest.raises(Killed):
            publish.publish(site, said, WORDS)
    assert git(users, "rev-parse", "main") == said.commit
    assert git(users, "status", "--porcelain") != ""

    publish.publish(site, said, WORDS)

    published(users, said)


@pytest.fixture
def slow(site, users, tmp_path):
    """A merge with a file that the user's own filter takes seconds to write."""
    started = tmp_path / "started"
    git(users, "config", "filter.slow.smudge", f"sh -c 'touch {started}; sleep 3; cat'")
    git(users, "config", "filter.slow.clean", "cat")
    (site.tree / "z").write_text("by an agent\n")
    capture_work.keep(site, FOUND)
    (users / ".git" / "info").mkdir(exist_ok=True)
    (users / ".git" / "info" / "attributes").write_text("z filter=slow\n")
    return merge(site, TRAILERS)


PUBLISH = """
import pickle, sys
from pathlib import Path
from sprints.git import publish
publish.publish(*pickle.loads(Path(sys.argv[1]).read_bytes()))
"""


def test_a_gateway_that_is_killed_while_git_writes_files_publishes_once(
    site, users, slow, tmp_path
):
    words = tmp_path / "words"
    words.write_bytes(pickle.dumps((site, slow, WORDS)))
    gateway = subprocess.Popen([sys.executable, "-c", PUBLISH, words], cwd=ROOT)
    assert wait_for((tmp_path / "started").exists)

    gateway.kill()
    gateway.wait()
    assert wait_for(lambda: not [*(users / ".git").glob("studio_*.lock")])
    assert git(users, "rev-parse", "main") == slow.base
    publish.publish(site, slow, WORDS)

    published(users, slow)
    assert (users / "z").read_text() == "by an agent\n"


def test_a_git_that_is_over_its_time_leaves_nothing_half_done(site, users, slow, monkeypatch):
    monkeypatch.setattr(update_checkout, "LONG_S", 1.0)

    with pytest.raises(GitError, match="killed after 1 s"):
        publish.publish(site, slow, WORDS)

    assert git(users, "status", "--porcelain") == ""
    assert (git(users, "rev-parse", "main"), git(users, "tag")) == (slow.base, "")
    assert (users / "a").read_text() == "one\n"
    assert remains(users) == []
