"""Test that docs/commands.md agrees with the parsers, and that every help text is complete."""

import argparse
import re

import pytest
from django.core.management import get_commands, load_command_class

from gateway_project.cli import OURS
from tools import commands

BASE = "-h"  # argparse's own
NOT_ALONE = re.compile(r"^(of|as|also|and|or|for|to|in|it|its|that|what|who|with)\b", re.IGNORECASE)


def parsers():
    """Every parser of ours and of its subcommands, by what is typed for it."""
    found = {}
    waiting = [
        load_command_class(str(get_commands()[name]), name).create_parser("studio-gateway", name)
        for name in OURS
    ]
    while waiting:
        parser = waiting.pop()
        found[parser.prog] = parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                waiting += action.choices.values()
    return found


PARSERS = parsers()


def test_the_committed_page_agrees_with_the_parsers():
    assert commands.FILE.read_text() == commands.text(), "write it: python tools/commands.py"


@pytest.mark.parametrize("name", PARSERS)
def test_every_help_text_stands_alone(name):
    parser = PARSERS[name]
    groups = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    lines = [choice.help for group in groups for choice in group._choices_actions]
    texts = {
        action.dest: action.help
        for action in parser._actions
        if BASE not in action.option_strings and action not in groups
    }

    assert parser.description, name
    assert [key for key, text in texts.items() if not text] == []
    assert [text for text in [*texts.values(), *lines] if NOT_ALONE.match(text or "")] == []


def test_every_command_of_ours_is_on_the_page():
    page = commands.FILE.read_text()

    missing = [
        name for name in PARSERS if f"# {name.removeprefix('studio-gateway ')}\n" not in page
    ]

    assert missing == []
