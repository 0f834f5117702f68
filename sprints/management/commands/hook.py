"""``hook``: list and edit hooks, and their deliveries."""

import json
import sys
from argparse import ArgumentParser, BooleanOptionalAction
from dataclasses import replace

from django.core.management.base import CommandError

from sprints import operations
from sprints.contract.hook_spec import USUAL_TRIES, HookDefinition
from sprints.management.arguments import COMMAND, Options, argv_of
from sprints.management.base import (
    UNCHANGED,
    GatewayCommand,
    one_line,
    subcommand,
    subcommands,
    whole_number,
)
from sprints.management.cli_user import user
from sprints.management.commands.events import count
from sprints.models import Delivery, Hook
from sprints.state.event_catalog import POINTS

# The option that names the target of each kind.
TARGETS = {"command": "command", "webhook": "url", "notify": "notify"}
BROUGHT = {0: "delivered", 1: "not delivered"}


class Command(GatewayCommand):
    """Translate each subcommand into one operation on hooks."""

    help = "List, show, add, change, test and remove hooks: commands, webhooks, notifications."
    writes = True
    fields = {"points": "on", "timeout_s": "timeout", "backoff_s": "backoff"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the subcommands and their options."""
        acts = subcommands(parser)
        listed = subcommand(acts, "list", "list all hooks")
        listed.add_argument("--json", action="store_true", help="print JSON instead of a table")
        shown = subcommand(acts, "show", "show one hook as JSON, with its whole URL or command")
        shown.add_argument("id", metavar="ID", help="id of the hook")
        shown.add_argument(
            "--secret", action="store_true", help="print only the signing secret of a webhook"
        )
        _declare_hook(subcommand(acts, "add", "add a hook"), is_new=True)
        _declare_hook(subcommand(acts, "set", "change a hook", more=UNCHANGED), is_new=False)
        removed = subcommand(acts, "remove", "remove a hook; its recorded deliveries stay")
        removed.add_argument("id", metavar="ID", help="id of the hook")
        for name, what, thing in (
            ("test", "send a test message to a hook now, and show the result", "hook"),
            ("redeliver", "send a delivery again now, and show the result", "delivery"),
        ):
            made = subcommand(acts, name, what, exits=BROUGHT)
            made.add_argument("id", metavar="ID", help=f"id of the {thing}")
        brought = subcommand(acts, "deliveries", "list deliveries, newest first")
        brought.add_argument("--hook", metavar="ID", help="list only deliveries to this hook")
        brought.add_argument("--json", action="store_true", help="print JSON instead of a table")
        brought.add_argument(
            "--limit",
            type=count,
            default=50,
            metavar="N",
            help="maximum number of deliveries (default 50)",
        )

    def handle(self, *, act: str, **options: object) -> None:
        """Run the subcommand."""
        getattr(self, f"_{act}")(options)

    def _list(self, options: Options) -> None:
        rows = list(Hook.objects.all())
        if options["json"]:
            shown = [row.definition.public() | {"enabled": row.enabled} for row in rows]
            self.stdout.write(json.dumps(shown, indent=2, sort_keys=True))
            return
        from sprints.management import tables

        tables.hooks(rows)

    def _show(self, options: Options) -> None:
        row = operations.hooks.get(options["id"])
        if options["secret"]:
            if not row.secret:
                raise CommandError(f"hook {row} is a {row.kind} hook; only webhooks have a secret")
            self.stdout.write(row.secret)
            return
        whole = row.definition.to_json() | {"enabled": row.enabled}
        self.stdout.write(json.dumps(whole, indent=2, sort_keys=True))

    def _add(self, options: Options) -> None:
        if operations.hooks.exists(options["id"]):
            raise CommandError(
                f"hook {options['id']} already exists; change it with: studio-gateway hook set"
            )
        kind = _kind(options)
        if kind is None:
            raise CommandError(f"a hook needs a target; add one of {_options()}")
        if options["on"] is None:
            raise CommandError(
                "a hook needs events; add --on (see: studio-gateway hook add --help)"
            )
        row = self._put(
            HookDefinition(options["id"], kind, (), (), tries=USUAL_TRIES[kind]), True, options
        )
        self.stdout.write(f"added hook {options['id']}")
        if row.secret:
            self.stdout.write(f"signing secret for the receiver: {row.secret}")

    def _set(self, options: Options) -> None:
        row = operations.hooks.get(options["id"])
        if _kind(options) not in (None, row.kind):
            raise CommandError(f"hook {row} is a {row.kind} hook; remove it and add a new one")
        self._put(row.definition, row.enabled, options)
        self.stdout.write(f"changed hook {options['id']}")

    def _put(self, hook: HookDefinition, enabled: bool, options: Options) -> Hook:
        changed = {
            "points": None if options["on"] is None else _words(options["on"]),
            "target": _target(hook.kind, options),
            "timeout_s": options["timeout"],
            "tries": options["tries"],
            "backoff_s": options["backoff"],
            "allow_private": options["allow_private"],
            "blocking": options["blocking"],
        }
        given = {key: value for key, value in changed.items() if value is not None}
        enabled = enabled if options["enabled"] is None else options["enabled"]
        secret, made = options.get("new_secret", False), replace(hook, **given)
        return operations.hooks.put(made, enabled=enabled, new_secret=secret, by=user())

    def _remove(self, options: Options) -> None:
        operations.hooks.remove(options["id"], user())
        self.stdout.write(f"removed hook {options['id']}")

    def _test(self, options: Options) -> None:
        self._bring(operations.hooks.test(options["id"]))

    def _redeliver(self, options: Options) -> None:
        self._bring(operations.hooks.redeliver(options["id"]))

    def _bring(self, row: Delivery) -> None:
        """Deliver now and print the result; exit 1 if the delivery failed."""
        from sprints.hooks import outbox

        row = outbox.bring_now(row.pk, lambda: None)
        took = "" if row.duration_s is None else f" ({row.duration_s:.1f} s)"
        self.stdout.write(one_line(f"{row.pk} {row.status}: {row.reason}{took}"))
        for line in row.output.splitlines():
            self.stdout.write(f"  {one_line(line)}")
        if row.status != row.Status.DELIVERED:
            sys.exit(1)

    def _deliveries(self, options: Options) -> None:
        rows = operations.hooks.deliveries(options["limit"], options["hook"])
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2, sort_keys=True))
            return
        from sprints.management import tables

        tables.deliveries(rows)


def _declare_hook(parser: ArgumentParser, *, is_new: bool) -> None:
    parser.add_argument("id", metavar="ID", help="id of the hook")
    parser.add_argument(
        "--on",
        metavar="E,E",
        help=f"events that trigger the hook: {', '.join(POINTS)}, or a kind of event in"
        " docs/formats.md",
    )
    target = parser.add_mutually_exclusive_group()
    target.add_argument("--command", metavar="C", help=COMMAND)
    target.add_argument("--url", metavar="URL", help="address of a webhook (HTTP POST)")
    target.add_argument(
        "--notify",
        metavar="URL",
        help="URL of a mail or chat service, in the format of the Python library Apprise",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        metavar="S",
        help="time limit of one delivery attempt in seconds (default 10)",
    )
    parser.add_argument(
        "--tries",
        type=whole_number(1, 1000),
        metavar="N",
        help="maximum number of delivery attempts, 1 to 20 (default 3 for a command, 12 for a URL)",
    )
    parser.add_argument(
        "--backoff",
        type=float,
        metavar="S",
        help="seconds before the second attempt, doubled after each attempt (default 10)",
    )
    parser.add_argument(
        "--allow-private",
        action=BooleanOptionalAction,
        help="allow a URL on this machine or in a private network (default: no)",
    )
    parser.add_argument(
        "--blocking",
        action=BooleanOptionalAction,
        help="let sprints wait for the hook; if the hook fails, the sprint becomes blocked",
    )
    for option, value, meaning in (
        ("--enable", True, "turn the hook on (default)"),
        ("--disable", False, "turn the hook off"),
    ):
        parser.add_argument(option, dest="enabled", action="store_const", const=value, help=meaning)
    if not is_new:
        parser.add_argument(
            "--new-secret", action="store_true", help="replace the signing secret of the webhook"
        )


def _kind(options: Options) -> str | None:
    return next((kind for kind, name in TARGETS.items() if options[name] is not None), None)


def _options() -> str:
    return ", ".join(f"--{name}" for name in TARGETS.values())


def _target(kind: str, options: Options) -> tuple[str, ...] | None:
    text = options[TARGETS[kind]]
    return argv_of(text) if text is None or kind == "command" else (text,)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.replace(",", " ").split() if word)
