"""Test that an agent's work is what git shows, and that none of it is lost."""

import os
import shutil
from dataclasses import replace

import pytest

from sprints.contract.git_values import ABSENT, OBSERVED, UNKNOWN
from sprints.git import capture_work, gate_checkout, gateway_repo
from sprints.git.gateway_repo import open_site
from sprints.git.git import GitError
from tests.checkout import commit, git
from tests.sprints.git.conftest import FOUND, MARK, again, reopened, shown
from tests.world import clones_of


def names(site) -> list[str]:
    """The files at the head of the sprint's branch."""
    return sorted(site.own("ls-tree", "-r", "--name-only", site.branch).split("\n"))


def test_uncommitted_work_is_committed_with_its_trailers(site):
    (site.tree / "a").write_text("changed\n")
    (site.tree / "new").mkdir()
    (site.tree / "new" / "file").write_text("new\n")
    (site.tree / "src" / "b").unlink()
    (site.tree / "x.o").write_text("ignored")

    seen = capture_work.seen(site, MARK)

    assert (seen.seen, seen.files) == (OBSERVED, 3)
    assert seen.paths == ("a", "new/file", "src/b")
    assert names(site) == [".gitignore", "a", "new/file"]
    body = site.own("log", "-1", "--format=%an|%ae|%cn|%(trailers:only)", seen.head)
    assert body.split("\n") == [
        "agent_01 Lead|agent_01@studio-gateway.invalid|Studio Gateway|Studio-Sprint: wk1",
        "Studio-Round: R3",
        "Studio-Task: lead",
        "Studio-Agent: agent_01",
        "Studio-Attempt: 1",
    ]
    assert git(site.tree, "status", "--porcelain") == ""
    assert git(site.tree, "rev-parse", "HEAD") == seen.head
    assert (site.tree / "x.o").exists()


def test_an_agent_that_does_nothing_is_seen_to_do_nothing(site):
    seen = capture_work.seen(site, MARK)

    assert (seen.seen, seen.files, seen.baseline) == (ABSENT, 0, seen.head)
    assert site.own("rev-list", "--count", site.branch) == "2"


def test_an_agents_own_commits_stay_as_they_are_and_the_rest_follows_them(site):
    (site.tree / "a").write_text("mine\n")
    git(site.tree, "commit", "-qam", "My own words")
    mine = git(site.tree, "rev-parse", "HEAD")
    (site.tree / "b").write_text("left\n")

    seen = capture_work.seen(site, MARK)

    assert (seen.seen, seen.paths, seen.notes) == (OBSERVED, ("a", "b"), ())
    assert site.own("rev-parse", f"{seen.head}^") == mine
    assert site.own("log", "-1", "--format=%s %an", mine) == "My own words Ada"
    assert git(site.tree, "status", "--porcelain") == ""


def test_a_commit_on_another_branch_or_on_none_goes_on_from_ours(site):
    git(site.tree, "checkout", "-q", "-b", "feature")
    commit(site.tree, {"one": "1"})
    git(site.tree, "checkout", "-q", "--detach")
    commit(site.tree, {"two": "2"})

    seen = capture_work.seen(site, MARK)

    assert seen.paths == ("one", "two")
    assert site.own("rev-list", "--count", site.branch) == "4"
    assert git(site.tree, "symbolic-ref", "HEAD") == "refs/heads/sg/wk1"


def test_what_was_changed_and_changed_back_is_no_work(site):
    commit(site.tree, {"a": "two\n"})
    commit(site.tree, {"a": "one\nmore\n"})

    seen = capture_work.seen(site, MARK)

    assert (seen.seen, seen.files) == (ABSENT, 0)
    assert site.own("rev-list", "--count", site.branch) == "4"


def test_a_history_that_was_rewritten_is_kept_beside_and_its_files_are_taken(site):
    (site.tree / "a").write_text("amended\n")
    git(site.tree, "commit", "-qa", "--amend", "-m", "Another past")
    theirs = git(site.tree, "rev-parse", "HEAD")

    seen = capture_work.seen(site, MARK)

    assert (seen.seen, seen.paths) == (OBSERVED, ("a",))
    assert "does not go on from the branch; it is kept as" in seen.notes[0]
    assert site.own("rev-parse", site.ref("theirs", MARK.name, theirs)) == theirs
    assert site.own("rev-parse", f"{seen.head}^") == seen.baseline


def test_other_branches_and_a_stash_are_kept_beside(site):
    git(site.tree, "checkout", "-q", "-b", "tried")
    commit(site.tree, {"tried": "1"})
    tried = git(site.tree, "rev-parse", "HEAD")
    git(site.tree, "pack-refs", "--all")
    git(site.tree, "checkout", "-q", "sg/wk1")
    (site.tree / "a").write_text("stashed\n")
    git(site.tree, "stash")
    stash = git(site.tree, "rev-parse", "refs/stash")
    (site.tree / "b").write_text("b")

    seen = capture_work.seen(site, MARK)

    assert seen.paths == ("b",)
    for kept in (tried, stash):
        assert site.own("rev-parse", site.ref("theirs", MARK.name, kept)) == kept
    assert len(seen.notes) == 2


def kept_by(site, named) -> set[str]:
    """Which of those are reachable from a ref of the gateway's own clone."""
    reached = site.own("rev-list", "--all", "--reflog").split("\n")
    return {name for name, commit in named.items() if commit in reached}


def test_nothing_that_has_a_name_in_a_clone_is_lost(site):
    made = {}
    for name in ("first stash", "second stash"):
        (site.tree / "a").write_text(name)
        git(site.tree, "stash")
        made[name] = git(site.tree, "rev-parse", "refs/stash")
    for name, flags in (("tag", ["light"]), ("annotated tag", ["-m", "x", "heavy"])):
        made[name] = git(site.tree, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", name)
        git(site.tree, "tag", *flags, made[name])
    git(site.tree, "worktree", "add", "-q", "--detach", str(site.tree / "wt"))
    made["worktree"] = commit(site.tree / "wt", {"w": "w"})
    git(site.tree, "notes", "add", "-m", "a note")
    made["note"] = git(site.tree, "rev-parse", "refs/notes/commits")
    (site.tree / "b").write_text("done")

    seen = capture_work.seen(site, MARK)

    assert seen.paths == ("b",)
    assert kept_by(site, made) == made.keys()
    assert seen.notes[0].startswith("6 that do not go on from the branch are kept below refs/sg/")


def test_a_clone_with_very_many_branches_is_kept_aside_whole(site):
    base = git(site.tree, "rev-parse", "HEAD")
    for n in range(capture_work.MOST_KEPT + 5):
        made = git(site.tree, "commit-tree", f"{base}^{{tree}}", "-p", base, "-m", str(n))
        git(site.tree, "update-ref", f"refs/heads/b{n}", made)
    (site.tree / "a").write_text("done")

    seen = capture_work.seen(site, MARK)

    aside = site.beside("git-1")
    assert "it has more than 50 branches, tags and the like" in seen.notes[1]
    assert f"its .git is kept as {aside.name}" in seen.notes
    assert len(git(aside, "--git-dir=.", "for-each-ref").split("\n")) >= capture_work.MOST_KEPT + 5


def test_a_name_of_nothing_keeps_no_commit_from_the_branch(site):
    (site.tree / "a").write_text("mine")
    git(site.tree, "commit", "-qam", "Mine")
    mine = git(site.tree, "rev-parse", "HEAD")
    (site.tree / ".git" / "refs" / "heads" / "broken").write_text("1" * 40)

    seen = capture_work.seen(site, MARK)

    assert seen.head == mine
    assert "could not be read" in seen.notes[0]
    assert (site.tree / ".git" / "refs" / "heads" / "broken").exists()


def test_the_users_own_tags_are_no_work_of_an_agent(users):
    for n in range(60):
        git(users, "tag", "-m", "x", f"v{n}")
    site = reopened(users)
    capture_work.begin(site, MARK, FOUND)
    (site.tree / "a").write_text("done")

    assert capture_work.seen(site, MARK).notes == ()


def test_commits_that_cannot_be_read_stay_where_they_are(site):
    (site.tree / "a").write_text("mine\n")
    git(site.tree, "commit", "-qam", "Mine")
    mine = git(site.tree, "rev-parse", "HEAD")
    blob = git(site.tree, "rev-parse", "HEAD:a")
    (site.tree / ".git/objects" / blob[:2] / blob[2:]).unlink()

    seen = capture_work.seen(site, MARK)

    aside = site.beside("git-1")
    assert (seen.seen, seen.paths) == (OBSERVED, ("a",))
    assert "its commits could not be read" in seen.notes[0]
    assert seen.notes[1] == f"its .git is kept as {aside.name}"
    assert (aside / "objects" / mine[:2] / mine[2:]).exists()


def odd(tree) -> None:
    """Names and kinds of files that few expect."""
    (tree / "link").symlink_to("/etc/passwd")
    (tree / "run").write_text("#!/bin/sh\n")
    (tree / "run").chmod(0o755)
    (tree / "-dash").write_text("1")
    (tree / ":(glob)*").write_text("2")
    (tree / 'new\nline\t"quoted"').write_text("3")
    (tree / os.fsdecode(b"\xff\xfe")).write_bytes(b"\0\r\n\xff")
    shutil.rmtree(tree / "src")
    (tree / "src").write_text("a file where a folder was")
    (tree / "a").unlink()
    (tree / "a").mkdir()
    (tree / "a" / "file").write_text("and the other way round")
    os.mkfifo(tree / "pipe")


def test_odd_names_and_kinds_of_files_are_taken_as_they_are(site):
    odd(site.tree)

    seen = capture_work.seen(site, MARK)

    entries = site.own.raw("ls-tree", "-r", "-z", site.branch).split(b"\0")
    modes = {entry.partition(b"\t")[2]: entry[:6] for entry in entries if entry}
    assert modes == {
        b".gitignore": b"100644", b"link": b"120000", b"run": b"100755", b"-dash": b"100644",
        b":(glob)*": b"100644", b'new\nline\t"quoted"': b"100644", b"\xff\xfe": b"100644",
        b"src": b"100644", b"a/file": b"100644",
    }  # fmt: skip
    assert (
        site.own.raw(
            "cat-file",
            "blob",
            site.own.raw("ls-tree", "-z", site.branch, "--", os.fsdecode(b"\xff\xfe"))[
                12:52
            ].decode(),
        )
        == b"\0\r\n\xff"
    )
    assert all(path.isprintable() for path in seen.paths)


def test_a_folder_that_became_a_link_is_taken_as_one(site):
    (site.tree / "lib").mkdir()
    (site.tree / "src" / "b").rename(site.tree / "lib" / "b")
    (site.tree / "src").rmdir()
    (site.tree / "src").symlink_to("lib")

    seen = capture_work.seen(site, MARK)

    assert (seen.seen, seen.paths) == (OBSERVED, ("lib/b", "src", "src/b"))
    assert names(site) == [".gitignore", "a", "lib/b", "src"]
    assert git(site.tree, "status", "--porcelain") == ""


@pytest.mark.parametrize("gate", [False, True])
def test_a_file_that_became_a_pipe_is_no_file_any_more(site, gate):
    if gate:
        gate_checkout.enter(site, MARK, FOUND)
    (site.tree / "a").unlink()
    os.mkfifo(site.tree / "a")

    if gate:
        assert gate_checkout.leave(site, MARK) == 1
        assert (site.tree / "a").read_text() == "one\nmore\n"
    else:
        assert capture_work.seen(site, MARK).paths == ("a",)


def test_a_repository_in_a_folder_of_ours_is_looked_into(site):
    git(site.tree / "src", "init", "-q")
    (site.tree / "src" / "b").write_text("changed\n")
    (site.tree / "src" / "new").write_text("new\n")

    seen = capture_work.seen(site, MARK)

    assert seen.paths == ("src/b", "src/new")


@pytest.mark.parametrize("plant", ["index.lock", "HEAD.lock", "shallow", "MERGE_HEAD", "index"])
def test_what_stands_in_a_clones_git_folder_stops_nobody(site, plant):
    (site.tree / "a").write_text("changed\n")
    (site.tree / ".git" / plant).write_text("nonsense\n")

    assert capture_work.seen(site, MARK).paths == ("a",)
    assert capture_work.begin(site, again(2), FOUND) == site.head


def test_a_try_is_seen_the_same_however_often_we_look(site):
    (site.tree / "a").write_text("changed\n")

    first, second = capture_work.seen(site, MARK), capture_work.seen(reopened(site.repo), MARK)

    assert (second, first.seen) == (first, OBSERVED)
    assert site.own("rev-list", "--count", site.branch) == "3"


def test_a_try_that_never_began_is_unknown(site):
    seen = capture_work.seen(site, again(7))

    assert (seen.seen, seen.reason) == (UNKNOWN, "the attempt had not begun")


def test_where_git_cannot_tell_nothing_is_taken_and_nothing_lost(site):
    (site.tree / ".gitattributes").write_text("* working-tree-encoding=no-such\n")
    (site.tree / "a").write_text("work\n")

    seen = capture_work.seen(site, MARK)

    assert seen.seen == UNKNOWN
    assert "git update-index: " in seen.reason
    assert site.head == seen.baseline
    assert (site.tree / "a").read_text() == "work\n"
    with pytest.raises(GitError, match="update-index"):
        capture_work.begin(site, again(2), FOUND)


def test_what_a_person_leaves_in_the_clone_is_on_the_branch_before_anybody_is_asked(site):
    capture_work.seen(site, MARK)
    (site.tree / "a").write_text("mended by hand\n")

    baseline = capture_work.begin(site, again(2), FOUND)
    seen = capture_work.seen(site, again(2))

    assert shown(site, "a") == "mended by hand"
    assert (seen.seen, seen.baseline) == (ABSENT, baseline)
    assert site.own("log", "-1", "--format=%s", baseline) == "What lay there"


def test_a_clone_that_was_deleted_is_made_again_with_all_work(site):
    (site.tree / "a").write_text("work\n")
    capture_work.seen(site, MARK)
    shutil.rmtree(site.tree)

    capture_work.begin(reopened(site.repo), again(2), FOUND)

    assert (site.tree / "a").read_text() == "work\n"
    assert git(site.tree, "rev-parse", "HEAD") == site.head


def test_a_link_in_place_of_the_clone_is_refused(site, tmp_path):
    shutil.rmtree(site.tree)
    site.tree.symlink_to(tmp_path)

    with pytest.raises(GitError, match="is not the folder that was made there"):
        capture_work.begin(site, again(2), FOUND)


def test_the_base_may_have_left_its_branch_meanwhile_and_the_work_stays(site, users):
    git(users, "checkout", "-q", "-f", "--orphan", "other")
    commit(users, {"z": "z"})
    git(users, "branch", "-D", "main")

    found = open_site(users, users / ".studio_gateway", "wk1", site.life, site.base)

    assert found.head == site.head


def test_a_base_that_is_gone_before_it_was_taken_is_told(users):
    base = replace(reopened(users).base, commit="1" * 40)

    with pytest.raises(GitError, match="git fetch: "):
        open_site(users, users / ".studio_gateway", "wk2", "2", base)


def test_a_sprint_of_an_earlier_life_is_moved_aside(site):
    (site.tree / "a").write_text("of the first life\n")
    before = capture_work.seen(site, MARK).head

    second = reopened(site.repo, life="20270101000000")
    capture_work.begin(second, MARK, FOUND)

    assert second.head == second.base.commit
    assert (second.tree / "a").read_text() == "one\nmore\n"
    assert (second.beside("before-1") / "a").read_text() == "of the first life\n"
    assert second.own("rev-parse", f"refs/sg/wk1/before/{before}") == before


def test_work_that_is_on_record_and_not_here_is_not_begun_anew(users):
    with pytest.raises(
        GitError, match="111111111111, the work of wk1 so far, is not in this store"
    ):
        reopened(users, known="1" * 40)

    assert not (clones_of(users) / "wk1").exists()


def test_locks_of_a_git_that_was_killed_are_cleared_once_they_are_old(site):
    lock = site.own.git_dir / f"{site.branch}.lock"
    lock.touch()
    (site.tree / "a").write_text("work\n")
    young = capture_work.seen(site, MARK)
    os.utime(lock, (1, 1))

    old = capture_work.seen(reopened(site.repo), MARK)

    assert young.seen == UNKNOWN
    assert "File exists" in young.reason or "cannot lock ref" in young.reason
    assert old.seen == OBSERVED


def test_a_lock_that_is_held_is_waited_for_and_one_of_the_dead_is_not_for_long(site, monkeypatch):
    monkeypatch.setattr(gateway_repo, "STALE_S", 1.0)
    (site.own.git_dir / f"{site.branch}.lock").touch()
    (site.own.git_dir / "packed-refs.lock").touch()
    (site.tree / "a").write_text("work\n")

    assert capture_work.seen(reopened(site.repo), MARK).seen == OBSERVED


def test_the_locks_of_an_index_of_ours_that_a_kill_left_stop_nobody(site):
    for pid in (os.getpid(), 1):
        (site.own.home / f".index-wk1~{pid}.lock").touch()
    (site.tree / "a").write_text("work\n")

    assert capture_work.seen(site, MARK).seen == OBSERVED
    assert [path.name for path in site.own.home.glob("*.lock")] == []
