"""``backup``: a copy of the store as of one moment."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from sprints import operations
from sprints.management.base import GatewayCommand


class Command(GatewayCommand):
    """Copy everything but config.json; sprints go on meanwhile."""

    help = (
        "Copy database, events, state.json and evidence as of one moment, while sprints go on."
        " Your token and key stay here: after a restore, init makes new ones."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("target", type=Path, metavar="TARGET", help="a folder, or X.tar.gz")
        parser.add_argument("--json", action="store_true", help="a JSON object")

    def handle(self, *, target: Path, **options: Any) -> None:
        """Copy, and say how much there was."""
        try:
            done = operations.backup(target)
        except OSError as exc:
            raise CommandError(f"{exc.filename or target}: {exc.strerror or exc}") from exc
        if options["json"]:
            self.stdout.write(json.dumps(asdict(done), indent=2, sort_keys=True))
        else:
            self.stdout.write(f"{done.path}: {done.files} files, {done.size_bytes} bytes")
