"""``adopt``: continue the record of a store that was restored from a backup."""

import json
from argparse import ArgumentParser
from dataclasses import asdict

from sprints import operations
from sprints.management.base import GatewayCommand
from sprints.management.cli_user import user


class Command(GatewayCommand):
    """Begin a new incarnation of the record, and print from where it continues."""

    help = (
        "Continue the record of a store that was restored from a backup. From now on, events carry"
        " the id of a new incarnation, so that a repeated seq is not ambiguous. The tags of later"
        " releases stay, and an events.jsonl with later events is kept under another name."
    )
    writes = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print JSON instead of text")

    def handle(self, **options: object) -> None:
        """Adopt the record, and print what it lacks."""
        done = operations.adopt(user())
        if options["json"]:
            self.stdout.write(json.dumps(asdict(done), indent=2, sort_keys=True))
            return
        after = f"the record continues after event {done.seq}"
        self.stdout.write(f"adopted: {after} as incarnation {done.incarnation}")
        for tag in (*done.newer.tags, *done.newer.unsure):
            self.stdout.write(f"not in the record: the release {tag}, whose tag stays")
        for name in done.newer.sprints:
            self.stdout.write(f"not in the record: the sprint {name}, whose branch stays")
        if done.kept.name:
            lost = f"{done.kept.events} events from seq {done.kept.from_seq} on"
            self.stdout.write(f"not in the record: {lost}, kept in {done.kept.name}")
