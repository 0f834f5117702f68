"""``upgrade``: a store of an older version, brought to this one."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path

from django.core.management.base import CommandError

from sprints import operations
from sprints.management.base import GatewayCommand
from sprints.management.commands.verify import worded
from sprints.management.progress_bars import counted


class Command(GatewayCommand):
    """Back up, migrate and verify; exit 1 if verify finds a difference."""

    help = (
        "Upgrade the store of an older version: back up, migrate the database, verify."
        " Stop all workers and sprints first. You can run the command again at any time."
    )
    exits = {0: "the store is upgraded and verified", 1: "verify found a difference"}
    needs_store = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--backup",
            type=Path,
            metavar="FILE",
            help="backup to write, X.tar.gz (default: in .studio_gateway/backups)",
        )
        parser.add_argument(
            "--backed-up", action="store_true", help="make no backup, because you have made one"
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of text")

    def handle(self, *, backup: Path | None, backed_up: bool, **options: object) -> None:
        """Upgrade, and print each step."""
        if backup and backed_up:
            raise CommandError("use --backup or --backed-up, not both")

        def say(text: str) -> None:
            if not options["json"]:
                self.stdout.write(text)
                self.stdout.flush()

        try:
            with counted("verifying") as tell:
                done = operations.upgrade(backup, backed_up=backed_up, say=say, tell=tell)
        except OSError as exc:
            raise CommandError(f"{exc.filename or backup}: {exc.strerror or exc}") from exc
        assert done.report, "an upgrade ends with verify"
        if options["json"]:
            self.stdout.write(json.dumps(asdict(done), indent=2, sort_keys=True))
        elif done.report.difference:
            self.stdout.write(f"differs: {done.report.difference.text}")
            if done.backup:
                self.stdout.write(f"to go back: {operations.way_back(done.backup)}")
        else:
            self.stdout.write(worded(done.report))
        sys.exit(1 if done.report.difference else 0)
