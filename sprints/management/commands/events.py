"""``events``: print the event stream, oldest first."""

import contextlib
import json
import signal
import time
from argparse import ArgumentParser
from collections.abc import Iterable

from sprints import queries
from sprints.management.base import GatewayCommand, whole_number
from sprints.models import Event

LOOK_S = 0.2


count = whole_number(1, 1_000_000)


class Command(GatewayCommand):
    """Print events as JSON."""

    help = "Print the last events as a JSON array, oldest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--tail", type=count, default=200, metavar="N", help="number of events (default 200)"
        )
        parser.add_argument("--sprint", metavar="ID", help="print only events of this sprint")
        parser.add_argument(
            "--follow",
            action="store_true",
            help="print each event on one line, and keep printing new events until Ctrl-C",
        )

    def handle(self, *, tail: int, sprint: str | None, follow: bool, **options: object) -> None:
        """Print the events; with --follow, keep printing new ones."""
        if sprint is not None:
            queries.get(sprint)
        events = queries.last_events(tail, sprint)
        if not follow:
            self.stdout.write(
                json.dumps([event.body for event in events], indent=2, sort_keys=True)
            )
            return
        seq = events[-1].seq if events else 0
        self._print(events, seq)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):  # the normal way to stop
            while True:
                time.sleep(LOOK_S)
                seq = self._print(queries.events_after(seq, sprint), seq)

    def _print(self, events: Iterable[Event], seq: int) -> int:
        for event in events:
            self.stdout.write(event.line)
            seq = max(seq, event.seq)
        self.stdout.flush()
        return seq
