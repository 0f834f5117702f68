"""``upgrade``: a store of an older version, brought to this one."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from sprints import operations
from sprints.management.base import GatewayCommand
from sprints.management.commands.verify import worded
from sprints.management.progress_bars import counted


class Command(GatewayCommand):
    """Back up, migrate, verify; exit 1 where the record does not agree afterwards."""

    help = (
        "Bring a store of an older version to this one: back it up, migrate its database, verify"
        " its record. No worker and no sprint may be at work. It can be called again, whatever it"
        " died of; a store of this version is only verified."
    )
    needs_store = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--backup", type=Path, metavar="FILE", help="X.tar.gz (.studio_gateway/backups/…)"
        )
        parser.add_argument("--backed-up", action="store_true", help="there is a backup already")
        parser.add_argument("--json", action="store_true", help="a JSON object")

    def handle(self, *, backup: Path | None, backed_up: bool, **options: Any) -> None:
        """Take the steps, and say each."""
        if backup and backed_up:
            raise CommandError("either --backup or --backed-up; leave out one")

        def say(text: str) -> None:
            if not options["json"]:
                self.stdout.write(text)
                self.stdout.flush()

        try:
            with counted("verifying") as tell:
                done = operations.upgrade(backup, backed_up=backed_up, say=say, tell=tell)
        except OSError as exc:
            raise CommandError(f"{exc.filename or backup}: {exc.strerror or exc}") from exc
        assert done.report, "what was upgraded is verified"
        if options["json"]:
            self.stdout.write(json.dumps(asdict(done), indent=2, sort_keys=True))
        elif done.report.difference:
            self.stdout.write(f"differs: {done.report.difference.text}")
            if done.backup:
                self.stdout.write(f"as it was: {operations.way_back(done.backup)}")
        else:
            self.stdout.write(worded(done.report))
        sys.exit(1 if done.report.difference else 0)
