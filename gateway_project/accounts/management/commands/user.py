"""``user``: add, list, role, password, disable, enable."""

import json
import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from gateway_project.accounts import queries, user_acts
from sprints.management.base import GatewayCommand, one_line, subcommands
from sprints.management.cli_user import user
from sprints.roles import ROLES, Role
from sprints.state.refusals import Refused

HINT = (
    "give them a token: studio-gateway token create --user {0} --name N\n"
    "or a password: studio-gateway user password {0}"
)


class Command(GatewayCommand):
    """Who may sign in, and what they may do."""

    help = "List or add users, change a role or a password, disable or enable a user."
    writes = True
    asks = ("list",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the acts and their options."""
        acts = subcommands(parser)
        listed = acts.add_parser("list", help="all users, their roles, how they sign in")
        listed.add_argument("--json", action="store_true", help="a JSON array")
        added = acts.add_parser("add", help="somebody who may sign in: viewer, unless --role says")
        added.add_argument("name", metavar="NAME")
        added.add_argument("--role", choices=ROLES, default=Role.VIEWER.word)
        given = acts.add_parser("role", help="another role; it counts from the next request on")
        given.add_argument("name", metavar="NAME")
        given.add_argument("role", choices=ROLES, metavar="ROLE", help=" or ".join(ROLES))
        for name, what in (
            ("password", "asks for it, or reads it from a pipe"),
            ("disable", "let them not sign in any more; their sessions end"),
            ("enable", "let them sign in again"),
        ):
            acts.add_parser(name, help=what, description=what).add_argument("name", metavar="NAME")

    def handle(self, *, act: str, **options: Any) -> None:
        """Translate the act into its operation."""
        getattr(self, f"_{act}")(options)

    def _list(self, options: dict[str, Any]) -> None:
        rows = queries.users()
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2, sort_keys=True))
            return
        from sprints.management import tables

        tables.users(rows)

    def _add(self, options: dict[str, Any]) -> None:
        user_acts.add(options["name"], Role.named(options["role"]), user())
        self.stdout.write(f"added user {options['name']}, {options['role']}")
        self.stdout.write(HINT.format(options["name"]))

    def _role(self, options: dict[str, Any]) -> None:
        user_acts.set_role(options["name"], Role.named(options["role"]), user())
        self.stdout.write(f"user {options['name']} is {options['role']}")

    def _password(self, options: dict[str, Any]) -> None:
        user_acts.get(options["name"])
        user_acts.set_password(options["name"], _asked(), user())
        self.stdout.write(one_line(f"user {options['name']} has a new password"))

    def _disable(self, options: dict[str, Any]) -> None:
        user_acts.turn(options["name"], user(), on=False)
        self.stdout.write(f"user {options['name']} is disabled")

    def _enable(self, options: dict[str, Any]) -> None:
        user_acts.turn(options["name"], user(), on=True)
        self.stdout.write(f"user {options['name']} is enabled")


def _asked() -> str:
    """Twice at a terminal, without an echo; the first line where something is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    once = getpass("Password: ")
    if once != getpass("Once more: "):
        raise Refused("the two are not the same; nothing was changed")
    return once
