"""Test that a gate that could never judge is refused when it is set, not when it runs."""

import pytest

ADD = ("gate", "add", "g1")
SET = ("gate", "set", "qa_smoke_quick")
EMPTY = "the command is empty"
TIMEOUT = "timeout_s must be above 0 and at most 86400"
GRACE = "grace_s must be at least 0 and below timeout_s"
CAP = "cap_bytes must be above 0 and at most"

BAD_OPTIONS = [
    ("--network=https://pypi.org", "'https://pypi.org' is no host; write all, none, or hosts"),
    ("--network=", "write all, none, or hosts"),
    ("--network=localhost", "localhost needs a port"),
    ("--command=", EMPTY),
    ("--command=   ", EMPTY),
    ("--command=''", EMPTY),
    ("--command=' ' x", EMPTY),
    ("--command=sh -c 'exit", "the command cannot be split into words: No closing quotation"),
    ("--command=sh \\", "the command cannot be split into words: No escaped character"),
    ("--command=a\0b", "the command must be a list of UTF-8 texts without NUL"),
    ("--rounds=R9", "R9 is not a round; there are: R0_SETUP"),
    ("--rounds=R3,R9", "R9 is not a round"),
    ("--rounds=r3", "r3 is not a round"),
    ("--rounds=", "it runs in no round"),
    ("--profiles=nightly", "no profile 'nightly'; there are: quick, full"),
    ("--profiles=quick,Full", "no profile 'Full'; there are: quick, full"),
    ("--profiles=", "a gate belongs to at least one profile"),
    ("--title=", "a gate's title is one line of 1 to 200 characters"),
    ("--title= ", "a gate's title is one line of 1 to 200 characters"),
    (f"--title={'a' * 201}", "a gate's title is one line of 1 to 200 characters"),
    ("--title=a\nb", "a gate's title is one line of 1 to 200 characters"),
    ("--timeout=0", TIMEOUT),
    ("--timeout=-1", TIMEOUT),
    ("--timeout=1e12", TIMEOUT),
    ("--timeout=nan", TIMEOUT),
    ("--timeout=inf", TIMEOUT),
    ("--timeout=-inf", TIMEOUT),
    ("--timeout=5m", "argument --timeout: invalid float value: '5m'"),
    ("--timeout=", "argument --timeout: invalid float value: ''"),
    ("--grace=-1", GRACE),
    ("--grace=600", GRACE),
    ("--grace=601", GRACE),
    ("--grace=nan", GRACE),
    ("--grace=inf", GRACE),
    ("--grace=soon", "argument --grace: invalid float value: 'soon'"),
    ("--cap=0", CAP),
    ("--cap=-1", CAP),
    ("--cap=99999999999999999999", CAP),
    ("--cap=1e3", "argument --cap: invalid int value: '1e3'"),
    ("--cap=64M", "argument --cap: invalid int value: '64M'"),
    ("--env=NAME", "--env 'NAME' has no '='; write: --env NAME=VALUE"),
    ("--env=\x1b[2J", r"--env '\x1b[2J' has no '='"),
    ("--env==value", "'' cannot be set in an environment"),
    ("--env=A=a\0b", "'A' cannot be set in an environment"),
    ("--env=A\0B=a", r"'A\x00B' cannot be set in an environment"),
    ("--required=yes", "ignored explicit argument 'yes'"),
]


@pytest.mark.parametrize("command", [ADD, SET], ids=["add", "set"])
@pytest.mark.parametrize(("option", "words"), BAD_OPTIONS, ids=lambda text: ascii(text[:20]))
def test_a_gate_that_could_not_judge_is_not_kept(refused, command, option, words):
    whole = (
        command if option.startswith("--command") or command is SET else (*ADD, "--command=true")
    )

    assert words in refused(*whole, option)


def test_every_reason_of_a_gate_is_told_in_one_line(refused):
    said = refused(*SET, "--timeout=0", "--cap=0", "--profiles=x")

    assert [TIMEOUT in said, CAP in said, "no profile 'x'" in said] == [True, True, True]


@pytest.mark.parametrize("act", ["add", "set", "remove"])
@pytest.mark.parametrize(
    "gate_id", ["../x", "a b", "", "nul", "run", "a.", "a\udcff", "a\0b", "a" * 65], ids=ascii
)
def test_a_gate_id_is_a_folder_too(refused, act, gate_id):
    command = [] if act == "remove" else ["--command", "true"]

    said = refused("gate", act, gate_id, *command)

    assert "cannot be a gate id" in said


@pytest.mark.parametrize("act", ["set", "remove"])
def test_an_unknown_gate_is_named_and_the_list_is_pointed_out(refused, act):
    said = refused("gate", act, "nowhere")

    assert said == "no gate 'nowhere'; see: studio-gateway gate list"


def test_a_gate_that_is_there_is_not_added_again(refused):
    said = refused("gate", "add", "qa_smoke_quick", "--command", "true")

    assert said == "gate qa_smoke_quick already exists; change it with: studio-gateway gate set"


def test_a_gate_is_not_added_without_a_command(refused):
    assert refused("gate", "add", "g1") == 'a gate needs a command; add: --command "…"'
