"""``import``: the record of another store, into a gateway in which nothing has happened."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from sprints import operations
from sprints.management.base import GatewayCommand
from sprints.management.progress_bars import counted


class Command(GatewayCommand):
    """Take over all of it or nothing, and say what was odd about it."""

    help = (
        "Take over another store, all of it or nothing: a folder .studio_gateway, one that holds"
        " state.json, events.jsonl, config.json and artifacts, or an archive which export or"
        " backup made. This gateway has to be new; its token stays. What is damaged is told, and"
        " kept aside."
    )
    writes = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("path", type=Path, metavar="PATH", help="a folder, or X.tar.gz")
        parser.add_argument("--json", action="store_true", help="a JSON object")

    def handle(self, *, path: Path, **options: Any) -> None:
        """Import, then say how much there was and what was not as it should be."""
        try:
            with counted("importing") as tell:
                done = operations.import_store(path, tell)
        except OSError as exc:
            raise CommandError(f"{exc.filename or path}: {exc.strerror or exc}") from exc
        if options["json"]:
            self.stdout.write(json.dumps(asdict(done), indent=2, sort_keys=True))
            return
        how = "with their hash chain" if done.chain else "in a hash chain of this gateway"
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
            self.stdout.write(f"kept as it is, for it leads to no store: {name}")
