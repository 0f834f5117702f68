"""Test that gates judge the work of a sprint alone, and that their traces are removed."""

from sprints.git import gate_checkout, untrusted_refs
from tests.sprints.git.conftest import FOUND, MARK, again
from tests.sprints.git.test_capture_work import names


def test_gates_judge_what_is_on_the_branch_and_their_traces_are_put_back(site):
    (site.tree / "a").write_text("work\n")
    tree = gate_checkout.enter(site, MARK, FOUND)
    (site.tree / "a").write_text("formatted by a gate\n")
    (site.tree / "report").write_text("1\n")
    (site.tree / "x.o").write_text("cache")

    count = gate_checkout.leave(site, MARK)

    assert count == 2
    assert tree == site.own("rev-parse", f"{site.branch}^{{tree}}")
    assert (site.tree / "a").read_text() == "work\n"
    assert not (site.tree / "report").exists()
    assert (site.tree / "x.o").exists()
    kept = site.own("for-each-ref", "--format=%(refname)", site.ref("aside"))
    assert site.own("show", f"{kept}:report") == "1"
    assert names(site) == [".gitignore", "a", "src/b"]


def test_gates_side_by_side_judge_one_tree_and_the_last_one_clears_up(site):
    first = gate_checkout.enter(site, MARK, FOUND)
    (site.tree / "report").write_text("1\n")
    second = gate_checkout.enter(site, again(2), FOUND)

    counts = gate_checkout.leave(site, MARK), gate_checkout.leave(site, again(2))

    assert (first, counts) == (second, (0, 1))


def test_what_a_gate_left_that_died_with_its_gateway_is_put_back(site):
    tree = gate_checkout.enter(site, MARK, FOUND)
    gate_checkout._inside.clear()  # as another process has it
    (site.tree / "report").write_text("1\n")

    assert gate_checkout.judged(site, MARK) == tree
    assert gate_checkout.clear(site, MARK) == 1
    assert untrusted_refs.head_in(site.tree) == (site.branch, site.head)
