"""Test merging and publishing: exactly the judged commit, once, or nothing."""

import json
from dataclasses import replace

import pytest

from sprints.git import capture_work, certificate, publish, update_checkout
from sprints.git.git import Git
from sprints.git.merge import at_scratch, merge, scratch
from sprints.state import ship_values
from tests.checkout import commit, git
from tests.sprints.git.conftest import FOUND, MARK, everything, reopened

TRAILERS = {"Sprint": "wk1"}
WORDS = certificate.text({"sprint": "wk1"})


@pytest.fixture
def users(repo):
    """A clean checkout of main."""
    commit(repo, {"a": "one\n", "b": "none\n"})
    commit(repo, {"b": "one\n"})
    (repo / ".studio_gateway").mkdir()
    (repo / ".studio_gateway" / ".gitignore").write_text("*\n")
    return repo


@pytest.fixture
def site(users):
    """A site whose sprint has changed ``a``."""
    found = reopened(users)
    capture_work.begin(found, MARK, FOUND)
    (found.tree / "a").write_text("by an agent\n")
    capture_work.seen(found, MARK)
    return found


def test_a_merge_is_one_commit_by_the_gateway_and_touches_nothing_of_the_users(site, users):
    before = everything(users)

    said = merge(site, TRAILERS)

    assert said.reason == ""
    assert site.own("show", "-s", "--format=%P|%T|%cn|%(trailers)", said.commit).strip() == (
        f"{said.base} {said.head}|{said.tree}|Studio Gateway|Studio-Sprint: wk1"
    )
    assert said.base == git(users, "rev-parse", "main")
    assert not at_scratch(site).tree.exists()
    assert everything(users) == before


def test_a_base_that_has_moved_is_merged_with(site, users):
    commit(users, {"b": "by the user\n"})

    said = merge(site, TRAILERS)

    assert said.base == git(users, "rev-parse", "main")
    scratch(site, said.commit)
    tree = at_scratch(site).tree
    assert ((tree / "a").read_text(), (tree / "b").read_text()) == (
        "by an agent\n",
        "by the user\n",
    )
    assert git(tree, "status", "--porcelain") == ""


def test_a_conflict_names_its_files_and_leaves_all_as_it_was(site, users):
    commit(users, {"a": "by the user\n"})
    before = everything(users), site.head

    said = merge(site, TRAILERS)

    assert (said.commit, said.reason) == ("", "it conflicts with main in a")
    assert (everything(users), site.head) == before


def when(monkeypatch, module, name, act):
    """Have ``act`` done just before that function of the module is."""
    real = getattr(module, name)

    def first(*args, **more):
        act()
        return real(*args, **more)

    monkeypatch.setattr(module, name, first)


def test_what_the_base_has_already_is_nothing_to_ship(site, users):
    git(users, "fetch", "-q", str(site.own.git_dir), "sg/wk1")
    git(users, "merge", "-q", "--no-ff", "-m", "By hand", "FETCH_HEAD")

    said = merge(site, TRAILERS)

    assert (said.commit, said.reason) == ("", "")


def shallow(users):
    (users / ".git" / "shallow").write_text(git(users, "rev-parse", "HEAD") + "\n")


def release(users, *_):
    facts = dict.fromkeys(certificate.TEXTS, "x") | {"gates": []}
    git(users, "tag", "-a", "shipped/wk1", "-m", f"Shipped: wk1\n\n{certificate.text(facts)}")


HINDERED = {
    "detached": (lambda users: None, "it began at a detached HEAD"),
    "gone": (lambda users: git(users, "branch", "-m", "main", "other"), "the branch main is gone"),
    "tag": (lambda users: git(users, "tag", "shipped/wk1"), "the tag shipped/wk1 is there already"),
    "release": (
        release,
        "the tag shipped/wk1 is the certificate of another release and stays; create a new sprint",
    ),
    "shallow": (shallow, "is a shallow clone; type: git -C"),
    "below": (
        lambda users: git(users, "tag", "shipped/wk1/rc1"),
        "the tag shipped/wk1/rc1 leaves no name for shipped/wk1; type: git -C",
    ),
    "shipped": (lambda users: git(users, "tag", "shipped"), "the tag shipped leaves no name for"),
}


@pytest.mark.parametrize("what", HINDERED)
def test_what_hinders_is_told_before_anything_is_merged(site, users, what):
    hinder, words = HINDERED[what]
    hinder(users)
    if what == "detached":
        site = replace(site, base=replace(site.base, branch=""))

    said = merge(site, TRAILERS)

    assert said.commit == ""
    assert words in said.reason


def test_a_submodule_that_came_into_the_base_is_told(site, users):
    git(users, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    git(users, "commit", "-qm", "With a submodule")

    assert merge(site, TRAILERS).reason == "main has submodules (sub)"


def test_a_clean_checkout_follows_by_a_fast_forward_and_a_tag(site, users):
    said = merge(site, TRAILERS)
    (users / "untracked").write_text("mine\n")

    tag = publish.publish(site, said, WORDS)

    assert git(users, "rev-parse", "HEAD", "main", f"{tag}^{{commit}}").split() == [said.commit] * 3
    assert git(users, "symbolic-ref", "HEAD") == "refs/heads/main"
    assert (users / "a").read_text() == "by an agent\n"
    assert git(users, "status", "--porcelain") == "?? untracked"
    assert git(users, "cat-file", "-t", tag) == "tag"
    assert json.loads(git(users, "tag", "-l", "--format=%(contents:body)", tag)) == json.loads(
        WORDS
    )
    assert git(users, "for-each-ref", "--format=%(refname)").split() == [
        "refs/heads/main", f"refs/tags/{tag}",
    ]  # fmt: skip
    git(users, "fsck", "--strict")


def test_a_branch_that_is_nowhere_checked_out_moves_with_its_tag_at_once(site, users):
    said = merge(site, TRAILERS)
    git(users, "checkout", "-q", "-b", "elsewhere")
    (users / "a").write_text("not committed\n")
    index = (users / ".git" / "index").read_bytes()

    publish.publish(site, said, WORDS)

    assert git(users, "rev-parse", "main") == said.commit
    assert git(users, "symbolic-ref", "HEAD") == "refs/heads/elsewhere"
    assert (users / "a").read_text() == "not committed\n"
    assert (users / ".git" / "index").read_bytes() == index


def test_whatever_is_repeated_there_is_one_merge_and_one_tag(site, users):
    said = merge(site, TRAILERS)
    publish.publish(site, said, WORDS)
    before = git(users, "for-each-ref")

    publish.publish(site, said, certificate.text({"sprint": "wk1", "again": True}))
    git(users, "tag", "-d", "shipped/wk1")
    commit(users, {"b": "later\n"})
    publish.publish(site, said, WORDS)

    assert git(users, "rev-parse", "shipped/wk1^{commit}") == said.commit
    assert len(git(users, "for-each-ref").split("\n")) == len(before.split("\n"))
    assert git(users, "log", "--format=%s", "main").count("Merge the work of wk1") == 1


def stage(users, tmp_path):
    (users / "b").write_text("staged\n")
    git(users, "add", "b")


def change(users, tmp_path):
    (users / "b").write_text("changed\n")


def untracked(users, tmp_path):
    (users / "new").write_text("in the way\n")


def other_checkout(users, tmp_path):
    git(users, "checkout", "-q", "--detach")
    git(users, "worktree", "add", "-q", str(tmp_path / "other"), "main")


def rebasing(users, tmp_path):
    """A rebase of main, which git has stopped for an edit."""
    git(users, "-c", "sequence.editor=sed -i 1s/pick/edit/", "rebase", "-i", "HEAD~1")


def rebasing_elsewhere(users, tmp_path):
    """The same, in another checkout than the served one."""
    other_checkout(users, tmp_path)
    rebasing(tmp_path / "other", tmp_path)


def tagged(users, tmp_path):
    git(users, "tag", "shipped/wk1")


REFUSED = {
    "staged": (stage, "has changes that are not committed (b); commit or stash them"),
    "changed": (change, "has changes that are not committed (b); commit or stash them"),
    "in the way": (untracked, "the checkout cannot follow: new is in the way; move it away"),
    "elsewhere": (other_checkout, "main is checked out in "),
    "rebasing": (rebasing, "a rebase of main is under way "),
    "rebasing elsewhere": (rebasing_elsewhere, "a rebase of main is under way "),
    "shipped": (lambda users, _: git(users, "tag", "shipped"), "refs/tags/shipped"),
    "tag": (tagged, "the tag shipped/wk1 is there already"),
    "release": (release, "the tag shipped/wk1 is the certificate of another release and stays"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_published_is_refused_with_nothing_half_done(site, users, tmp_path, what):
    (site.tree / "new").write_text("by an agent\n")
    capture_work.keep(site, FOUND)
    said = merge(site, TRAILERS)
    hinder, words = REFUSED[what]
    hinder(users, tmp_path)
    refs = git(users, "for-each-ref")
    files = {name: (users / name).read_text() for name in ("a", "b")}

    with pytest.raises(ship_values.Refused, match=words.replace("(", r"\(").replace(")", r"\)")):
        publish.publish(site, said, WORDS)

    assert git(users, "for-each-ref") == refs
    assert {name: (users / name).read_text() for name in ("a", "b")} == files


@pytest.mark.parametrize("where", ["checked out", "nowhere"])
def test_a_base_that_moved_after_the_gates_is_not_published_over(site, users, where):
    said = merge(site, TRAILERS)
    late = commit(users, {"b": "too late for the gates\n"})
    if where == "nowhere":
        git(users, "checkout", "-q", "--detach")

    with pytest.raises(ship_values.Moved):
        publish.publish(site, said, WORDS)

    assert git(users, "rev-parse", "main") == late
    assert git(users, "tag") == ""


@pytest.mark.parametrize("where", ["checked out", "nowhere"])
def test_a_base_that_moves_at_the_last_moment_is_not_published_over(
    site, users, monkeypatch, where
):
    said = merge(site, TRAILERS)
    late = git(users, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "just now")
    if where == "nowhere":
        git(users, "switch", "-qc", "elsewhere")
    when(monkeypatch, publish, "_update", lambda: git(users, "update-ref", "refs/heads/main", late))

    with pytest.raises(ship_values.Moved):
        publish.publish(site, said, WORDS)

    assert git(users, "rev-parse", "main") == late
    assert git(users, "tag") == ""
    assert (users / "a").read_text() == "one\n"
    assert git(users, "status", "--porcelain") == ""
    assert not [*(users / ".git").glob("index.lock"), *(users / ".git").glob("studio_*")]


def test_a_user_without_a_name_is_no_hindrance_and_no_hook_of_theirs_runs(site, users, tmp_path):
    hooks = users / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-merge", "reference-transaction", "post-checkout", "pre-merge-commit"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch '{tmp_path}/fired'\nexit 1\n")
        (hooks / name).chmod(0o755)
    git(users, "config", "user.useConfigOnly", "true")

    publish.publish(site, merge(site, TRAILERS), WORDS)

    assert not (tmp_path / "fired").exists()
    assert git(users, "show", "-s", "--format=%cn", "main") == "Studio Gateway"


FACTS = {
    "sprint": "wk1", "branch": "main", "contract": "c" * 64, "chain": "e" * 64,
    "published_ts": "2026-11-24T12:00:00Z",
}  # fmt: skip


def certified(site, said, **changes):
    """Publish the merge under a certificate; returns git on the user's repository."""
    gate = {
        "gate_id": "g", "run": 3, "digest": "d" * 64, "tree": said.tree, "exit_code": 0,
        "stdout_sha256": "0" * 64, "stderr_sha256": "0" * 64,
    }  # fmt: skip
    facts = FACTS | {key: getattr(said, key) for key in ("base", "head", "commit", "tree")}
    words = certificate.text(facts | {"gates": [gate]} | changes)
    publish.publish(site, said, words)
    return Git(site.own.home, site.repo / ".git")


def test_a_true_certificate_is_found_true(site):
    git_of_users = certified(site, merge(site, TRAILERS))

    at, facts = certificate.read(git_of_users, "shipped/wk1")

    assert [*certificate.untrue(git_of_users, at, facts)] == []


UNTRUE = {
    "tree": ({"tree": "1" * 40}, "it is of the tree 111111111111, and the commit has"),
    "commit": ({"commit": "1" * 40}, "it is of the commit 111111111111, and its tag points at"),
    "base": ({"base": "1" * 40}, "it is of a merge of 111111111111 and"),
    "no gates": ({"gates": []}, "no gate has passed"),
}


@pytest.mark.parametrize("what", UNTRUE)
def test_an_untrue_certificate_is_found_out(site, what):
    changes, words = UNTRUE[what]
    git_of_users = certified(site, merge(site, TRAILERS), **changes)

    at, facts = certificate.read(git_of_users, "shipped/wk1")

    assert any(words in line for line in certificate.untrue(git_of_users, at, facts))


def test_a_certificate_over_a_red_gate_or_of_another_tree_is_found_out(site):
    said = merge(site, TRAILERS)
    red = {
        "gate_id": "g", "run": 1, "digest": "", "tree": "2" * 40, "exit_code": 1,
        "stdout_sha256": "", "stderr_sha256": "",
    }  # fmt: skip
    git_of_users = certified(site, said, gates=[red])

    at, facts = certificate.read(git_of_users, "shipped/wk1")

    assert [*certificate.untrue(git_of_users, at, facts)] == [
        "gate g ended with 1",
        f"gate g judged the tree 222222222222, not {said.tree[:12]}",
    ]


@pytest.mark.parametrize("tag", ["shipped", "shipped/wk1"])
def test_what_is_published_is_never_refused_for_its_tag(site, users, tag):
    said = merge(site, TRAILERS)
    publish.publish(site, said, WORDS)
    git(users, "tag", "-d", "shipped/wk1")
    git(users, "tag", tag, said.base)

    with pytest.raises(ship_values.Unfinished, match="shipped/wk1"):
        publish.publish(site, said, WORDS)

    assert git(users, "rev-parse", "main") == said.commit


def test_what_fails_once_the_branch_has_moved_is_no_refusal(site, users, monkeypatch):
    said = merge(site, TRAILERS)

    def full(*args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(update_checkout, "_end", full)
        with pytest.raises(ship_values.Unfinished, match="No space left"):
            publish.publish(site, said, WORDS)
    publish.publish(site, said, WORDS)

    assert git(users, "rev-parse", "main", "shipped/wk1^{commit}").split() == [said.commit] * 2
    assert git(users, "status", "--porcelain") == ""
