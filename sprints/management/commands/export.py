"""``export``: write an archive that another gateway can import."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path

from django.core.management.base import CommandError

from sprints import operations
from sprints.management.base import GatewayCommand


class Command(GatewayCommand):
    """Pack state, events, settings and evidence, while sprints run."""

    help = (
        "Write state.json, events.jsonl, artifacts and the settings to an archive, without secrets."
        " Another gateway can import the archive, even if it uses another database."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--out", type=Path, required=True, metavar="FILE", help="archive to write, X.tar.gz"
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of text")

    def handle(self, *, out: Path, **options: object) -> None:
        """Pack, and print the number of sprints, events, files and bytes."""
        try:
            done = operations.export(out)
        except OSError as exc:
            raise CommandError(f"{exc.filename or out}: {exc.strerror or exc}") from exc
        if options["json"]:
            self.stdout.write(json.dumps(asdict(done), indent=2, sort_keys=True))
            return
        self.stdout.write(
            f"{done.path}: {done.sprints} sprints, {done.events} events,"
            f" {done.files} files, {done.size_bytes} bytes"
        )
