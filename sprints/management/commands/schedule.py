"""``schedule``: list and edit schedules."""

import json
from argparse import ArgumentParser

from sprints import operations, queries
from sprints.contract.contract import DEADLINES, PROFILES
from sprints.cron import days_of
from sprints.management.arguments import Options
from sprints.management.base import UNCHANGED, GatewayCommand, subcommand, subcommands
from sprints.management.cli_user import brief_of, tell_who_works, user
from sprints.models import Schedule


class Command(GatewayCommand):
    """Translate each subcommand into one operation on schedules."""

    help = "Create and start sprints on a cron schedule. Schedules work while serve or worker runs."
    writes = True
    asks = ("list",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the subcommands and their options."""
        acts, profiles = subcommands(parser), " or ".join(PROFILES)
        listed = subcommand(acts, "list", "list all schedules and their next times")
        listed.add_argument("--json", action="store_true", help="print JSON instead of a table")
        add = subcommand(
            acts,
            "add",
            "add a schedule",
            more="The fields mean the same as in Vixie cron. If the day or the weekday begins with"
            " *, a date must match both fields; otherwise one of them is enough. If the minute or"
            " the hour begins with *, the schedule is due at each time that the clock shows, so"
            " twice in an hour that a clock change repeats. Example, every night at 2:00: schedule"
            ' add nightly --cron "0 2 * * *"',
        )
        change = subcommand(acts, "set", "change a schedule", more=UNCHANGED)
        for made in (add, change):
            made.add_argument("id", metavar="ID", help="id of the schedule")
            made.add_argument(
                "--cron",
                required=made is add,
                metavar="CRON",
                help="five cron fields in quotes: minute, hour, day, month, weekday",
            )
            made.add_argument(
                "--zone",
                metavar="Z",
                help="time zone, such as Europe/Berlin (default: this machine's time zone)",
            )
            made.add_argument(
                "--title", metavar="T", help="title of the sprints (default: their ids)"
            )
            made.add_argument("--brief", metavar="TEXT", help="brief of the sprints")
            made.add_argument(
                "--brief-file",
                metavar="F",
                help="UTF-8 text file with the brief of the sprints, at most 1 MiB; - reads"
                " standard input",
            )
            made.add_argument(
                "--profile",
                metavar="P",
                help=f"set of gates to run: {profiles} (default: the setting gate_profile)",
            )
            made.add_argument(
                "--deadline",
                metavar="D",
                help=f"action when a round exceeds its time limit: {' or '.join(DEADLINES)}"
                " (default warn)",
            )
        for name, what in (
            ("on", "turn a schedule on"),
            ("off", "turn a schedule off; the schedule stays"),
            ("remove", "remove a schedule; its sprints stay"),
        ):
            made = subcommand(acts, name, what)
            made.add_argument("id", metavar="ID", help="id of the schedule")

    def handle(self, *, act: str, **options: object) -> None:
        """Run the subcommand."""
        self._run(act, options)

    def _run(self, act: str, options: Options) -> None:
        if act == "list":
            self._list(options)
        elif act == "remove":
            operations.remove_schedule(options["id"], user())
            self.stdout.write(f"removed schedule {options['id']}")
        else:
            row = self._keep(act, options)
            when = (
                queries.local(row.next_at, row.zone)
                if row.next_at
                else "never (the schedule is off)"
            )
            self.stdout.write(f"schedule {row}; next: {when}")
            if read := days_of(row.cron):
                self.stdout.write(f"{row} is due on days that match {read} of day and weekday")
            if row.enabled:
                tell_who_works(self.stdout)

    def _keep(self, act: str, options: Options) -> Schedule:
        if act in ("on", "off"):
            return operations.turn_schedule(options["id"], user(), on=act == "on")
        values = {
            name: options[name]
            for name in ("cron", "zone", "title", "profile", "deadline")
            if options[name] is not None
        }
        brief = brief_of(options["brief"], options["brief_file"])
        if brief is not None:
            values["brief"] = brief
        put = operations.add_schedule if act == "add" else operations.set_schedule
        return put(options["id"], user(), **values)

    def _list(self, options: Options) -> None:
        rows = queries.schedules()
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2, sort_keys=True))
            return
        from sprints.management import tables

        tables.schedules(rows)
