"""``replay``: would today's engine do what was done?"""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from sprints import operations
from sprints.management.base import GatewayCommand
from sprints.management.progress_bars import number_of


class Command(GatewayCommand):
    """Live every sprint again; exit 1 at the first divergence."""

    help = (
        "Give today's engine all that operators, gates, agents and hooks did in each stored sprint,"
        " and see whether it decides what was decided, event by event: the test of an upgrade."
        " Changes nothing, and runs nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("ids", nargs="*", metavar="ID", help="these sprints, else all")
        parser.add_argument("--json", action="store_true", help="a JSON object")

    def handle(self, *, ids: list[str], **options: Any) -> None:
        """Replay, then say the first divergence, or how much was the same."""
        with number_of("sprints lived again") as tell:
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
            left = f"; {done.skipped} came from elsewhere" if done.skipped else ""
            self.stdout.write(
                f"the same: {done.sprints} sprints, {done.events} events"
                f" ({done.took_s:.1f} s){left}"
            )
        sys.exit(1 if found else 0)
