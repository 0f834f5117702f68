"""``token``: create, list, revoke, rotate."""

import json
import sys
from argparse import ArgumentParser

from gateway_project.accounts import queries, token_operations, tokens, user_operations
from sprints.management.arguments import Options
from sprints.management.base import GatewayCommand, one_line, subcommand, subcommands
from sprints.management.cli_user import user
from sprints.roles import ROLES, Role
from sprints.state.refusals import Refused


class Command(GatewayCommand):
    """Translate each subcommand into one operation on tokens."""

    help = "Create, list, revoke and rotate access tokens for people and programs."
    writes = True
    asks = ("list",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the subcommands and their options."""
        acts = subcommands(parser)
        made = subcommand(
            acts,
            "create",
            "create a token",
            more="The command prints the new token. The token cannot be shown again.",
        )
        made.add_argument("--name", required=True, metavar="N", help="name, such as its purpose")
        made.add_argument(
            "--user",
            metavar="U",
            help="user of the new token (default: the user of the token in config.json)",
        )
        made.add_argument(
            "--role", choices=ROLES, help="maximum role of the token (default: the user's role)"
        )
        made.add_argument(
            "--expires",
            default="never",
            metavar="T",
            help="lifetime in hours, days or weeks: 12h, 90d, 8w (default never)",
        )
        listed = subcommand(acts, "list", "list all tokens, newest first, without their secrets")
        listed.add_argument("--user", metavar="U", help="list only tokens of this user")
        listed.add_argument("--json", action="store_true", help="print JSON instead of a table")
        revoked = subcommand(acts, "revoke", "revoke a token at once")
        revoked.add_argument("key", metavar="KEY", help="key of the token, as list prints it")
        turned = subcommand(
            acts,
            "rotate",
            "replace a token; the old token is revoked at once",
            more="The command prints the new token. Without KEY, the command replaces the"
            " token in config.json.",
        )
        turned.add_argument(
            "key", metavar="KEY", nargs="?", help="key of the token (default: that in config.json)"
        )
        turned.add_argument(
            "--expires",
            metavar="T",
            help="lifetime: 12h, 90d, 8w, never (default: that of the old token)",
        )

    def handle(self, *, act: str, **options: object) -> None:
        """Run the subcommand."""
        getattr(self, f"_{act}")(options)

    def _create(self, options: Options) -> None:
        name = options["user"]
        owner = tokens.adopt().user if name is None else user_operations.get(name)
        row, text = token_operations.create(
            owner,
            options["name"],
            user(),
            role=options["role"] and Role.named(options["role"]),
            lasts=options["expires"],
        )
        self._show(f"token {row} of {owner}", text)

    def _list(self, options: Options) -> None:
        if options["user"] is not None:
            user_operations.get(options["user"])
        rows = queries.tokens(options["user"])
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2, sort_keys=True))
            return
        from sprints.management import tables

        tables.tokens(rows)

    def _revoke(self, options: Options) -> None:
        row = token_operations.revoke(options["key"], user())
        self.stdout.write(one_line(f"revoked token {row} of {row.user}"))

    def _rotate(self, options: Options) -> None:
        if options["key"] is not None:
            row, text = token_operations.rotate(options["key"], user(), lasts=options["expires"])
            self._show(f"token {row} of {row.user}, replaces {options['key']}", text)
            return
        if options["expires"] is not None:
            raise Refused("the token in config.json does not expire; remove --expires")
        row = token_operations.rotate_own(user())
        self.stdout.write(f"config.json has a new token, {row.key}; the old token is revoked")

    def _show(self, what: str, text: str) -> None:
        sys.stderr.write(one_line(f"{what}; save it now, it cannot be shown again") + "\n")
        self.stdout.write(text)
