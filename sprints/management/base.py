"""What all our commands share: one line and exit 2 for bad input, files complete on return."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Container
from typing import Any, Literal, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from sprints.contract.contract import ContractError
from sprints.models import Head
from sprints.state.refusals import Refused
from sprints.store.config import read_config
from sprints.store.layout import StoreError
from sprints.store.schema_version import NotReady, check_schema, unusable


class OneLineParser(CommandParser):
    """argparse whose complaint is one line."""

    def error(self, message: str) -> NoReturn:
        """Print ``message`` and where help is; exit 2."""
        sys.stderr.write(f"error: {one_line(message)}; see: {self.prog} --help\n")
        sys.exit(2)


class GatewayCommand(BaseCommand):
    """A command of the gateway. Subclasses write ``handle`` and raise ``SystemExit`` for a code.

    One that ``writes`` leaves complete files behind, but for its acts that only ask.
    """

    requires_system_checks: list[str] | Literal["__all__"] = []
    needs_store = True
    writes = False
    asks: Container[str] = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Django's parser, with complaints of one line."""
        parser = super().create_parser("studio-gateway", subcommand, **kwargs)
        parser.__class__ = OneLineParser
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        """Run, and word every refusal as one line on stderr with exit 2."""
        try:
            super().run_from_argv(argv)
        except KeyboardInterrupt:
            sys.exit(130)

    def execute(self, *args: Any, **options: Any) -> Any:
        """Check the store first, then act, then leave complete files behind."""
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
                    from sprints import operations  # the engine with it: not for those who ask

                    operations.settle_files()
        except (Refused, StoreError, ContractError, CommandError) as exc:
            self._refuse(str(exc))
        except Head.DoesNotExist:
            self._refuse(str(NotReady("this store was never finished")))
        except DatabaseError as exc:
            self._refuse(str(unusable(exc)))

    def _refuse(self, text: str) -> NoReturn:
        self.stdout.flush()
        sys.stderr.write(f"error: {one_line(text)}\n")
        sys.exit(2)


def one_line(text: str) -> str:
    """``text`` on one line, with an escape for whatever could move a terminal's cursor."""
    words = " ".join(text.split())
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in words)


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """An argparse type: a whole number from ``low`` to ``high``."""

    def number(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not low <= int(text) <= high:
            raise ValueError(text)
        return int(text)

    number.__name__ = f"whole number from {low} to {high}"
    return number


def subcommands(parser: ArgumentParser) -> Any:
    """A place for the words that follow a command's name."""
    return parser.add_subparsers(
        dest="act", required=True, metavar="ACT", title="acts", parser_class=OneLineParser
    )
