"""Test unusual repositories: a sprint ships in them, or an error says why it cannot."""

import shutil

from tests.checkout import git
from tests.e2e.test_crashes import check_store
from tests.e2e.test_ships import gateway, run
from tests.world import FOLDER, clones_of, run_command

__all__ = ["gateway"]


def test_a_linked_worktree_is_served_and_shipped_to(gateway, tmp_path):
    linked = tmp_path / "linked"
    git(gateway, "worktree", "add", "-q", "-b", "feature", str(linked))
    shutil.copytree(gateway / FOLDER, linked / FOLDER)
    main = git(gateway, "rev-parse", "main")

    said = run(linked)

    assert said.code == 0, said
    head = git(linked, "rev-parse", "HEAD")
    assert git(linked, "rev-parse", "feature", "shipped/wk1^{commit}").split() == [head, head]
    assert (linked / "work").read_text() == "x" * 6
    assert git(linked, "status", "--porcelain") == ""
    assert git(gateway, "rev-parse", "main") == main
    assert not (gateway / "work").exists()
    assert run_command(linked, "verify", "--tag", "shipped/wk1").code == 0
    check_store(linked)


def test_a_detached_head_has_no_branch_to_ship_to_and_the_work_stays(gateway):
    git(gateway, "switch", "-q", "--detach")
    before = git(gateway, "for-each-ref")

    said = run(gateway)

    assert said.code == 3, said
    assert "ship_refused:it began at a detached HEAD" in said.out
    assert git(gateway, "for-each-ref") == before
    assert git(gateway / FOLDER / "git" / "own.git", "show", "sg/wk1:work") == "x" * 6


def test_the_clone_of_a_sprint_goes_when_it_is_archived_and_its_branch_stays(gateway):
    assert run(gateway).code == 0
    (clones_of(gateway) / "wk1" / "late").write_text("by hand\n")

    said = run_command(gateway, "archive", "wk1")

    assert said.code == 0, said
    assert [*clones_of(gateway).iterdir()] == []
    assert git(gateway / FOLDER / "git" / "own.git", "show", "sg/wk1:late") == "by hand"
    assert run_command(gateway, "verify", "--tag", "shipped/wk1").code == 0
    check_store(gateway)
