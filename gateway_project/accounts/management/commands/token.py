"""``token``: create, list, revoke, rotate."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from gateway_project.accounts import queries, token_acts, tokens, user_acts
from sprints.management.base import GatewayCommand, one_line, subcommands
from sprints.management.cli_user import user
from sprints.roles import ROLES, Role
from sprints.state.refusals import Refused


class Command(GatewayCommand):
    """What programs and people sign in with."""

    help = "Create, list, revoke or rotate tokens. A token itself is shown once, when it is made."
    writes = True
    asks = ("list",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the acts and their options."""
        acts = subcommands(parser)
        made = acts.add_parser(
            "create",
            help="a new token, alone on stdout, shown this once",
            description="A new token, alone on stdout: it is shown this once.",
        )
        made.add_argument("--name", required=True, help="what it is for, or where it will lie")
        made.add_argument("--user", metavar="U", help="whose it is (the owner's of config.json)")
        made.add_argument("--role", choices=ROLES, help="the most that it may do (as its user)")
        made.add_argument("--expires", default="never", metavar="T", help="12h, 90d, 8w (never)")
        listed = acts.add_parser("list", help="all tokens, the newest first; no secrets")
        listed.add_argument("--user", metavar="U", help="of this user alone")
        listed.add_argument("--json", action="store_true", help="a JSON array")
        acts.add_parser("revoke", help="let it be none, now").add_argument("key", metavar="KEY")
        turned = acts.add_parser(
            "rotate",
            help="another in its place, and the old one is dead at once",
            description="Another in its place, alone on stdout; without KEY: that of config.json, "
            "written there.",
        )
        turned.add_argument("key", metavar="KEY", nargs="?")
        turned.add_argument("--expires", metavar="T", help="12h, 90d, 8w (as long as the old one)")

    def handle(self, *, act: str, **options: Any) -> None:
        """Translate the act into its operation."""
        getattr(self, f"_{act}")(options)

    def _create(self, options: dict[str, Any]) -> None:
        name = options["user"]
        owner = tokens.adopt().user if name is None else user_acts.get(name)
        row, text = token_acts.create(
            owner,
            options["name"],
            user(),
            role=options["role"] and Role.named(options["role"]),
            lasts=options["expires"],
        )
        self._show(f"token {row} of {owner}", text)

    def _list(self, options: dict[str, Any]) -> None:
        if options["user"] is not None:
            user_acts.get(options["user"])
        rows = queries.tokens(options["user"])
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2, sort_keys=True))
            return
        from sprints.management import tables

        tables.tokens(rows)

    def _revoke(self, options: dict[str, Any]) -> None:
        row = token_acts.revoke(options["key"], user())
        self.stdout.write(one_line(f"revoked token {row} of {row.user}"))

    def _rotate(self, options: dict[str, Any]) -> None:
        if options["key"] is not None:
            row, text = token_acts.rotate(options["key"], user(), lasts=options["expires"])
            self._show(f"token {row} of {row.user}, instead of {options['key']}", text)
            return
        if options["expires"] is not None:
            raise Refused("the token in config.json lasts until it is rotated: leave --expires out")
        row = token_acts.rotate_own(user())
        self.stdout.write(f"config.json has a new token, {row.key}; the old one opens nothing more")

    def _show(self, what: str, text: str) -> None:
        sys.stderr.write(one_line(f"{what}; keep it now, it is not shown again") + "\n")
        self.stdout.write(text)
