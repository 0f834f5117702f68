"""``export``: the record as one file that another gateway can import."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from sprints import operations
from sprints.management.base import GatewayCommand


class Command(GatewayCommand):
    """Pack state, events, switches and evidence; sprints go on meanwhile."""

    help = (
        "Pack state.json, events.jsonl, artifacts, and config.json without its secrets, as of one"
        " moment, into an archive that import takes, on this system or another, whatever database"
        " either has."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="X.tar.gz")
        parser.add_argument("--json", action="store_true", help="a JSON object")

    def handle(self, *, out: Path, **options: Any) -> None:
        """Pack, and say how much there was."""
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
