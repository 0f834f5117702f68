"""Write docs/commands.md from the parsers of the commands."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "commands.md"

PAGE = """\
# Commands

For everyone who types commands. This page lists every command with its arguments and exit codes.
`python tools/commands.py` writes it from the code, and a test compares the two. In the terminal,
`studio-gateway COMMAND --help` prints the same text.

`studio-gateway X`, `python -m studio_gateway X` and `python manage.py X` are the same command.
A command works on the Git repository of the current folder. To use another repository, set the
variable `STUDIO_GATEWAY_REPO`. Django's own commands, such as `migrate` and `shell`, work as well.

{index}

## Exit codes

{exits}

A command that is refused changes nothing.

{commands}
"""

EXITS = (
    ("0", "The command succeeded."),
    ("1", "The sprint failed or was cancelled, or a check found a problem."),
    ("2", "Wrong input, or the gateway refused the command. One line on stderr says why."),
    ("3", "The sprint is blocked or paused and waits for a person."),
    ("130", "You stopped the command with Ctrl-C."),
    ("143", "SIGTERM stopped a running sprint. `sprint run ID` continues it."),
)


def text() -> str:
    """Return the page; Django is set up."""
    from gateway_project.cli import OURS
    from sprints.management.base import described
    from tools.configuration import table

    return PAGE.format(
        index=table(
            ("command", "purpose"),
            ((f"[`{name}`](#{name})", described(what)) for name, what in OURS.items()),
        ),
        exits=table(("code", "meaning"), EXITS),
        commands="\n\n".join(part for name in OURS for part in _command(name)),
    )


def _command(name: str) -> Iterator[str]:
    """Yield the parts of one command: its heading, and the same for its subcommands."""
    from django.core.management import get_commands, load_command_class

    command = load_command_class(str(get_commands()[name]), name)
    yield from _parts(f"## {name}", command.create_parser("studio-gateway", name))


def _parts(heading: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    from tools.configuration import table

    shown = [one for one in parser._actions if one.help != argparse.SUPPRESS and one.dest != "help"]
    groups = [one for one in shown if isinstance(one, argparse._SubParsersAction)]
    yield heading
    yield str(parser.description)
    for group in groups:
        for name, one in group.choices.items():
            yield from _parts(f"#{heading} {name}", one)
        return
    yield f"`{_usage(parser.prog, shown)}`"
    if shown:
        yield table(("argument", "meaning"), ((_name(one), _meaning(one)) for one in shown))
    if parser.epilog:
        yield parser.epilog


def _usage(prog: str, shown: list[argparse.Action]) -> str:
    options = [one for one in shown if one.option_strings]
    words = [prog]
    words += [f"{one.option_strings[0]} {_value(one)}" for one in options if one.required]
    words += ["[OPTIONS]"] * any(not one.required for one in options)
    for one in shown:
        if not one.option_strings:
            word = "|".join(one.choices) if one.choices else str(one.metavar)
            shapes = {"None": word, "?": f"[{word}]", "*": f"[{word}…]"}
            words.append(shapes.get(str(one.nargs), f"{word}…"))
    return " ".join(words)


def _name(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"`{action.metavar or ' or '.join(action.choices or ())}`"
    if action.nargs == 0:
        return ", ".join(f"`{one}`" for one in action.option_strings)
    return f"`{action.option_strings[-1]} {_value(action)}`"


def _value(action: argparse.Action) -> str:
    return str(action.metavar or action.dest.upper())


def _meaning(action: argparse.Action) -> str:
    from sprints.management.base import described

    choices = (
        f"One of: {', '.join(action.choices)}." if action.choices and not action.metavar else ""
    )
    required = "Required." if action.option_strings and action.required else ""
    return described(str(action.help), f"{choices} {required}".strip())


def main() -> int:
    """Write the file; return the exit code."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
    import django

    django.setup()
    FILE.write_text(text(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
