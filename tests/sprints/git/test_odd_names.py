"""Test names that are not UTF-8: they are served, or one clear line refuses them."""

import os

import pytest

from gates import wording
from sprints.git import capture_work, publish
from sprints.git.gateway_repo import home_of
from sprints.git.git import GitError
from sprints.git.merge import merge
from sprints.git.user_repo import look
from sprints.state.ship_values import Refused
from sprints.store.layout import Store, make_folders
from tests import studio
from tests.checkout import commit, git
from tests.sprints.git.conftest import FOUND, MARK, reopened
from tests.sprints.git.test_publish import TRAILERS, WORDS

LATIN = os.fsdecode(b"caf\xe9")


def test_a_branch_whose_name_is_not_utf8_is_refused_before_a_sprint(users):
    git(users, "stash", "-q")
    git(users, "switch", "-q", "-c", LATIN)

    with pytest.raises(GitError, match=r"is not UTF-8; type: git -C .* branch -m NEW_NAME"):
        look(users, home_of(users / ".studio_gateway"))


def test_a_folder_whose_name_is_not_utf8_has_a_store_that_says_so(tmp_path):
    folder = tmp_path / LATIN
    folder.mkdir()
    store = Store(folder)

    make_folders(store)

    assert store.fault.endswith("caf\N{REPLACEMENT CHARACTER}/.studio_gateway is not UTF-8;"
                                " rename the folder")  # fmt: skip
    assert store.place.encode()
    assert Store(tmp_path).fault == ""


def test_no_sprint_is_created_where_no_row_can_hold_its_paths(store, monkeypatch):
    monkeypatch.setattr(Store, "fault", "the path x is not UTF-8; rename the folder")

    with pytest.raises(studio.Refused, match="the path x is not UTF-8; rename the folder"):
        studio.create("wk1")


def test_a_conflict_in_a_file_with_such_a_name_can_be_recorded(users):
    git(users, "stash", "-q")
    commit(users, {LATIN: "1\n"})
    site = reopened(users)
    capture_work.begin(site, MARK, FOUND)
    (site.tree / LATIN).write_text("2\n")
    seen = capture_work.seen(site, MARK)
    commit(users, {LATIN: "3\n"})

    said = merge(site, TRAILERS)

    assert seen.paths == ("caf\N{REPLACEMENT CHARACTER}",)
    assert said.reason == "it conflicts with main in caf\N{REPLACEMENT CHARACTER}"


def test_work_on_a_file_with_such_a_name_is_shipped(users):
    git(users, "stash", "-q")
    commit(users, {LATIN: "1\n"})
    site = reopened(users)
    capture_work.begin(site, MARK, FOUND)
    (site.tree / LATIN).write_text("2\n")
    capture_work.seen(site, MARK)

    publish.publish(site, merge(site, TRAILERS), WORDS)

    assert (users / LATIN).read_text() == "2\n"


def test_a_refusal_that_names_such_a_file_can_be_recorded(users):
    git(users, "stash", "-q")
    commit(users, {LATIN: "1\n"})
    site = reopened(users)
    capture_work.begin(site, MARK, FOUND)
    (site.tree / "b").write_text("2\n")
    capture_work.seen(site, MARK)
    (users / LATIN).write_text("mine\n")

    with pytest.raises(Refused) as refusal:
        publish.publish(site, merge(site, TRAILERS), WORDS)

    assert "(caf\N{REPLACEMENT CHARACTER})" in wording.spoken(str(refusal.value))
