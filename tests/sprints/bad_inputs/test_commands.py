"""Test refused arguments: unknown words, numbers out of range, invalid brief files."""

import os

import pytest

NOT_A_COUNT = ["0", "-1", "", "abc", "1e3", "1.5", "1_000", " 5", "+5", "1000001", "9" * 5000]
BAD_TITLES = ["a" * 201, "a\nb", "a\tb", "a\x1b[31m", "a\u202eb", "a\0b", "a\udcff"]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["nope"], "no command 'nope'"),
        (["sprnt"], "did you mean sprint?"),
        (["--nope"], "no command '--nope'"),
        ([""], "no command ''"),
        (["a\nb"], r"no command 'a\nb'"),
        (["help", "nope"], "no command 'nope'"),
        (["sprint", "creat", "s1"], "invalid choice: 'creat'"),
        (["sprint", "s1"], "invalid choice: 's1'"),
        (["gate", "edit", "g"], "invalid choice: 'edit'"),
        (["sprint"], "required: SUBCOMMAND"),
        (["gate"], "required: SUBCOMMAND"),
        (["sprint", "create"], "required: ID"),
        (["sprint", "run"], "required: ID"),
        (["sprint", "step"], "required: ID"),
        (["sprint", "show"], "required: ID"),
        (["sprint", "cancel"], "required: ID"),
        (["sprint", "retry"], "required: ID"),
        (["gate", "add", "--command", "true"], "required: ID"),
        (["gate", "set"], "required: ID"),
        (["gate", "remove"], "required: ID"),
        (["sprint", "create", "-dash"], "required: ID"),
        (["sprint", "create", "s1", "--title"], "expected one argument"),
        (
            ["sprint", "create", "s1", "s2"],
            "unrecognized arguments: s2; see: studio-gateway sprint create --help",
        ),
        (
            ["sprint", "run", "s1", "--nope"],
            "unrecognized arguments: --nope; see: studio-gateway sprint run --help",
        ),
        (["init", "here"], "unrecognized arguments: here; see: studio-gateway init --help"),
        (["doctor", "--mend"], "unrecognized arguments: --mend"),
        (["status", "a\nb"], "unrecognized arguments: a b"),
        (["status", "\x1b[2J\u202e"], r"unrecognized arguments: \x1b[2J\u202e"),
        (["status", "--json=1"], "ignored explicit argument '1'"),
        (["status", "--verbosity", "9"], "invalid choice: 9"),
        (["status", "--no-color", "--force-color"], "can't be used together"),
        (["sprint", "list", "--status", "done"], "invalid choice: 'done'"),
    ],
    ids=ascii,
)
def test_words_that_no_command_knows(refused, argv, words):
    assert words in refused(*argv)


@pytest.mark.parametrize("number", NOT_A_COUNT, ids=lambda text: ascii(text[:9]))
@pytest.mark.parametrize(
    "command", [("events", "--tail"), ("sprint", "list", "--limit")], ids=" ".join
)
def test_a_count_is_a_whole_number_from_one_to_a_million(refused, command, number):
    said = refused(*command[:-1], f"{command[-1]}={number}")

    assert f"{command[-1]} must be a whole number from 1 to 1000000;" in said


@pytest.mark.parametrize("title", BAD_TITLES, ids=lambda text: ascii(text[:9]))
def test_a_title_is_one_line_that_a_terminal_can_show(refused, title):
    said = refused("sprint", "create", "s1", "--title", title)

    assert said == "a title is one line of at most 200 characters (--title)"


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--profile", "nope", "no profile 'nope'; there are: quick, full"),
        ("--profile", "QUICK", "no profile 'QUICK'; there are: quick, full"),
        ("--profile", "quick ", "no profile 'quick '; there are: quick, full"),
        ("--profile", "a\nb", r"no profile 'a\nb'; there are: quick, full"),
        ("--deadline", "never", "no deadline 'never'; there are: warn, stop"),
        ("--deadline", "5m", "no deadline '5m'; there are: warn, stop"),
    ],
)
def test_a_profile_and_a_deadline_are_of_the_known_ones(refused, option, value, words):
    assert refused("sprint", "create", "s1", option, value) == f"{words} ({option})"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a" * (1024 * 1024 + 1), "is larger than 1048576 bytes"),
        (b"\xff\xfe", "is not UTF-8 (byte 0)"),
        (b"fine until here \xc3", "is not UTF-8 (byte 16)"),
        ("UTF-16".encode("utf-16"), "is not UTF-8 (byte 0)"),
        (b"\x00\x01\x02", "holds a NUL"),
    ],
    ids=["too large", "no UTF-8", "torn UTF-8", "UTF-16", "NUL"],
)
def test_a_brief_is_a_short_text(refused, tmp_path, content, words):
    brief = tmp_path / "brief.md"
    brief.write_bytes(content)

    assert words in refused("sprint", "create", "s1", "--brief-file", str(brief))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nowhere.md", "cannot be read: No such file or directory"),
        ("nowhere\x1b[31m.md", r"nowhere\x1b[31m.md cannot be read"),
        (".", "cannot be read: Is a directory"),
        ("", "cannot be read: Is a directory"),
        ("a" * 300, "cannot be read: File name too long"),
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_a_brief_that_cannot_be_read_makes_no_sprint(refused, path, words):
    assert words in refused("sprint", "create", "s1", "--brief-file", path)


@pytest.mark.skipif(os.name == "nt", reason="no such device")
def test_a_brief_without_end_is_not_read_to_its_end(refused):
    said = refused("sprint", "create", "s1", "--brief-file", "/dev/zero")

    assert said == "/dev/zero is larger than 1048576 bytes; shorten the brief"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--set", "fix_attempts"], "--set 'fix_attempts' is not KEY=VALUE"),
        (["--set", "=1"], "--set '=1' is not KEY=VALUE"),
        (["--set", "a=1", "--set", "a=2"], "--set a is given twice"),
        (["--set", "fix_attempts=21"], "fix_attempts must be a whole number from 0 to 20"),
        (["--set", "rerun_red=1"], "rerun_red must be true or false"),
        (["--set", "implementer=sam"], "implementer must be an agent from agent_01 to agent_15"),
        (["--set", "created_by=sam"], "created_by is written by the gateway alone"),
        (["--set", "a=NaN"], "meta holds a value that is not JSON"),
        (["--set", "a\nb=1"], "a key of meta is one line of 1 to 100 characters"),
        (["--brief-file", "nowhere"], "nowhere cannot be read"),
        (["--title", "a\nb"], "a title is one line of at most 200 characters"),
    ],
)
@pytest.mark.parametrize("act", ["create", "edit"])
def test_settings_that_no_sprint_takes(refused, in_status, act, argv, words):
    sprint_id = in_status("created")

    assert words in refused("sprint", act, "s2" if act == "create" else sprint_id, *argv)


def test_an_edit_of_nothing_is_refused(refused, in_status):
    said = refused("sprint", "edit", in_status("created"))

    assert said == "nothing to change; add --title, --brief or --set KEY=VALUE"


@pytest.mark.parametrize("act", ["create", "edit"])
def test_a_brief_is_given_in_one_way(refused, in_status, tmp_path, act):
    sprint_id = in_status("created")
    (tmp_path / "brief").write_text("one")

    brief = ["--brief-file", str(tmp_path / "brief"), "--set", "brief=other"]

    name = "s2" if act == "create" else sprint_id
    assert "--brief-file and --set brief" in refused("sprint", act, name, *brief)
