"""``rebuild``: rebuild the database from events.jsonl."""

import sys
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import CommandError

from sprints import operations
from sprints.management.base import GatewayCommand
from sprints.management.progress_bars import counted

ACCOUNTS = (
    "users, passwords and tokens, which are no part of the record; add them again with:"
    " studio-gateway user add, studio-gateway token create"
)


class Command(GatewayCommand):
    """Fill an empty database, or compare the existing one; exit 1 at the first difference."""

    help = (
        "Fill an empty database from events.jsonl: sprints, rounds, tasks, gate runs, gates,"
        " agents, hooks and schedules. With --check, compare every row with the events instead."
    )
    exits = {0: "rebuilt, or all rows agree", 1: "with --check: a row differs from the events"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--check",
            action="store_true",
            help="compare the database with the events, and write nothing",
        )
        parser.add_argument(
            "--from",
            dest="file",
            type=Path,
            metavar="FILE",
            help="events file to read (default: events.jsonl of the store)",
        )

    def execute(self, *args: object, **options: object) -> str | None:
        """Require a store for --check; a rebuild creates it."""
        self.needs_store = bool(options.get("check"))
        self.writes = not self.needs_store
        return super().execute(*args, **options)

    def handle(self, *, check: bool, file: Path | None, **options: object) -> None:
        """Compare or rebuild, and print the number of rows."""
        if check and file:
            raise CommandError("--check reads the events of the store; remove --from")
        try:
            with counted("comparing" if check else "rebuilding") as tell:
                done = operations.check_rebuild(tell) if check else operations.rebuild(file, tell)
        except OSError as exc:
            raise CommandError(f"{exc.filename}: {exc.strerror or exc}") from exc
        if done.difference:
            self.stdout.write(f"differs: {done.difference}")
            sys.exit(1)
        recorded = ", ".join(f"{count} {kind}" for kind, count in sorted(done.rows.items()))
        self.stdout.write(f"{'agree' if check else 'rebuilt'}: {recorded}")
        if done.torn_bytes:
            self.stdout.write(f"left out: {done.torn_bytes} bytes of a torn last line")
        for line in () if check else (*done.lost, ACCOUNTS):
            self.stdout.write(f"left out: {line}")
