"""Test the push to another repository: exactly the judged commit, once, or nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from sprints.contract.sandbox import GIT_SSH
from sprints.git import capture_work, certificate, publish
from sprints.git import push as upstream
from sprints.git.merge import merge
from sprints.state import ship_values
from tests.checkout import commit, git
from tests.sprints.git.conftest import FOUND, MARK, reopened

TRAILERS = {"Sprint": "wk1"}
WORDS = certificate.text({"sprint": "wk1"})
TAG = "shipped/wk1"


@pytest.fixture
def users(repo):
    """A clean checkout of main, whose origin has all of it."""
    commit(repo, {"a": "one\n", "b": "one\n"})
    (repo / ".studio_gateway").mkdir()
    (repo / ".studio_gateway" / ".gitignore").write_text("*\n")
    git(repo, "init", "-q", "--bare", "-b", "main", str(repo.parent / "origin.git"))
    git(repo, "remote", "add", "origin", str(repo.parent / "origin.git"))
    git(repo, "push", "-q", "origin", "main")
    return repo


@pytest.fixture
def origin(users):
    """The repository to which is pushed."""
    return users.parent / "origin.git"


@pytest.fixture
def site(users):
    """A site whose sprint has changed ``a``, and is to be pushed."""
    found = replace(reopened(users), remote="origin")
    capture_work.begin(found, MARK, FOUND)
    (found.tree / "a").write_text("by an agent\n")
    capture_work.seen(found, MARK)
    return found


def refs(folder: Path) -> str:
    """All of them."""
    return git(folder, "for-each-ref", "--format=%(objectname) %(refname)")


def by_another(origin: Path, files: dict[str, str]) -> str:
    """A colleague's commit, pushed to main."""
    there = origin.parent / "colleague"
    if not there.exists():
        git(origin, "clone", "-q", str(origin), str(there))
    git(there, "pull", "-q")
    made = commit(there, files, "By a colleague")
    git(there, "push", "-q", "origin", "main")
    return made


def hook(origin: Path, name: str, script: str) -> None:
    """A hook of the remote's."""
    path = origin / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_branch_and_tag_are_pushed_and_the_checkout_follows(site, users, origin):
    said = merge(site, TRAILERS)

    publish.publish(site, said, WORDS)

    assert said.url == str(origin)
    assert git(origin, "rev-parse", "main", f"{TAG}^{{commit}}").split() == [said.commit] * 2
    assert git(users, "rev-parse", "main", TAG) == git(origin, "rev-parse", "main", TAG)
    assert (users / "a").read_text() == "by an agent\n"
    assert git(users, "status", "--porcelain") == ""
    assert git(origin, "cat-file", "-t", TAG) == "tag"


def test_what_a_colleague_has_pushed_is_merged_with_and_comes_along(site, users, origin):
    theirs = by_another(origin, {"b": "by a colleague\n"})

    said = merge(site, TRAILERS)
    publish.publish(site, said, WORDS)

    assert said.base == theirs
    assert git(users, "rev-parse", "HEAD") == git(origin, "rev-parse", "main") == said.commit
    assert [(users / name).read_text() for name in "ab"] == ["by an agent\n", "by a colleague\n"]
    assert git(users, "status", "--porcelain") == ""


def test_what_comes_to_the_remote_after_the_gates_is_not_pushed_over(site, users, origin):
    said = merge(site, TRAILERS)
    theirs = by_another(origin, {"b": "too late for the gates\n"})
    here = refs(users)

    with pytest.raises(ship_values.Moved):
        publish.publish(site, said, WORDS)

    assert git(origin, "rev-parse", "main") == theirs
    assert (git(origin, "tag"), refs(users)) == ("", here)


def test_what_comes_to_the_remote_at_the_last_moment_is_not_pushed_over(
    site, users, origin, monkeypatch
):
    said = merge(site, TRAILERS)
    real, theirs = upstream.tag_there, []

    def late(*args):
        theirs.append(by_another(origin, {"b": "at the last moment\n"}))
        return real(*args)

    monkeypatch.setattr(upstream, "tag_there", late)

    with pytest.raises(ship_values.Moved):
        publish.publish(site, said, WORDS)

    assert git(origin, "rev-parse", "main") == theirs[0]
    assert (git(origin, "tag"), git(users, "tag")) == ("", "")


def declines(users, origin):
    hook(origin, "pre-receive", "echo no work on Sundays >&2; exit 1")


def dirty(users, origin):
    (users / "b").write_text("not committed\n")


def tagged(users, origin):
    git(origin, "tag", TAG)


def gone(users, origin):
    origin.rename(origin.with_name("away.git"))


def elsewhere(users, origin):
    git(users, "remote", "set-url", "origin", "https://ada:secret@nowhere.invalid/x.git")


REFUSED = {
    "a hook of the remote": (declines, r"pre-receive hook declined.*no work on Sundays"),
    "not clean": (dirty, r"changes that are not committed \(b\)"),
    "tag": (tagged, "the tag shipped/wk1 is there already at origin and may be the certificate"),
    "gone": (gone, r"origin: git fetch: '.*origin.git' does not appear to be a git repository"),
    "elsewhere": (elsewhere, r"origin is https://\*\*\*@nowhere.invalid/x.git now, and was /"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_pushed_is_refused_with_nothing_half_done(site, users, origin, what):
    hinder, words = REFUSED[what]
    said = merge(site, TRAILERS)
    here = refs(users)
    hinder(users, origin)
    there = refs(origin) if origin.exists() else ""

    with pytest.raises((ship_values.Refused, publish.GitError), match=words) as told:
        publish.publish(site, said, WORDS)

    assert refs(users) == here
    assert (refs(origin) if origin.exists() else "") == there
    assert "secret" not in str(told.value)
    assert (users / "a").read_text() == "one\n"


def no_remote(users, origin):
    git(users, "remote", "remove", "origin")


def ahead(users, origin):
    commit(users, {"b": "not pushed\n"})


def no_branch(users, origin):
    git(origin, "symbolic-ref", "HEAD", "refs/heads/other")
    git(origin, "update-ref", "-d", "refs/heads/main")


def address(url):
    return lambda users, origin: git(users, "config", "remote.origin.url", url)


def two(users, origin):
    git(users, "remote", "set-url", "--add", "origin", "/other")


HINDERED = {
    "no remote": (no_remote, "has no remote origin; type: git -C "),
    "ahead": (ahead, "main has commits that origin has not; type: git -C "),
    "no branch": (no_branch, "origin has no branch main; type: git -C "),
    "tag": (tagged, "the tag shipped/wk1 is there already at origin"),
    "tag above": (
        lambda users, origin: git(origin, "tag", "shipped"),
        "the tag shipped at origin leaves no name for shipped/wk1; type: git -C ",
    ),
    "tag below": (
        lambda users, origin: git(origin, "tag", "-m", "x", "shipped/wk1/rc"),
        "the tag shipped/wk1/rc at origin leaves no name for shipped/wk1; type: git -C ",
    ),
    "a program": (address("ext::sh -c true"), "an address that nothing is pushed to"),
    "an option": (address("--upload-pack=true"), "an address that nothing is pushed to"),
    "not secure": (address("http://ada:pw@x.invalid/y"), r"is http://\*\*\*@x.invalid/y; it must"),
    "two": (two, "the remote origin has 2 addresses"),
    "no network": (address("https://ada:pw@127.0.0.1:1/x.git"), "origin: git ls-remote: unable to"),
}


@pytest.mark.parametrize("what", HINDERED)
def test_what_hinders_a_push_is_told_before_anything_is_merged(site, users, origin, what):
    hinder, words = HINDERED[what]
    hinder(users, origin)

    said = merge(site, TRAILERS)

    assert said.commit == ""
    assert words.replace(r"\*", "*") in said.reason
    assert "pw" not in said.reason


def test_a_remote_that_does_not_answer_is_given_up(site, users, origin, monkeypatch):
    said = merge(site, TRAILERS)
    hook(origin, "pre-receive", "sleep 60")
    monkeypatch.setattr(upstream, "LONG_S", 1.0)

    with pytest.raises(ship_values.Refused, match="origin: git push: killed after 1 s"):
        publish.publish(site, said, WORDS)

    assert (git(origin, "tag"), git(users, "tag")) == ("", "")


def test_a_push_whose_answer_was_lost_is_found_to_have_arrived(site, users, origin, monkeypatch):
    said = merge(site, TRAILERS)
    hook(origin, "post-receive", "sleep 60")
    monkeypatch.setattr(upstream, "LONG_S", 2.0)

    publish.publish(site, said, WORDS)

    assert git(users, "rev-parse", "main", TAG) == git(origin, "rev-parse", "main", TAG)


def test_what_was_pushed_and_not_heard_of_is_found_by_the_next_attempt(
    site, users, origin, monkeypatch
):
    said = merge(site, TRAILERS)

    def deaf(*args):
        raise upstream.GitError("origin: no network")

    monkeypatch.setattr(upstream.fault_points, "point", lambda name: None)
    real = upstream._ask
    monkeypatch.setattr(
        upstream,
        "_ask",
        lambda site, remote, *argv, **more: (
            real(site, remote, *argv, **more),
            deaf() if argv[0] == "push" else None,
        )[0],
    )
    monkeypatch.setattr(publish.upstream, "has", has_once(upstream.has, deaf))
    with pytest.raises(publish.GitError, match="no network"):
        publish.publish(site, said, WORDS)
    monkeypatch.undo()

    again = merge(site, TRAILERS)
    publish.publish(site, again, WORDS)

    assert again == said
    assert git(users, "rev-parse", "main", TAG) == git(origin, "rev-parse", "main", TAG)
    assert git(origin, "log", "--format=%s", "main").count("Merge the work of wk1") == 1


def has_once(real, deaf):
    """The remote answers the first time alone."""
    asked = []

    def has(*args):
        asked.append(args)
        return real(*args) if len(asked) == 1 else deaf()

    return has


def test_what_the_remote_has_and_the_checkout_cannot_follow_is_shipped_and_told(
    site, users, origin, monkeypatch
):
    said = merge(site, TRAILERS)
    real = upstream.push

    def meanwhile(*args):
        real(*args)
        commit(users, {"b": "meanwhile\n"})

    monkeypatch.setattr(upstream, "push", meanwhile)

    with pytest.raises(
        ship_values.Unfinished, match=r"main has moved here; type: git -C .* pull origin"
    ):
        publish.publish(site, said, WORDS)

    assert git(origin, "rev-parse", "main") == said.commit
    assert (users / "b").read_text() == "meanwhile\n"


def test_what_an_earlier_life_has_pushed_is_never_told_as_refused(site, users, origin, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(*args):
        raise Killed

    def busy(*args):
        raise ship_values.Refused("another git is at work")

    said = merge(site, TRAILERS)
    with monkeypatch.context() as patched:
        patched.setattr(publish, "_publish", killed)
        with pytest.raises(Killed):
            publish.publish(site, said, WORDS)
    monkeypatch.setattr(publish, "finish", busy)

    with pytest.raises(ship_values.Unfinished, match="another git is at work"):
        publish.publish(site, said, WORDS)

    assert git(origin, "rev-parse", "main") == said.commit


def test_no_hook_of_the_users_runs_and_no_setting_of_theirs_leads_elsewhere(
    site, users, origin, tmp_path
):
    hooks = users / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("pre-push", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch '{tmp_path}/fired'\nexit 1\n")
        (hooks / name).chmod(0o755)
    git(users, "config", "core.sshCommand", f"touch {tmp_path}/fired")
    git(users, "config", f"url.{tmp_path}/elsewhere.pushInsteadOf", str(origin))

    publish.publish(site, merge(site, TRAILERS), WORDS)

    assert not (tmp_path / "fired").exists()
    assert git(origin, "log", "-1", "--format=%s", "main") == "Merge the work of wk1"


def test_whatever_is_repeated_is_pushed_once(site, users, origin, tmp_path):
    hook(origin, "post-receive", f"echo once >> {tmp_path}/pushes")
    said = merge(site, TRAILERS)
    publish.publish(site, said, WORDS)

    publish.publish(site, said, WORDS)
    by_another(origin, {"b": "later\n"})
    publish.publish(site, said, WORDS)

    assert (tmp_path / "pushes").read_text() == "once\n" * 2  # and the colleague's
    assert git(users, "rev-parse", "main") == said.commit


def test_ssh_is_asked_by_the_program_that_the_gateways_environment_names(
    site, users, origin, tmp_path, monkeypatch
):
    """The program stands for ssh: it runs the command that the other side would."""
    program = tmp_path / "ssh"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nfor c; do :; done\neval "$c"\n')
    program.chmod(0o755)
    monkeypatch.setenv(GIT_SSH, str(program))
    git(users, "remote", "set-url", "--push", "origin", f"git@host.invalid:{origin}")

    publish.publish(site, merge(site, TRAILERS), WORDS)

    assert f"git-receive-pack '{origin}'" in (tmp_path / "asked").read_text()
    assert git(users, "rev-parse", "main", TAG) == git(origin, "rev-parse", "main", TAG)


def test_what_was_pushed_and_pulled_since_is_found_and_not_called_anothers(
    site, users, origin, monkeypatch
):
    said = merge(site, TRAILERS)
    publish.publish(site, said, WORDS)

    again = merge(site, TRAILERS)

    assert git(users, "tag") == "shipped/wk1"
    assert (again.commit, again.reason) == (said.commit, "")


def test_a_tag_of_another_is_in_the_way_at_a_remote_too(site, users, origin):
    git(users, "tag", "-m", "mine", "shipped/wk1")

    assert "the tag shipped/wk1 is there already" in merge(site, TRAILERS).reason
