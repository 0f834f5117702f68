"""Test the changes of protected paths, by a real git."""

from dataclasses import replace

from sprints.contract.protected_paths import MOST_NAMED, Touched
from sprints.git import capture_work
from sprints.git.protected_diff import compared
from tests.sprints.git.conftest import MARK, again

PATTERNS = ("tests/**", "a")


def write(site, text, path="tests/test_a.py", mark=MARK):
    """A try of an agent, and its head."""
    (site.tree / path).parent.mkdir(exist_ok=True)
    (site.tree / path).write_text(text)
    return capture_work.keep(site, mark)[0]


def test_work_elsewhere_touches_nothing(site):
    write(site, "x", "src/b")

    found = compared(site, PATTERNS)

    assert found == Touched(site.own("rev-parse", f"{site.head}^{{tree}}"))


def test_what_is_made_changed_and_removed_is_named_in_order(site):
    write(site, "one")
    (site.tree / "a").unlink()
    capture_work.keep(site, again(2))

    found = compared(site, PATTERNS)

    assert (found.count, found.paths) == (2, ("a", "tests/test_a.py"))


def test_the_digest_moves_with_the_contents_and_not_with_other_work(site):
    write(site, "one")
    first = compared(site, PATTERNS)
    write(site, "more", "src/b", again(2))
    same = compared(site, PATTERNS)
    write(site, "two", mark=again(3))
    other = compared(site, PATTERNS)

    assert first.digest == same.digest != other.digest
    assert first.tree != same.tree


def test_who_may_run_a_file_is_a_part_of_it(site):
    write(site, "one")
    before = compared(site, PATTERNS)
    (site.tree / "tests" / "test_a.py").chmod(0o755)
    capture_work.keep(site, again(2))

    assert compared(site, PATTERNS).digest != before.digest


def test_a_folder_that_becomes_a_link_is_told_by_what_is_gone(site):
    write(site, "one")
    base = site.head
    (site.tree / "tests" / "test_a.py").rename(site.tree / "elsewhere.py")
    (site.tree / "tests").rmdir()
    (site.tree / "tests").symlink_to("src")
    head, _ = capture_work.keep(site, again(2))

    assert compared(site, ("tests/**",), base, head).paths == ("tests/test_a.py",)


def test_names_that_no_text_has_are_shown_and_counted(site):
    (site.tree / "tests").mkdir()
    for n in range(MOST_NAMED + 5):
        (site.tree / "tests" / f"{n:02}\udcff\n").write_text("x")
    capture_work.keep(site, MARK)

    found = compared(site, PATTERNS)

    assert (found.count, len(found.paths)) == (MOST_NAMED + 5, MOST_NAMED)
    assert found.paths[0] == "tests/00\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"


def test_what_git_cannot_tell_is_a_reason_and_no_difference_passed_over(site):
    gone = replace(site, base=replace(site.base, commit="1" * 40))

    found = compared(gone, PATTERNS)

    assert found.reason
    assert (found.digest, found.count) == ("", 0)


PYPROJECT = (
    "[project]\nname = 'a'\ndependencies = [{}]\n[tool.pytest.ini_options]\naddopts = '{}'\n"
)
PARTS = ("pyproject.toml#tool.pytest", "package.json#scripts", "setup.cfg#tool:pytest")


def test_of_a_file_in_parts_only_the_named_part_counts(site):
    write(site, PYPROJECT.format("", "-q"), "pyproject.toml")
    before = site.head
    write(site, PYPROJECT.format("'x'", "-q"), "pyproject.toml", again(2))
    other = compared(site, PARTS, before)
    write(site, PYPROJECT.format("'x'", "-k nothing"), "pyproject.toml", again(3))

    found = compared(site, PARTS, before)

    assert other.count == 0
    assert found.paths == ("pyproject.toml",)


def test_an_approval_of_a_part_holds_while_the_rest_changes(site):
    before = site.head
    write(site, '{"scripts": {"test": "jest"}}', "package.json")
    first = compared(site, PARTS, before)
    write(
        site, '{"scripts": {"test": "jest"}, "dependencies": {"a": "1"}}', "package.json", again(2)
    )
    second = compared(site, PARTS, before)
    write(site, '{"scripts": {"test": "true"}}', "package.json", again(3))
    third = compared(site, PARTS, before)

    assert first.digest == second.digest
    assert first.digest != third.digest


def test_a_file_that_cannot_be_read_counts_as_a_whole(site):
    before = site.head
    write(site, "[tool:pytest", "setup.cfg")
    first = compared(site, PARTS, before)
    write(site, "[tool:pytest ", "setup.cfg", again(2))
    second = compared(site, PARTS, before)

    assert first.paths == second.paths == ("setup.cfg",)
    assert first.digest != second.digest


def test_a_removed_part_counts(site):
    write(site, "[tool:pytest]\naddopts = -q\n[other]\na = 1\n", "setup.cfg")
    before = site.head
    write(site, "[other]\na = 1\n", "setup.cfg", again(2))

    assert compared(site, PARTS, before).paths == ("setup.cfg",)
