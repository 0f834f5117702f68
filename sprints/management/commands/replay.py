"""``replay``: check that this version makes the recorded decisions again."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict

from sprints import operations
from sprints.management.base import GatewayCommand
from sprints.management.progress_bars import number_of


class Command(GatewayCommand):
    """Replay every sprint; exit 1 at the first divergence."""

    help = (
        "Check that this version of the engine makes the same decisions as the recorded ones,"
        " event by event. The command feeds the recorded results of gates, agents, hooks and"
        " users to the engine. It runs nothing and"
        " changes nothing. Use it to test an upgrade."
    )
    exits = {0: "all events are the same", 1: "an event diverges"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "ids", nargs="*", metavar="ID", help="ids of sprints (default: all sprints)"
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of text")

    def handle(self, *, ids: list[str], **options: object) -> None:
        """Replay, and print the first divergence or the number of equal events."""
        with number_of("sprints replayed") as tell:
            done = operations.replay_all(ids, tell)
        found = done.divergence
        if options["json"]:
            self.stdout.write(json.dumps(asdict(done), indent=2, sort_keys=True))
        elif found:
            self.stdout.write(
                f"diverges: sprint {found.sprint_id}, event {found.seq}: {found.what}"
            )
            self.stdout.write(f"  recorded: {found.recorded}")
            self.stdout.write(f"  today:    {found.today}")
        else:
            left = f"; skipped {done.skipped} imported sprints" if done.skipped else ""
            self.stdout.write(
                f"the same: {done.sprints} sprints, {done.events} events"
                f" ({done.took_s:.1f} s){left}"
            )
        sys.exit(1 if found else 0)
