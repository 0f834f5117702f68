"""``backup``: copy the store as of one moment."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path

from django.core.management.base import CommandError

from sprints import operations
from sprints.management.base import GatewayCommand


class Command(GatewayCommand):
    """Copy everything except config.json, while sprints run."""

    help = (
        "Copy the database, events.jsonl, state.json and all logs. Sprints can run meanwhile."
        " The copy does not contain config.json with your token."
        " After a restore, init creates a new one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "target",
            type=Path,
            metavar="TARGET",
            help="new folder, or archive with a name like X.tar.gz",
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of text")

    def handle(self, *, target: Path, **options: object) -> None:
        """Copy, and print the number of files and bytes."""
        try:
            done = operations.backup(target)
        except OSError as exc:
            raise CommandError(f"{exc.filename or target}: {exc.strerror or exc}") from exc
        if options["json"]:
            self.stdout.write(json.dumps(asdict(done), indent=2, sort_keys=True))
        else:
            self.stdout.write(f"{done.path}: {done.files} files, {done.size_bytes} bytes")
