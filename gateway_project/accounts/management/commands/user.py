"""``user``: add, list, role, password, disable, enable."""

import json
import sys
from argparse import ArgumentParser
from getpass import getpass

from gateway_project.accounts import queries, user_operations
from sprints.management.arguments import Options
from sprints.management.base import GatewayCommand, one_line, subcommand, subcommands
from sprints.management.cli_user import user
from sprints.roles import ROLES, Role
from sprints.state.refusals import Refused

HINT = (
    "next, create a token: studio-gateway token create --user {0} --name N\n"
    "or set a password: studio-gateway user password {0}"
)


class Command(GatewayCommand):
    """Translate each subcommand into one operation on users."""

    help = "List and add users, set roles and passwords, disable and enable users."
    writes = True
    asks = ("list",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the subcommands and their options."""
        acts = subcommands(parser)
        listed = subcommand(acts, "list", "list all users and their roles")
        listed.add_argument("--json", action="store_true", help="print JSON instead of a table")
        added = subcommand(
            acts, "add", "add a user", more="The user needs a token or a password to sign in."
        )
        given = subcommand(acts, "role", "change a user's role at once")
        others = [
            subcommand(acts, name, what)
            for name, what in (
                ("password", "set a user's password, typed twice or read from a pipe"),
                ("disable", "disable a user and end the user's sessions"),
                ("enable", "enable a disabled user"),
            )
        ]
        for made in (added, given, *others):
            made.add_argument("name", metavar="NAME", help="name of the user")
        added.add_argument(
            "--role",
            choices=ROLES,
            default=Role.VIEWER.word,
            help=f"role of the user (default {Role.VIEWER.word})",
        )
        given.add_argument(
            "role", choices=ROLES, metavar="ROLE", help=f"new role: {', '.join(ROLES)}"
        )

    def handle(self, *, act: str, **options: object) -> None:
        """Run the subcommand."""
        getattr(self, f"_{act}")(options)

    def _list(self, options: Options) -> None:
        rows = queries.users()
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2, sort_keys=True))
            return
        from sprints.management import tables

        tables.users(rows)

    def _add(self, options: Options) -> None:
        user_operations.add(options["name"], Role.named(options["role"]), user())
        self.stdout.write(f"added user {options['name']}, {options['role']}")
        self.stdout.write(HINT.format(options["name"]))

    def _role(self, options: Options) -> None:
        user_operations.set_role(options["name"], Role.named(options["role"]), user())
        self.stdout.write(f"user {options['name']} is {options['role']}")

    def _password(self, options: Options) -> None:
        user_operations.get(options["name"])
        user_operations.set_password(options["name"], _asked(), user())
        self.stdout.write(one_line(f"user {options['name']} has a new password"))

    def _disable(self, options: Options) -> None:
        user_operations.turn(options["name"], user(), on=False)
        self.stdout.write(f"user {options['name']} is disabled")

    def _enable(self, options: Options) -> None:
        user_operations.turn(options["name"], user(), on=True)
        self.stdout.write(f"user {options['name']} is enabled")


def _asked() -> str:
    """Return the password: typed twice on a terminal, else the first line of a pipe."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    once = getpass("Password: ")
    if once != getpass("Repeat password: "):
        raise Refused("the two passwords differ, and nothing was changed; try again")
    return once
