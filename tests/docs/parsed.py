"""Check that a ``studio-gateway …`` in a page is accepted by our parsers."""

import argparse
import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from django.core.management import CommandError, get_commands, load_command_class

from gateway_project.cli import OURS
from tests.docs.pages import blocks, spans

CALLED = re.compile(
    r"(?:(?<=bin/)|(?<![\w/.-]))(?:studio-gateway|python -m studio_gateway|manage\.py) +([a-z-].*)"
)
TEXT = re.compile(r"""(['"])….*?\1""")
NUMBERS = {"N", "M", "S", "PORT", "BYTES"}
IGNORED = {"", "--help", "X", "COMMAND", "OPTIONS"}  # they stand for other words


def named(page: Path) -> Iterator[str]:
    """What follows the program's name wherever it stands in code, and the pieces of code that begin
    with one of our commands and say more than its name.
    """
    for text in spans(page):
        if found := CALLED.match(text):
            yield found[1]
        elif text.partition(" ")[0] in OURS and " " in text:
            yield text
    for block in blocks(page):
        for line in block.text.replace("\\\n", " ").splitlines():
            for found in CALLED.finditer(line):
                yield _first(found[1])


def _first(line: str) -> str:
    """``line`` up to where a shell would begin something else."""
    words = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
    words.whitespace_split = True
    return shlex.join(itertools.takewhile(lambda word: word[:1] not in "|&;<>()", words))


def refusal(text: str) -> str:
    """Why ``studio-gateway TEXT`` cannot be typed; empty where it can. What is missing is forgiven,
    ``[…]`` may be given, and each of ``a|b`` is tried.
    """
    words = [word.strip("[]…") for word in shlex.split(TEXT.sub("T", text), comments=True)]
    choices = [word.split("|") for word in words if word not in IGNORED]
    for taken in itertools.product(*choices):
        if taken and (why := _refusal(["1" if word in NUMBERS else word for word in taken])):
            return f"{' '.join(taken)}: {why}"
    return ""


def _refusal(words: list[str]) -> str:
    name, *rest = words
    if name in ("help", "--version"):
        return ""
    home = get_commands().get(name)
    if home is None:
        return f"there is no command {name}"
    parser = load_command_class(str(home), name).create_parser("studio-gateway", name)
    _forgive(parser)
    try:
        parser.parse_args(rest)
    except (SystemExit, CommandError) as exc:
        return str(exc) or "refused"
    return ""


def _forgive(parser: argparse.ArgumentParser) -> None:
    """Let the parser do without what it asks for."""

    def error(message: str) -> None:
        raise CommandError(message)

    parser.error = error  # type: ignore[method-assign,assignment]
    for action in parser._actions:
        action.required = False
        if isinstance(action, argparse._SubParsersAction):
            for one in set(action.choices.values()):
                _forgive(one)
        elif action.nargs is None:
            action.nargs = "?"
        elif action.nargs == "+":
            action.nargs = "*"
