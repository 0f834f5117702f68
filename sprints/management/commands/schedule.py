"""``schedule``: list, add, set, on, off, remove: a sprint whenever a cron is due."""

import json
from argparse import ArgumentParser
from typing import Any

from sprints import operations, queries
from sprints.contract.contract import DEADLINES, PROFILES
from sprints.management.base import GatewayCommand, subcommands
from sprints.management.cli_user import read_brief, tell_who_works, user


class Command(GatewayCommand):
    """Everything that is done to a schedule."""

    help = "Have a sprint made and started whenever a cron is due."
    writes = True
    asks = ("list",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the acts and their options."""
        acts = subcommands(parser)
        listed = acts.add_parser("list", help="all schedules and when they are due")
        listed.add_argument("--json", action="store_true", help="a JSON array")
        add = acts.add_parser("add", help='add one: schedule add nightly --cron "0 2 * * *"')
        change = acts.add_parser("set", help="change what is given")
        for made in (add, change):
            made.add_argument("id", metavar="ID")
            made.add_argument(
                "--cron", required=made is add, help="minute hour day month weekday, quoted"
            )
            made.add_argument("--zone", metavar="Z", help="as Europe/Berlin (this machine's)")
            made.add_argument("--title", help="of its sprints (their id)")
            made.add_argument("--brief-file", metavar="F", help="a text file with the brief")
            made.add_argument("--profile", metavar="P", help=" or ".join(PROFILES))
            made.add_argument("--deadline", metavar="D", help=" or ".join(DEADLINES))
        for name, what in (
            ("on", "let it fire from its next time on"),
            ("off", "keep it, and let it not fire"),
            ("remove", "forget it; its sprints stay"),
        ):
            acts.add_parser(name, help=what).add_argument("id", metavar="ID")

    def handle(self, *, act: str, **options: Any) -> None:
        """Translate the act into its operation."""
        if act == "list":
            self._list(options)
        elif act == "remove":
            operations.remove_schedule(options["id"], user())
            self.stdout.write(f"removed schedule {options['id']}")
        else:
            row = self._keep(act, options)
            when = queries.local(row.next_at, row.zone) if row.next_at else "never: it is off"
            self.stdout.write(f"schedule {row}; next: {when}")
            if row.enabled:
                tell_who_works(self.stdout)

    def _keep(self, act: str, options: dict[str, Any]) -> Any:
        if act in ("on", "off"):
            return operations.turn_schedule(options["id"], user(), on=act == "on")
        values = {
            name: options[name]
            for name in ("cron", "zone", "title", "profile", "deadline")
            if options[name] is not None
        }
        if options["brief_file"] is not None:
            values["brief"] = read_brief(options["brief_file"])
        put = operations.add_schedule if act == "add" else operations.set_schedule
        return put(options["id"], user(), **values)

    def _list(self, options: dict[str, Any]) -> None:
        rows = queries.schedules()
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2, sort_keys=True))
            return
        from sprints.management import tables

        tables.schedules(rows)
