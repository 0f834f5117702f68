"""Test that files which the user keeps out of git, secrets and large files are not committed."""

import pytest

from sprints.contract.git_values import ABSENT, OBSERVED
from sprints.git import capture_work, gate_checkout, remove_clone, withheld
from tests.checkout import commit, git
from tests.sprints.git.conftest import FOUND, MARK, again, reopened
from tests.sprints.git.test_capture_work import names

HELD = "looks like a secret and stays in the clone: "


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The HOME of the gateway's user."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / "home" / ".config" / "git").mkdir(parents=True)
    return tmp_path / "home"


def ignore(users, home, how: str, pattern: str) -> None:
    """Let the user's git ignore that pattern."""
    text = f"# mine\n{pattern}\n"
    if how == "info/exclude":
        (users / ".git" / "info").mkdir(exist_ok=True)
        (users / ".git" / "info" / "exclude").write_text(text)
    elif how == "usual place":
        (home / ".config" / "git" / "ignore").write_text(text)
    else:
        (home / "dotfiles").write_text(text)
        (home / "linked").symlink_to("dotfiles")
        (home / ".gitconfig").write_text("[include]\n\tpath = more\n")
        (home / "more").write_text("[core]\n\texcludesFile = ~/linked\n")


@pytest.mark.parametrize("how", ["info/exclude", "usual place", "core.excludesFile"])
def test_what_the_user_ignores_is_left_out_and_seen_so_by_the_agent(users, home, how):
    ignore(users, home, how, "scratch/")
    site = reopened(users)
    capture_work.begin(site, MARK, FOUND)
    (site.tree / "deep" / "scratch").mkdir(parents=True)
    (site.tree / "deep" / "scratch" / "x").write_text("x")
    (site.tree / "b").write_text("work\n")

    status = git(site.tree, "status", "--porcelain")
    seen = capture_work.seen(site, MARK)

    assert (status, seen.paths, seen.notes) == ("?? b", ("b",), ())
    assert "deep/scratch/x" not in names(site)
    assert (site.tree / "deep" / "scratch" / "x").exists()


def test_rules_that_the_user_adds_later_hold_and_those_of_the_files_win(users, home):
    site = reopened(users)
    capture_work.begin(site, MARK, FOUND)
    ignore(users, home, "info/exclude", "*.log")
    for name in ("one.log", "kept.log"):
        (site.tree / name).write_text("x")
    (site.tree / ".gitignore").write_text("*.o\n!kept.log\n")

    assert capture_work.seen(site, MARK).paths == (".gitignore", "kept.log")


@pytest.mark.parametrize("name", [".env.local", "scratch/deep/x", ":(glob)*.env.local"])
def test_an_agents_commit_with_a_file_that_the_user_ignores_is_not_on_the_branch(users, home, name):
    ignore(users, home, "info/exclude", "*.env.local\nscratch/")
    site = reopened(users)
    capture_work.begin(site, MARK, FOUND)
    (site.tree / name).parent.mkdir(parents=True, exist_ok=True)
    (site.tree / name).write_text("API=1\n")
    git(site.tree, "--literal-pathspecs", "add", "-f", name)
    git(site.tree, "commit", "-qm", "Mine")
    git(site.tree, "--literal-pathspecs", "rm", "-q", "--cached", name)
    (site.tree / "b").write_text("work\n")
    git(site.tree, "add", "b")
    git(site.tree, "commit", "-qm", "And away")

    seen = capture_work.seen(site, MARK)

    assert (seen.seen, seen.paths) == (OBSERVED, ("b",))
    assert f"its commits add {name}, which your git ignores" in seen.notes
    assert site.own("log", "--format=%h", site.branch, "--", name) == ""


def test_commits_may_add_files_where_a_link_was(site):
    commit(site.tree, {"linked/x": "x\n"})
    git(site.tree, "rm", "-q", "-r", "linked")
    (site.tree / "linked").symlink_to("src")
    git(site.tree, "add", "linked")
    git(site.tree, "commit", "-qm", "A link")

    seen = capture_work.seen(site, MARK)

    assert (seen.paths, seen.notes) == (("linked",), ())


def test_a_tracked_file_goes_on_being_tracked_whatever_is_ignored(users, home):
    ignore(users, home, "info/exclude", "a")
    site = reopened(users)
    capture_work.begin(site, MARK, FOUND)
    (site.tree / "a").write_text("changed\n")

    assert capture_work.seen(site, MARK).paths == ("a",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env", "X=1"),
        ("deploy/id_ed25519", "x"),
        ("certificates/[web].pem", "x"),
        ("new\nline.key", "x"),
        ("notes.txt", "ghp_" + "a" * 36),
        ("settings.py", "-----BEGIN " + "RSA PRIVATE KEY-----\n" + "A" * 70),
    ],
)
def test_a_new_file_that_looks_like_a_secret_stays_in_the_clone_with_a_note(site, name, text):
    (site.tree / name).parent.mkdir(exist_ok=True)
    (site.tree / name).write_text(text)
    (site.tree / "b").write_text("work\n")

    seen = capture_work.seen(site, MARK)

    assert seen.paths == ("b",)
    assert seen.notes[0].startswith(HELD)
    assert capture_work.begin(site, again(2), FOUND) == seen.head
    assert (site.tree / name).exists()
    assert remove_clone.clear(site, FOUND).startswith(HELD)


@pytest.mark.parametrize("name", [".env.example", "docs/environment.md", "keys.py", "a.pem.md"])
def test_a_file_without_a_secret_is_work_like_any_other(site, name):
    (site.tree / "docs").mkdir()
    (site.tree / name).write_text("postgres://user:password@localhost/db\n")

    seen = capture_work.seen(site, MARK)

    assert (seen.paths, seen.notes) == ((name,), ())


def test_a_large_new_file_stays_in_the_clone_and_a_large_tracked_one_is_work(site, monkeypatch):
    monkeypatch.setattr(withheld, "MOST_BYTES", 1000)
    (site.tree / "core").write_bytes(bytes(1001))
    (site.tree / "a").write_bytes(bytes(1001))

    seen = capture_work.seen(site, MARK)

    assert seen.paths == ("a",)
    assert seen.notes[0].startswith("larger than 10 MiB and stays in the clone: core;")


def test_what_was_left_out_is_no_work_of_a_later_gate_or_reader(site):
    (site.tree / ".env").write_text("X=1")
    capture_work.seen(site, MARK)

    gate_checkout.enter(site, MARK, FOUND)
    assert gate_checkout.leave(site, MARK) == 0
    capture_work.begin(site, again(2), FOUND)
    assert capture_work.refused(site, again(2)).seen == ABSENT
    assert (site.tree / ".env").exists()


def test_what_a_gate_leaves_is_removed_even_where_it_looks_like_a_secret(site):
    gate_checkout.enter(site, MARK, FOUND)
    (site.tree / "test.key").write_text("x")

    assert gate_checkout.leave(site, MARK) == 1
    assert not (site.tree / "test.key").exists()


def test_a_secret_that_an_agent_commits_itself_is_work_and_named(site):
    commit(site.tree, {"fixture.pem": "x"})

    seen = capture_work.seen(site, MARK)

    assert seen.paths == ("fixture.pem",)
    assert seen.notes == ("its commits add what looks like a secret: fixture.pem",)
