"""``config``: show and change the settings in config.json, never its secrets."""

import json
from argparse import ArgumentParser

from sprints import operations
from sprints.management.base import GatewayCommand, subcommand, subcommands
from sprints.management.cli_user import user


class Command(GatewayCommand):
    """Show the settings, change one."""

    help = "Show and change the settings in config.json (see docs/configuration.md)."
    writes = True
    asks = ("list",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the subcommands."""
        acts = subcommands(parser)
        listed = subcommand(acts, "list", "list all settings and their values")
        listed.add_argument("--json", action="store_true", help="print JSON instead of lines")
        turned = subcommand(
            acts, "set", "change a setting", more="Example: config set automation_paused true"
        )
        turned.add_argument("key", metavar="KEY", help="name of the setting")
        turned.add_argument("value", metavar="VALUE", help="new value, as JSON or plain text")

    def handle(self, *, act: str, key: str = "", value: str = "", **options: object) -> None:
        """Run the subcommand."""
        if act == "set":
            now = operations.configure(key, value, user())
            self.stdout.write(f"{key} is {json.dumps(now)}")
            return
        values = operations.configuration()
        if options["json"]:
            self.stdout.write(json.dumps(values, indent=2, sort_keys=True))
            return
        for name, now in sorted(values.items()):
            self.stdout.write(f"{name} = {json.dumps(now)}")
