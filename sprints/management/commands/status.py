"""``status``: show running, waiting and finished sprints."""

import json
import sys
from argparse import ArgumentParser

from sprints import queries
from sprints.management.base import GatewayCommand
from sprints.queue import enqueue

SHOWN = 20


class Command(GatewayCommand):
    """Print a table for people, JSON for programs."""

    help = "Show running, waiting and finished sprints. In a pipe, the command prints JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")

    def handle(self, **options: object) -> None:
        """Print the status."""
        facts = queries.status()
        if facts["hosts"]:  # without a host nothing was ever queued, and django-q stays unloaded
            facts["queue"] = enqueue.depth()
        if options["json"] or not sys.stdout.isatty():
            self.stdout.write(json.dumps(facts, indent=2, sort_keys=True))
            return
        from sprints.management import tables

        tables.status(facts, queries.newest(SHOWN))
