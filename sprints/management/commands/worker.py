"""``worker``: run queued sprints in the background, on this host."""

import contextlib
import socket
import sys
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError
from typing import Literal

from django.conf import settings
from django.core.checks import Tags

from sprints.health.django_checks import QUEUE
from sprints.ids import GRAMMAR
from sprints.management.arguments import Options
from sprints.management.base import GatewayCommand, whole_number
from sprints.management.stop_signals import Stop
from sprints.store.presence import Presence

CheckArguments = dict[str | None, list[str] | tuple[str, ...] | Literal["__all__"] | None]


def add_workers(parser: ArgumentParser) -> None:
    """Declare the options of all commands that start workers."""
    parser.add_argument(
        "--workers",
        type=whole_number(1, 64),
        default=2,
        metavar="N",
        help="number of worker processes, 1 to 64 (default 2)",
    )
    parser.add_argument(
        "--name",
        type=host_name,
        default=socket.gethostname(),
        metavar="HOST",
        help="name of this host in status and on the dashboard (default: the machine's host name)",
    )


def end_if_lost(store: Presence) -> None:
    """Exit with 1 if the store was deleted; its workers are then killed, for they would remake it.

    Raises ``SystemExit``.
    """
    if store.is_lost():
        sys.stderr.write(
            f"error: the store {settings.STORE.root} was deleted or replaced; its work is stopped."
            " For a new store, run: studio-gateway init, then start this command again\n"
        )
        sys.exit(1)


def host_name(text: str) -> str:
    """Return ``text`` if it can be a host name, as an argparse type."""
    if not GRAMMAR.fullmatch(text):
        raise ArgumentTypeError(f"{text!a} is not a valid host name")
    return text


class Command(GatewayCommand):
    """Keep a cluster of workers at work until SIGTERM or Ctrl-C."""

    help = (
        "Run queued sprints until SIGTERM or Ctrl-C. If you close the terminal, it goes on. When"
        " you start it again, it continues the sprints that were running."
    )

    exits = {0: "stopped by SIGTERM or Ctrl-C", 1: "the store was deleted"}

    requires_system_checks = "__all__"  # for the queue's timeouts above all

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        add_workers(parser)
        parser.add_argument("--inside", type=int, metavar="PID", help=SUPPRESS)

    def get_check_kwargs(self, options: Options) -> CheckArguments:
        """Return the checks to run: all, but for a cluster only its own.

        Its supervisor has made the others, and those of the paths would load the whole web into
        each worker.
        """
        if options["inside"]:
            return {"tags": [Tags.models, QUEUE]}
        return super().get_check_kwargs(options)

    def handle(self, *, inside: int | None, name: str, workers: int, **options: object) -> None:
        """Supervise the workers, or run as their process."""
        if inside:
            from sprints.queue import cluster

            cluster.run(workers, inside)
            return
        from sprints import operations
        from sprints.queue.supervisor import Supervisor

        stop = Stop()
        with Supervisor(name, workers) as watch:
            self.stdout.write(f"{workers} workers on {name}; Ctrl-C stops them")
            self.stdout.flush()
            with contextlib.closing(Presence(settings.STORE)) as store:
                watch.run(lambda: stop() or store.is_lost(), operations.fire_schedules)
                end_if_lost(store)
        self.stdout.write("stopped; start it again to continue the sprints that were running")
