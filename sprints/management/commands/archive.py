"""``archive``: sprints that have ended, out of state.json and back."""

import json
from argparse import ArgumentParser
from typing import Any

from sprints import operations
from sprints.management.base import GatewayCommand
from sprints.management.cli_user import user


class Command(GatewayCommand):
    """Archive all that are named or none."""

    help = (
        "Take sprints that have ended out of state.json and out of all lists, to keep both short;"
        " --restore puts them back. Nothing is lost: rows, events and evidence stay where they are."
    )
    writes = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("ids", nargs="+", metavar="ID")
        parser.add_argument("--restore", action="store_true", help="put them back")
        parser.add_argument("--json", action="store_true", help="a JSON object")

    def handle(self, *, ids: list[str], restore: bool, **options: Any) -> None:
        """Do either, and say of which."""
        done = operations.restore(ids, user()) if restore else operations.archive(ids, user())
        kept = {} if restore else operations.tidy()
        word = "restored" if restore else "archived"
        if options["json"]:
            self.stdout.write(json.dumps({word: done}, indent=2))
            return
        self.stdout.write(f"{word} {', '.join(done)}")
        if not restore:
            for name, why in kept.items():
                if why:
                    self.stdout.write(f"the clone of {name} stays: {why}")
            self.stdout.write(f"back with: studio-gateway archive --restore {' '.join(done)}")
