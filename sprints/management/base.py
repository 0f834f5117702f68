"""Base of all commands: help texts, one-line errors with exit code 2, complete files on return."""

import re
import sys
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Container, Mapping
from typing import TYPE_CHECKING, Literal, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from gates.problem import BadSettings
from sprints.models import Head
from sprints.state.refusals import Refused
from sprints.store.config import read_config
from sprints.store.layout import StoreError
from sprints.store.schema_version import NotReady, check_schema, unusable

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Group = _SubParsersAction["OneLineParser"]

# Options that Django adds to each command: accepted, but not in our help.
DJANGO_OPTIONS = "version verbosity settings pythonpath traceback no-color force-color"


UNCHANGED = "An option that you leave out does not change. The defaults are initial values."


class OneLineParser(CommandParser):
    """An argparse parser that reports an error in one line."""

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        """Refuse unknown arguments here: a subcommand names its own help, not its parent's."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known, unknown

    def error(self, message: str) -> NoReturn:
        """Print ``message`` and the command that shows the help, then exit with 2."""
        message = re.sub(r"^argument (\S+): must be ", r"\1 must be ", message)
        sys.stderr.write(f"error: {one_line(message)}; see: {self.prog} --help\n")
        sys.exit(2)


class GatewayCommand(BaseCommand):
    """A command of the gateway. Subclasses implement ``handle`` and raise ``SystemExit`` to end
    with an exit code.

    ``writes``: bring state.json and events.jsonl up to date before the command returns, except
    after the subcommands in ``asks``, which only read. ``exits``: the exit codes for the help.
    ``fields``: the option that sets a field of a refusal, where their names differ.
    """

    suppressed_base_arguments = {f"--{name}" for name in DJANGO_OPTIONS.split()}
    exits: Mapping[int, str] = {}
    requires_system_checks: list[str] | Literal["__all__"] = []
    needs_store = True
    writes = False
    asks: Container[str] = ()
    fields: Mapping[str, str] = {}

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: object) -> CommandParser:
        """Return Django's parser, with one-line errors and the exit codes in its help."""
        kwargs["epilog"] = worded_exits(self.exits)
        parser = super().create_parser("studio-gateway", subcommand, **kwargs)
        parser.__class__ = OneLineParser
        for action in parser._actions:
            if action.dest == "skip_checks":  # Django adds it separately
                action.help = SUPPRESS
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        """Run the command. Ctrl-C ends it with exit code 130."""
        try:
            super().run_from_argv(argv)
        except KeyboardInterrupt:
            sys.exit(130)

    def execute(self, *args: object, **options: object) -> str | None:
        """Check the store, run the command, bring the files up to date. Print a refusal as one
        line on stderr and exit with 2.
        """
        try:
            if self.needs_store:
                read_config(settings.STORE.config)
                check_schema()
            usable = True
            try:
                return super().execute(*args, **options)
            except (StoreError, DatabaseError):
                usable = False
                raise
            finally:
                if self.writes and usable and options.get("act") not in self.asks:
                    from sprints import operations  # slow: loads the engine

                    operations.settle_files()
        except (Refused, BadSettings) as exc:
            self._refuse(self._with_options(exc, options) or str(exc))
        except (StoreError, CommandError) as exc:
            self._refuse(str(exc))
        except Head.DoesNotExist:
            self._refuse(str(NotReady("this store was never finished")))
        except DatabaseError as exc:
            self._refuse(str(unusable(exc)))

    def _with_options(self, exc: Refused | BadSettings, known: Container[str]) -> str:
        """Return the problems as one line, each with the option that sets its field."""
        return "; ".join(
            f"{problem.text} (--{option.replace('_', '-')})"
            if (option := self.fields.get(problem.field, problem.field)) in known
            else problem.text
            for problem in exc.problems
        )

    def _refuse(self, text: str) -> NoReturn:
        self.stdout.flush()
        sys.stderr.write(f"error: {one_line(text)}\n")
        sys.exit(2)


def one_line(text: str) -> str:
    """Return ``text`` on one line, with escapes for characters that move a terminal's cursor."""
    words = " ".join(text.split())
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in words)


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return an argparse type for a whole number from ``low`` to ``high``."""

    def number(text: str) -> int:
        digits = text.lstrip("0") or "0"
        known = text.isascii() and text.isdecimal() and len(digits) <= len(str(high))
        if not known or not low <= int(digits) <= high:
            raise ArgumentTypeError(f"must be a whole number from {low} to {high}")
        return int(digits)

    return number


def subcommands(parser: ArgumentParser) -> "Group":
    """Return the group of a parser's subcommands, for ``subcommand``."""
    return parser.add_subparsers(
        dest="act",
        required=True,
        metavar="SUBCOMMAND",
        title="subcommands",
        parser_class=OneLineParser,
    )


def subcommand(
    group: "Group", name: str, what: str, *, more: str = "", exits: Mapping[int, str] | None = None
) -> ArgumentParser:
    """Add a subcommand and return its parser.

    ``what`` is its line in the help of the command; with ``more`` it is the description in its own
    help. ``exits`` are its exit codes.
    """
    return group.add_parser(
        name, help=what, description=described(what, more), epilog=worded_exits(exits or {})
    )


def described(what: str, more: str = "") -> str:
    """Return ``what`` as a sentence, followed by ``more``."""
    return f"{what[0].upper()}{what[1:]}. {more}".strip()


def worded_exits(exits: Mapping[int, str]) -> str:
    """Return exit codes as the text below a help page: ``Exit codes: 0 passed; 1 failed.``"""
    known = "; ".join(f"{code} {meaning}" for code, meaning in exits.items())
    return f"Exit codes: {known}." if known else ""
