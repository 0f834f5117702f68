"""Test that a command which only a shell can run is refused with the way to type it."""

import pytest
from django.core.exceptions import ValidationError

from gates.command_line import NeedsShell, joining, split
from sprints.admin import forms
from tests import studio


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("true && false", "&&"),
        ("true||false", "||"),
        ("true; false", ";"),
        ("cat a | wc", "|"),
        ("make > log", ">"),
        ("make 2>&1", "2>&"),
        ("make >>log", ">>"),
        ("wc < a", "<"),
        ("serve &", "&"),
        ("echo $HOME", "$H"),
        ("echo ${HOME}", "${"),
        ("echo $(date)", "$("),
        ("echo `date`", "`"),
        ("cd src", "cd"),
        ("source env.sh", "source"),
        ("if true", "if"),
        ("FAST=1 pytest", "FAST="),
        ("echo 'a' && echo \"b\"", "&&"),
    ],
)
def test_what_only_a_shell_understands_is_refused_with_the_way_to_say_it(text, named):
    with pytest.raises(NeedsShell) as refused:
        split(text)

    assert f"so {named} does nothing; write: sh -c '" in str(refused.value)
    way = str(refused.value).partition("write: ")[2].partition(", or ")[0]
    assert split(way) == ("sh", "-c", text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sh -c 'true && false'", ("sh", "-c", "true && false")),
        ("find . -exec ls {} \\;", ("find", ".", "-exec", "ls", "{}", ";")),
        ('awk -F "|" x', ("awk", "-F", "|", "x")),
        ("grep foo$", ("grep", "foo$")),
        ("curl http://a/?b=1&c=2", ("curl", "http://a/?b=1&c=2")),
        ("pip install a>=2", ("pip", "install", "a>=2")),
        ("agent {prompt_file} --model={model}", ("agent", "{prompt_file}", "--model={model}")),
        ("make CFLAGS=-O2", ("make", "CFLAGS=-O2")),
        ("", ()),
    ],
)
def test_what_needs_no_shell_is_split_as_before(text, words):
    assert split(text) == words


def test_an_open_quotation_is_no_matter_of_a_shell():
    with pytest.raises(ValueError, match="No closing quotation"):
        split("echo 'a")


def test_words_that_join_commands_are_found_in_a_list():
    assert "&& does nothing" in joining(("true", "&&", "false"))
    assert joining(("sh", "-c", "true && false")) == ""
    assert joining(("expr", "1", "|", "2")) == ""


@pytest.mark.parametrize(
    "argv",
    [
        ("gate", "set", "qa_smoke_quick", "--command", "true && false"),
        ("gate", "add", "g2", "--command", "true; false"),
        ("agent", "set", "agent_01", "--command", "true | false"),
        ("hook", "add", "h1", "--on", "error", "--command", "true > a"),
    ],
)
def test_every_command_refuses_it_in_one_line(invoke, argv):
    said = invoke(*argv)

    assert (said.code, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert "write: sh -c 'true" in said.err


def test_a_toml_file_and_a_gate_of_an_older_version_are_judged_by_their_words(store, invoke):
    path = store.repo / "agents.toml"
    path.write_text('[agent_01]\nrunner = "command"\ncommand = ["true", "&&", "false"]\n')

    said = invoke("agent", "import", str(path))
    assert said.code == 2
    assert "write: sh -c 'true && false'" in said.err

    studio.forge("gate", command=["true", "&&", "false"])
    assert "so && does nothing" in invoke("doctor").out


def test_the_back_office_refuses_it_at_the_field():
    with pytest.raises(ValidationError, match="write: sh -c 'true && false'"):
        forms.split("true && false")
