"""Test that the user's checkout stays unchanged, and that nothing planted in a clone is run."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from sprints.contract.git_values import FILTERED, OBSERVED
from sprints.git import capture_work, gate_checkout
from sprints.git.gateway_repo import home_of
from sprints.git.git import GitError
from sprints.git.user_repo import look
from tests.checkout import commit, git
from tests.sprints.git.conftest import FOUND, MARK, again, everything, reopened, shown


def whole_life(site) -> None:
    """Everything that the gateway does with a clone, an agent and a gate having been there."""
    capture_work.seen(site, MARK)
    capture_work.begin(site, again(2), FOUND)
    (site.tree / "by_an_agent").write_text("work\n")
    capture_work.seen(site, again(2))
    gate_checkout.enter(site, MARK, FOUND)
    (site.tree / "by_a_gate").write_text("junk\n")
    gate_checkout.leave(site, MARK)


def test_the_users_checkout_is_the_same_to_the_last_byte(users):
    before = everything(users)

    site = reopened(users)
    capture_work.begin(site, MARK, FOUND)
    (site.tree / "a").write_text("by an agent\n")
    whole_life(site)

    assert shown(site, "a") == "by an agent"
    assert everything(users) == before
    assert git(users, "status", "--porcelain") == "MM a\n?? new"


def test_a_clone_is_on_the_sprints_branch_at_the_base_with_its_history(site, users):
    assert git(site.tree, "symbolic-ref", "HEAD") == "refs/heads/sg/wk1"
    assert git(site.tree, "rev-parse", "HEAD") == git(users, "rev-parse", "HEAD")
    assert git(site.tree, "rev-list", "--count", "HEAD") == "2"
    assert git(site.tree, "status", "--porcelain") == ""
    assert (site.tree / "a").read_text() == "one\nmore\n"
    assert not (site.tree / "new").exists()
    assert git(site.tree, "remote") == ""


def test_a_clone_shares_no_file_with_us_or_with_the_user(site, users):
    theirs = {p.stat().st_ino for p in site.tree.rglob("*") if p.is_file()}
    ours = {p.stat().st_ino for p in site.own.git_dir.rglob("*") if p.is_file()}
    the_users = {p.stat().st_ino for p in (users / ".git").rglob("*") if p.is_file()}

    assert not theirs & (ours | the_users)
    assert not (site.tree / ".git/objects/info/alternates").exists()


def plant(tree: Path, fired: Path) -> None:
    """All that can be planted in a repository so that some call of git runs it."""
    program = tree / ".git" / "fire"
    program.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{fired}'\nexit 0\n")
    program.chmod(0o755)
    hooks = tree / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "pre-commit", "post-commit", "post-checkout", "post-index-change", "reference-transaction",
        "pre-receive", "update", "post-receive", "post-update", "post-merge", "pre-push",
        "fsmonitor-watchman", "prepare-commit-msg", "commit-msg", "post-rewrite", "proc-receive",
    ):  # fmt: skip
        shutil.copy(program, hooks / name)
    for key in (
        "core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass",
        "core.gitProxy", "core.alternateRefsCommand", "gpg.program", "gpg.ssh.program",
        "diff.external", "diff.x.command", "diff.x.textconv", "filter.x.clean", "filter.x.smudge",
        "filter.x.process", "merge.x.driver", "credential.helper", "uploadpack.packObjectsHook",
        "remote.origin.uploadpack", "remote.origin.receivepack", "alias.update-index", "alias.add",
        "sequence.editor", "interactive.diffFilter", "receive.procReceiveRefs",
        "trailer.studio-sprint.command", "submodule.sub.update",
    ):  # fmt: skip
        git(tree, "config", key, str(program))
    for key, value in {
        "core.hooksPath": str(hooks),
        "commit.gpgSign": "true",
        "filter.x.required": "true",
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": f"ext::{program}",
        "remote.origin.promisor": "true",
        "protocol.ext.allow": "always",
        "protocol.allow": "always",
    }.items():
        git(tree, "config", key, value)
    (tree / ".git" / "info").mkdir(exist_ok=True)
    (tree / ".git" / "info" / "attributes").write_text("* filter=x diff=x merge=x\n")
    (tree / ".gitattributes").write_text("* filter=x diff=x merge=x\n")
    (tree / ".gitmodules").write_text('[submodule "sub"]\n\tpath = sub\n\turl = ./sub\n')


def test_nothing_that_is_planted_in_a_clone_runs_in_our_calls(site, tmp_path):
    fired = tmp_path / "fired"
    plant(site.tree, fired)
    (site.tree / "src" / "b").write_text("changed\n")
    git(site.tree, "status", check=False)
    control = fired.exists()
    git(site.tree, "add", "-A", check=False)
    git(site.tree, "-c", "commit.gpgSign=false", "commit", "-qm", "Mine", check=False)
    seen_by_git = fired.read_text()
    fired.unlink()

    assert capture_work.seen(site, MARK).cause == FILTERED
    (site.tree / ".gitattributes").unlink()
    whole_life(site)

    assert control, "the plants do fire in plain git"
    assert "/fire" in seen_by_git
    assert not fired.exists(), fired.read_text()
    assert shown(site, "src/b") == "changed"


def test_what_is_planted_does_not_outlive_the_taking_over_of_work(site, tmp_path):
    plant(site.tree, tmp_path / "fired")
    (site.tree / ".gitattributes").unlink()

    capture_work.seen(site, MARK)

    assert not (site.tree / ".git" / "hooks").exists()
    assert "fire" not in (site.tree / ".git" / "config").read_text()


def test_a_nested_repository_is_looked_at_by_nobody_and_named(site, tmp_path):
    fired = tmp_path / "fired"
    nested = site.tree / "sub"
    nested.mkdir()
    commit(nested, {"x": "x"})
    plant(nested, fired)
    (nested / "x").write_text("y")
    git(site.tree, "add", "sub")
    git(site.tree, "commit", "-qm", "With a gitlink")
    git(site.tree, "status", check=False)
    control = fired.exists()
    fired.unlink(missing_ok=True)

    seen = capture_work.seen(site, MARK)

    assert control, "plain git looks into it"
    assert not fired.exists()
    assert any("sub/ is a repository of its own" in note for note in seen.notes)
    assert any("submodule sub" in note for note in seen.notes)
    assert "160000" not in site.own("ls-tree", "-r", site.branch)


@pytest.mark.parametrize("kind", ["file", "link", "nothing"])
def test_a_git_folder_that_is_another_leads_us_nowhere(site, users, tmp_path, kind):
    fired, evil = tmp_path / "fired", tmp_path / "evil"
    commit(evil := _made(evil), {"z": "z"})
    plant(evil, fired)
    before = everything(users)
    shutil.rmtree(site.tree / ".git")
    if kind == "file":
        (site.tree / ".git").write_text(f"gitdir: {evil}/.git\n")
    elif kind == "link":
        (site.tree / ".git").symlink_to(users / ".git")
    (site.tree / "a").write_text("kept\n")

    seen = capture_work.seen(site, MARK)

    assert (seen.seen, seen.paths) == (OBSERVED, ("a",))
    assert not fired.exists()
    assert everything(users) == before
    assert git(site.tree, "rev-parse", "HEAD") == seen.head
    assert (evil / "z").exists()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_an_object_of_ours_cannot_be_replaced_by_one_of_an_agents(site):
    blob = git(site.tree, "rev-parse", "HEAD:src/b")
    (site.tree / "evil").write_text("not two\n")
    other = git(site.tree, "hash-object", "-w", "evil")
    objects = site.tree / ".git" / "objects"
    for pack in objects.glob("pack/*"):
        pack.chmod(0o600)
        pack.unlink()
    target = objects / blob[:2] / blob[2:]
    target.parent.mkdir(exist_ok=True)
    shutil.copy(objects / other[:2] / other[2:], target)

    capture_work.seen(site, MARK)

    assert shown(site, "src/b") == "two"


def test_the_environment_of_the_gateway_leads_git_nowhere(users, tmp_path, monkeypatch):
    fired = tmp_path / "fired"
    program = tmp_path / "fire"
    program.write_text(f"#!/bin/sh\ntouch '{fired}'\n")
    program.chmod(0o755)
    (tmp_path / "global").write_text(
        f"[core]\n\tfsmonitor = {program}\n\thooksPath = {tmp_path}\n"
        f'[filter "x"]\n\tclean = {program}\n\tsmudge = {program}\n'
    )
    shutil.copy(program, tmp_path / "post-index-change")
    for name, value in {
        "GIT_DIR": str(tmp_path / "nowhere"),
        "GIT_INDEX_FILE": str(users / ".git" / "index"),
        "GIT_WORK_TREE": str(users),
        "GIT_CONFIG_GLOBAL": str(tmp_path / "global"),
        "GIT_EXTERNAL_DIFF": str(program),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": str(program),
    }.items():
        monkeypatch.setenv(name, value)
    before = everything(users)

    site = reopened(users)
    capture_work.begin(site, MARK, FOUND)
    (site.tree / ".gitattributes").write_text("* filter=x\n")
    assert capture_work.seen(site, MARK).cause == FILTERED
    (site.tree / ".gitattributes").unlink()
    whole_life(site)

    assert not fired.exists()
    assert everything(users) == before


def test_git_above_a_clone_is_not_found_by_what_works_in_it(site):
    from gates.kinds.command import environment as given

    shutil.rmtree(site.tree / ".git")
    env = given({**os.environ, "GIT_DIR": "/elsewhere"}, {}, site.tree)

    said = subprocess.run(
        ["git", "rev-parse", "--show-toplevel"],
        cwd=site.tree, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert said.returncode == 128, said


def test_only_the_owner_reads_what_lies_in_the_store(site):
    for folder in (site.own.home, site.tree.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


REFUSED = {
    "no repository": "is no git repository; type: git init",
    "no commit": "has no commit yet; type: git -C",
    "shallow": "is a shallow clone; type: git -C",
    "submodule": "has submodules (sub), in which agents cannot work",
    "sha256": "are sha256; only sha1",
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_agents_cannot_work_from_is_refused_and_nothing_is_made(repo, tmp_path, what):
    where = tmp_path / "other"
    where.mkdir()
    if what == "no commit":
        git(where, "init", "-q")
    elif what == "sha256":
        git(where, "init", "-q", "--object-format=sha256")
    elif what == "shallow":
        commit(repo, {"a": "1"})
        commit(repo, {"a": "2"})
        git(tmp_path, "clone", "-q", "--depth=1", f"file://{repo}", "other")
    elif what == "submodule":
        commit(where, {"a": "1"})
        commit(repo, {"b": "1"})
        git(where, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repo), "sub")
        git(where, "commit", "-qm", "With a submodule")
    before = everything(where)

    with pytest.raises(GitError) as refusal:
        look(where, home_of(where / ".studio_gateway"))

    assert REFUSED[what] in str(refusal.value)
    assert everything(where) == before


def test_a_detached_head_is_a_base_without_a_branch(users):
    head = git(users, "rev-parse", "HEAD")
    git(users, "stash", "-q")
    git(users, "checkout", "-q", "--detach", head)

    site = reopened(users)
    capture_work.begin(site, MARK, FOUND)

    assert (site.base.branch, site.base.commit) == ("", head)
    assert git(site.tree, "branch", "--list") == "* sg/wk1"


@pytest.mark.parametrize(
    "name", ["with space", "com,ma", "b|ar", "ümlaut", "quo\"te's", "back\\slash", "new\nline"]
)
def test_a_repository_may_be_called_as_its_owner_likes(tmp_path, name):
    folder = _made(tmp_path / name)
    commit(folder, {"a": "1"})
    (folder / ".studio_gateway").mkdir()

    site = reopened(folder)
    capture_work.begin(site, MARK, FOUND)
    (site.tree / "a").write_text("2")
    git(site.tree, "commit", "-qam", "Mine")
    seen = capture_work.seen(site, MARK)

    assert (seen.seen, seen.paths, seen.notes) == (OBSERVED, ("a",), ())
