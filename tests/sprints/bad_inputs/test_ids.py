"""Test sprint ids: refused if they cannot be a folder, a branch and a part of a URL."""

import pytest

LONG = "a" * 65

OUTSIDE_THE_GRAMMAR = [
    "../../etc",
    "a/b",
    "a\\b",
    ".",
    "..",
    ".hidden",
    "",
    "   ",
    "a b",
    "a" * 10_000,
    LONG,
    "\u00e9t\u00e9",
    "wk8\u202edemo",
    "wk8\u200ddemo",
    "wk8_dem\u043e",
    "\uff11",
    "a\0b",
    "a\nb",
    "a\n",
    "\na",
    "a\tb",
    "a\x1b[31m",
    "a\udcff",
    "-dash",
    "--help",
    "_a",
    "~root",
    "%2e%2e",
    "a:b",
    "$(id)",
]
RESERVED = ["run", "cancel", "new", "list", "con", "CON", "nul", "nul.txt", "aux.c", "com1", "Lpt9"]
NO_FOLDER_OR_BRANCH = ["a..b", "a.", "a.lock"]

NEEDS_A_SPRINT = [
    ("sprint", "run"),
    ("sprint", "step"),
    ("sprint", "show"),
    ("sprint", "cancel"),
    ("sprint", "retry"),
    ("events", "--sprint"),
]


@pytest.mark.parametrize("sprint_id", OUTSIDE_THE_GRAMMAR, ids=ascii)
def test_an_id_outside_the_grammar_makes_no_sprint(refused, sprint_id):
    said = refused("sprint", "create", "--", sprint_id)

    assert "cannot be a sprint id: 1 to 64 of A-Z a-z 0-9 . _ -" in said
    assert len(said) < 300


@pytest.mark.parametrize("sprint_id", RESERVED)
def test_a_reserved_word_makes_no_sprint(refused, sprint_id):
    said = refused("sprint", "create", sprint_id)

    assert said == f"'{sprint_id}' cannot be a sprint id: the name is reserved"


@pytest.mark.parametrize("sprint_id", NO_FOLDER_OR_BRANCH)
def test_what_windows_or_git_would_refuse_makes_no_sprint(refused, sprint_id):
    said = refused("sprint", "create", sprint_id)

    assert said.startswith(f"'{sprint_id}' cannot be a sprint id: no '..'")


@pytest.mark.parametrize("command", NEEDS_A_SPRINT, ids=" ".join)
@pytest.mark.parametrize("sprint_id", ["../../etc", "a\udcff", "nul"], ids=ascii)
def test_no_command_takes_an_impossible_id(refused, command, sprint_id):
    said = refused(*command, sprint_id)

    assert "cannot be a sprint id" in said


@pytest.mark.parametrize("command", NEEDS_A_SPRINT, ids=" ".join)
def test_an_unknown_sprint_is_named_and_the_list_is_pointed_out(refused, command):
    said = refused(*command, "nowhere")

    assert said == "no sprint nowhere; see: studio-gateway sprint list"


def test_a_right_to_left_override_is_shown_escaped(refused):
    said = refused("sprint", "create", "wk8\u202edemo")

    assert said.startswith(r"'wk8\u202edemo' cannot")
