"""``serve``: the web and the workers together, under one command."""

import contextlib
import sys
from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.conf import settings

from sprints.management.base import GatewayCommand, whole_number
from sprints.management.commands.worker import add_workers
from sprints.management.stop_signals import Stop, sleep
from sprints.management.web import Web
from sprints.store.config import BIND_HOST, PORT, read_config


class Command(GatewayCommand):
    """Answer on the web and carry queued sprints, until SIGTERM or Ctrl-C."""

    help = "Web and workers until SIGTERM or Ctrl-C; the next start goes on with what runs."

    requires_system_checks = "__all__"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--host", help="to listen on (bind_host in config.json, 127.0.0.1)")
        parser.add_argument(
            "--port",
            type=whole_number(1, 65535),
            metavar="N",
            help="to listen on (port in config.json, 18790)",
        )
        parser.add_argument("--no-workers", action="store_true", help="the web alone")
        add_workers(parser)

    def handle(self, **options: Any) -> None:
        """Listen, then start the workers, then say so; end in the opposite order."""
        config = read_config(settings.STORE.config)
        host = config.get("bind_host", BIND_HOST) if options["host"] is None else options["host"]
        web = Web(host, options["port"] or config.get("port", PORT))
        asked = Stop()
        with contextlib.ExitStack() as stack:
            stay = sleep
            if not options["no_workers"]:
                from sprints import operations
                from sprints.queue.supervisor import Watch

                watch = stack.enter_context(Watch(options["name"], options["workers"]))
                stay = partial(watch.run, chore=operations.fire_schedules)
            stack.enter_context(web)
            self._say(web, "no" if options["no_workers"] else options["workers"], options["name"])
            stay(lambda: asked() or not web.is_alive())
        if not asked():
            sys.stderr.write("error: the web server has ended by itself\n")
            sys.exit(1)
        self.stdout.write("stopped; what ran goes on with the next start")

    def _say(self, web: Web, workers: int | str, name: str) -> None:
        self.stdout.write(web.url)
        self.stdout.write(f"{workers} workers on {name}; Ctrl-C stops them and the web")
        show = f"print(json.load(open({str(settings.STORE.config)!r}))['auth_token'])"
        self.stdout.write(f'your token: python -c "import json; {show}"')
        self.stdout.flush()
        if not web.is_local:
            sys.stderr.write(
                "warning: other machines can reach this address, and whoever listens on the way "
                "reads the token; put a proxy with TLS before it\n"
            )
