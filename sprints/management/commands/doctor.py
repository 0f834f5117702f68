"""``doctor``: is this installation sound, and what to type where it is not."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from sprints import doctor
from sprints.management.base import GatewayCommand


class Command(GatewayCommand):
    """Run every check; exit 1 when something has to be mended."""

    help = "Check Python, git, config.json, the database, the disk, the gates and the files."
    needs_store = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="a JSON array")

    def handle(self, **options: Any) -> None:
        """Print the findings."""
        found = list(doctor.findings())
        if options["json"]:
            self.stdout.write(json.dumps([asdict(one) for one in found], indent=2))
        else:
            from sprints.management import tables

            tables.findings(found)
        sys.exit(1 if any(one.level == "bad" for one in found) else 0)
