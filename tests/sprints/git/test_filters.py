"""Test that nothing is committed where the user's git would run a filter."""

import pytest

from sprints.contract.agent_spec import AgentDefinition
from sprints.contract.git_values import FILTERED, OBSERVED, UNKNOWN
from sprints.effects.workspace import looked_at
from sprints.git import capture_work, gate_checkout
from sprints.git.git import GitError
from sprints.prompts.exchange import Exchange
from sprints.prompts.reply_format import Reply
from tests.checkout import commit, git
from tests.sprints.git.conftest import FOUND, MARK, reopened


@pytest.fixture
def crypt(users):
    """A sprint in a repository that encrypts secrets/."""
    commit(users, {".gitattributes": "[attr]crypt filter=crypt\nsecrets/** crypt\n"})
    commit(users, {"secrets/a": "encrypted\n"})
    site = reopened(users)
    capture_work.begin(site, MARK, FOUND)
    return site


def refusal(path: str) -> str:
    return f"{path} has the attribute filter=crypt, and the gateway runs no filters: nothing was"


@pytest.mark.parametrize("name", ["b", "b.env"])
def test_a_new_file_under_a_filter_is_not_committed_and_named(crypt, name):
    (crypt.tree / "secrets" / name).write_text("clear text\n")
    (crypt.tree / "c").write_text("work\n")

    seen = capture_work.seen(crypt, MARK)

    assert (seen.seen, seen.cause) == (UNKNOWN, FILTERED)
    assert seen.reason.startswith(refusal(f"secrets/{name}"))
    assert crypt.head == crypt.base.commit
    with pytest.raises(GitError, match="filter=crypt"):
        gate_checkout.enter(crypt, MARK, FOUND)


@pytest.mark.parametrize("way", ["change", "rename", "attributes", "earlier", "info", "own"])
def test_every_way_to_a_filtered_path_is_refused(users, crypt, way):
    path = "secrets/a"
    if way == "change":
        (crypt.tree / path).write_text("clear\n")
    elif way == "rename":
        path = "secrets/b"
        (crypt.tree / "a").rename(crypt.tree / path)
    elif way == "attributes":
        (crypt.tree / ".gitattributes").write_text("")
        (crypt.tree / path).write_text("clear\n")
    elif way == "earlier":
        commit(crypt.tree, {".gitattributes": "", "harmless": "x"})
        assert capture_work.seen(crypt, MARK).seen == OBSERVED
        (crypt.tree / path).write_text("clear\n")
    elif way == "info":
        path = "vault"
        (users / ".git" / "info").mkdir(exist_ok=True)
        (users / ".git" / "info" / "attributes").write_text("vault filter=crypt\n")
        (crypt.tree / path).write_text("clear\n")
    else:
        commit(crypt.tree, {path: "clear\n"})

    seen = capture_work.seen(crypt, MARK)

    assert (seen.seen, seen.cause) == (UNKNOWN, FILTERED)
    assert seen.reason.startswith(refusal(path))


def test_a_reply_with_such_work_does_not_count_and_says_why(crypt):
    (crypt.tree / "secrets" / "b").write_text("clear text\n")

    said = looked_at(
        Exchange(Reply("DONE", (), (), ())), crypt, MARK, AgentDefinition(*["agent_01"] * 4)
    )

    assert said.reply is None
    assert said.reason.startswith(refusal("secrets/b"))


def test_a_filtered_file_may_be_deleted_and_others_change(crypt):
    (crypt.tree / "secrets" / "a").unlink()
    (crypt.tree / "a").write_text("work\n")

    assert capture_work.seen(crypt, MARK).paths == ("a", "secrets/a")


def test_commits_that_passed_by_a_filtered_path_are_kept_beside_and_their_result_is_taken(crypt):
    commit(crypt.tree, {"secrets/b": "clear\n"})
    git(crypt.tree, "rm", "-q", "secrets/b")
    commit(crypt.tree, {"c": "work\n"})

    seen = capture_work.seen(crypt, MARK)

    assert (seen.seen, seen.paths) == (OBSERVED, ("c",))
    assert crypt.own("rev-list", "--count", f"{crypt.base.commit}..{crypt.branch}") == "1"


def test_a_gates_change_there_is_put_back(crypt):
    gate_checkout.enter(crypt, MARK, FOUND)
    (crypt.tree / "secrets" / "a").write_text("decrypted\n")

    assert gate_checkout.leave(crypt, MARK) == 1
    assert (crypt.tree / "secrets" / "a").read_text() == "encrypted\n"


@pytest.mark.parametrize("line", ["* -filter", "* filter", "* !filter", "* text"])
def test_an_attribute_that_names_no_filter_refuses_nothing(site, line):
    (site.tree / ".gitattributes").write_text(f"{line}\n")

    assert capture_work.seen(site, MARK).paths == (".gitattributes",)
