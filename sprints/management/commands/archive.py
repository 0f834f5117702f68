"""``archive``: archive finished sprints, or restore them."""

import json
from argparse import ArgumentParser

from sprints import operations
from sprints.management.base import GatewayCommand
from sprints.management.cli_user import user


class Command(GatewayCommand):
    """Archive or restore all named sprints, or none of them."""

    help = (
        "Remove finished sprints from state.json and from all lists, or restore them."
        " Database rows, events and evidence stay."
    )
    writes = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("ids", nargs="+", metavar="ID", help="ids of sprints")
        parser.add_argument("--restore", action="store_true", help="restore archived sprints")
        parser.add_argument("--json", action="store_true", help="print JSON instead of text")

    def handle(self, *, ids: list[str], restore: bool, **options: object) -> None:
        """Archive or restore, and print the ids."""
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
                    self.stdout.write(f"kept the clone of {name}: {why}")
            self.stdout.write(f"to restore: studio-gateway archive --restore {' '.join(done)}")
