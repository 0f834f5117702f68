"""``config``: the switches of config.json, never its secrets."""

import json
from argparse import ArgumentParser
from typing import Any

from sprints import operations
from sprints.management.base import GatewayCommand, subcommands
from sprints.management.cli_user import user


class Command(GatewayCommand):
    """Show the switches, turn one."""

    help = "Show and turn the switches of config.json: automation_paused, gate_profile, …"
    writes = True
    asks = ("list",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the acts."""
        acts = subcommands(parser)
        listed = acts.add_parser("list", help="every switch and its value")
        listed.add_argument("--json", action="store_true", help="a JSON object")
        turned = acts.add_parser("set", help="turn a switch: config set automation_paused true")
        turned.add_argument("key", metavar="KEY")
        turned.add_argument("value", metavar="VALUE")

    def handle(self, *, act: str, **options: Any) -> None:
        """Translate the act into its operation."""
        if act == "set":
            now = operations.configure(options["key"], options["value"], user())
            self.stdout.write(f"{options['key']} is {json.dumps(now)}")
            return
        switches = operations.configuration()
        if options["json"]:
            self.stdout.write(json.dumps(switches, indent=2, sort_keys=True))
            return
        for key, value in sorted(switches.items()):
            self.stdout.write(f"{key} = {json.dumps(value)}")
