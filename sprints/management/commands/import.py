"""``import``: import another store into a new gateway."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path

from django.core.management.base import CommandError

from sprints import operations
from sprints.management.base import GatewayCommand
from sprints.management.progress_bars import counted


class Command(GatewayCommand):
    """Import the whole store or nothing, and print what was damaged."""

    help = (
        "Import the store of another gateway into a new one, completely or not at all."
        " The command keeps this gateway's token. It lists damaged lines of events.jsonl and"
        " keeps them in a file."
        " Do not import a store that you do not trust: its gates and hooks are commands that this"
        " machine would run."
    )
    writes = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "path",
            type=Path,
            metavar="PATH",
            help="folder .studio_gateway, or an archive of export or backup",
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of text")

    def handle(self, *, path: Path, **options: object) -> None:
        """Import, and print the numbers and the damaged parts."""
        try:
            with counted("importing") as tell:
                done = operations.import_store(path, tell)
        except OSError as exc:
            raise CommandError(f"{exc.filename or path}: {exc.strerror or exc}") from exc
        if options["json"]:
            self.stdout.write(json.dumps(asdict(done), indent=2, sort_keys=True))
            return
        how = "with their hash chain" if done.chain else "in a new hash chain"
        self.stdout.write(
            f"imported: {done.sprints} sprints, {done.events} events {how}, {done.files} files"
        )
        for note in done.notes:
            self.stdout.write(f"note: {note}")
        if done.unexplained:
            self.stdout.write(f"kept aside: {done.unexplained}")
        for one in done.damaged:
            self.stdout.write(f"kept aside: line {one['line']}: {one['why']}")
        if done.damaged:
            self.stdout.write(f"see: {done.aside}")
        for name in done.left:
            self.stdout.write(f"left out: {name}")
        for name in done.astray:
            self.stdout.write(f"path kept, it is outside of the store: {name}")
