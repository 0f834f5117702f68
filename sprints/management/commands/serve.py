"""``serve``: run the web server and the workers."""

import contextlib
import os
import sys
from argparse import ArgumentParser
from functools import partial

from django.conf import settings

from sprints.management.base import GatewayCommand, whole_number
from sprints.management.commands.worker import add_workers, end_if_lost
from sprints.management.stop_signals import Stop, sleep
from sprints.management.web import Web
from sprints.store.config import BIND_HOST, PORT, read_config
from sprints.store.presence import Presence


class Command(GatewayCommand):
    """Run the web server and the workers until SIGTERM or Ctrl-C."""

    help = (
        "Run the web server and the workers until SIGTERM or Ctrl-C."
        " If you close the terminal, it goes on; then stop it with kill and the process id that it"
        " has printed. When you start it again, it continues the sprints that were running."
    )
    exits = {
        0: "stopped by SIGTERM or Ctrl-C",
        1: "the web server failed, or the store was deleted",
    }

    requires_system_checks = "__all__"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--host",
            metavar="H",
            help="address to listen on (default: bind_host in config.json, else 127.0.0.1)",
        )
        parser.add_argument(
            "--port",
            type=whole_number(1, 65535),
            metavar="N",
            help="port to listen on (default: port in config.json, else 18790)",
        )
        parser.add_argument("--no-workers", action="store_true", help="run only the web server")
        add_workers(parser)

    def handle(
        self,
        *,
        host: str | None,
        port: int | None,
        no_workers: bool,
        name: str,
        workers: int,
        **options: object,
    ) -> None:
        """Listen, start the workers, print the address; stop in reverse order."""
        config = read_config(settings.STORE.config)
        listens = config.get("bind_host", BIND_HOST) if host is None else host
        web = Web(listens, port or config.get("port", PORT))
        asked = Stop()
        with contextlib.ExitStack() as stack:
            stay = sleep
            if not no_workers:
                from sprints import operations
                from sprints.queue.supervisor import Supervisor

                watch = stack.enter_context(Supervisor(name, workers))
                stay = partial(watch.run, chore=operations.fire_schedules)
            stack.enter_context(web)
            self._say(web, "no" if no_workers else workers, name)
            store = stack.enter_context(contextlib.closing(Presence(settings.STORE)))
            stay(lambda: asked() or store.is_lost() or not web.is_alive())
            end_if_lost(store)
        if not asked():
            sys.stderr.write("error: the web server stopped unexpectedly; start serve again\n")
            sys.exit(1)
        self.stdout.write("stopped; start it again to continue the sprints that were running")

    def _say(self, web: Web, workers: int | str, name: str) -> None:
        self.stdout.write(web.url)
        self.stdout.write(f"{workers} workers on {name}; to stop: Ctrl-C or kill {os.getpid()}")
        show = f"print(json.load(open({str(settings.STORE.config)!r}))['auth_token'])"
        self.stdout.write(f'your token: python -c "import json; {show}"')
        self.stdout.flush()
        if not web.is_local:
            sys.stderr.write(
                "warning: other machines can reach this address, and the network can read your "
                "token; use a proxy with TLS (see deploy/README.md)\n"
            )
