"""Test which paths are protected, and how their patterns match."""

import pytest

from sprints.contract.protected_paths import PROTECTED, Touched, divided, matching


@pytest.mark.parametrize(
    ("pattern", "path", "is_one"),
    [
        ("tests/**", "tests/a.py", True),
        ("tests/**", "tests/a/b.py", True),
        ("tests/**", "src/tests/a.py", False),
        ("**/tests/**", "tests/a.py", True),
        ("**/tests/**", "src/tests/a/b.py", True),
        ("**/tests/**", "src/contests/a.py", False),
        ("tests/", "tests/a/b.py", True),
        ("test_*.py", "test_a.py", True),
        ("test_*.py", "src/deep/test_a.py", True),
        ("test_*.py", "src/latest_a.py", False),
        ("/check.sh", "check.sh", True),
        ("/check.sh", "src/check.sh", False),
        ("a/*.py", "a/b.py", True),
        ("a/*.py", "a/b/c.py", False),
        ("a/**/z", "a/z", True),
        ("a/**/z", "a/b/c/z", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a[b]c", "abc", False),
        ("a[b]c", "a[b]c", True),
        ("Tests/**", "tests/a", True),
        ("*", "new\nline", True),
    ],
)
def test_a_pattern_names_paths(pattern, path, is_one):
    assert [*matching([path], [pattern])] == ([path] if is_one else [])


JUDGES = (
    "tests/test_a.py pkg/test_a.py pkg/a_test.go web/a.spec.ts .github/workflows/ci .ci/run "
    "tools/qa_smoke.py pkg/conftest.py"
).split()


@pytest.mark.parametrize("path", JUDGES)
def test_tests_and_what_runs_them_are_protected_where_nobody_has_said_otherwise(path):
    assert [*matching([path, "src/a.py", "README.md"], PROTECTED)] == [path]


PLUG_INS = (
    ".claude/settings.json .codex/hooks.json .qwen/x .opencode/plugin/a.ts .gemini/settings.json "
    ".github/hooks/a .husky/pre-commit .mcp.json .envrc"
).split()


@pytest.mark.parametrize("path", PLUG_INS)
def test_what_programs_of_a_person_run_by_themselves_is_protected(path):
    assert [*matching([path], PROTECTED)] == [path]


def test_patterns_of_parts_are_told_from_those_of_files():
    patterns = ["a#b", "pyproject.toml#tool.pytest", "x.json#", "**/package.json#scripts"]

    assert divided(patterns) == (
        ["a#b", "x.json#"],
        [("pyproject.toml", "tool.pytest"), ("**/package.json", "scripts")],
    )


def test_what_was_touched_comes_back_from_json_as_it_was():
    touched = Touched("t", "d", 30, ("a", "b"))

    assert Touched.from_json(touched.to_json()) == touched
    assert str(touched) == "a, b and 28 more"
    assert Touched.from_json(Touched("t").to_json()) == Touched("t")
