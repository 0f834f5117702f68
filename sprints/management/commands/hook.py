"""``hook``: show and edit who is told of what."""

import json
import shlex
import sys
from argparse import ArgumentParser, BooleanOptionalAction
from dataclasses import replace
from typing import Any

from django.core.management.base import CommandError

from sprints import operations
from sprints.contract.hook_spec import HookDefinition
from sprints.definitions import hooks
from sprints.management.base import GatewayCommand, one_line, subcommands, whole_number
from sprints.management.cli_user import user
from sprints.management.commands.events import count
from sprints.models import Delivery, Hook
from sprints.state.event_catalog import POINTS

# The option that names the target of each kind.
TARGETS = {"command": "command", "webhook": "url", "notify": "notify"}


class Command(GatewayCommand):
    """Hooks, and what was delivered to them."""

    help = "List, show, add, change, test or remove hooks: who is told of what."
    writes = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the acts and their options."""
        acts = subcommands(parser)
        listed = acts.add_parser("list", help="all hooks")
        listed.add_argument("--json", action="store_true", help="a JSON array")
        shown = acts.add_parser("show", help="one hook, its target whole")
        shown.add_argument("id", metavar="ID")
        shown.add_argument("--secret", action="store_true", help="print a webhook's secret alone")
        for name, what in (("add", "a new hook"), ("set", "change a hook")):
            made = acts.add_parser(name, help=what, description=what)
            made.add_argument("id", metavar="ID")
            made.add_argument(
                "--on", metavar="P,P", help=f"of {', '.join(POINTS)}, or a kind of event"
            )
            target = made.add_mutually_exclusive_group()
            target.add_argument(
                "--command", help="what to run, split as a shell would; no shell runs it"
            )
            target.add_argument("--url", help="where to post it: a webhook")
            target.add_argument("--notify", metavar="URL", help="mail or chat, by Apprise")
            made.add_argument("--timeout", type=float, metavar="S", help="seconds a try (10)")
            made.add_argument(
                "--tries", type=whole_number(1, 1000), metavar="N", help="until it failed (3)"
            )
            made.add_argument(
                "--backoff",
                type=float,
                metavar="S",
                help="before the second try, then doubled (10)",
            )
            made.add_argument(
                "--allow-private",
                action=BooleanOptionalAction,
                help="the URL may be of this machine or network",
            )
            made.add_argument(
                "--blocking",
                action=BooleanOptionalAction,
                help="sprints that start from now on wait for it, and are blocked when it fails",
            )
            made.add_argument("--disable", dest="enabled", action="store_const", const=False)
            made.add_argument("--enable", dest="enabled", action="store_const", const=True)
            if name == "set":
                made.add_argument("--new-secret", action="store_true", help="for its signatures")
        for name, what in (
            ("remove", "forget a hook"),
            ("test", "bring it a test now, and show what comes back"),
            ("redeliver", "bring a delivery once more, now"),
        ):
            acts.add_parser(name, help=what, description=what).add_argument("id", metavar="ID")
        brought = acts.add_parser("deliveries", help="what was brought, newest first")
        brought.add_argument("--hook", metavar="ID", help="to this hook alone")
        brought.add_argument("--json", action="store_true", help="a JSON array")
        brought.add_argument("--limit", type=count, default=50, metavar="N", help="how many (50)")

    def handle(self, *, act: str, **options: Any) -> None:
        """Translate the act into its operation."""
        getattr(self, f"_{act}")(options)

    def _list(self, options: dict[str, Any]) -> None:
        rows = list(Hook.objects.all())
        if options["json"]:
            shown = [row.definition.public() | {"enabled": row.enabled} for row in rows]
            self.stdout.write(json.dumps(shown, indent=2, sort_keys=True))
            return
        from sprints.management import tables

        tables.hooks(rows)

    def _show(self, options: dict[str, Any]) -> None:
        row = hooks.get(options["id"])
        if options["secret"]:
            if not row.secret:
                raise CommandError(f"hook {row} is a {row.kind}, which has no secret")
            self.stdout.write(row.secret)
            return
        whole = row.definition.to_json() | {"enabled": row.enabled}
        self.stdout.write(json.dumps(whole, indent=2, sort_keys=True))

    def _add(self, options: dict[str, Any]) -> None:
        if hooks.exists(options["id"]):
            raise CommandError(f"hook {options['id']} already exists; change it with: hook set")
        kind = _kind(options)
        if kind is None:
            raise CommandError(f"a hook needs one of {_options()}")
        if options["on"] is None:
            raise CommandError("a hook needs --on; see: studio-gateway hook add --help")
        row = self._put(HookDefinition(options["id"], kind, (), ()), True, options)
        self.stdout.write(f"added hook {options['id']}")
        if row.secret:
            self.stdout.write(f"its secret, which the receiver needs: {row.secret}")

    def _set(self, options: dict[str, Any]) -> None:
        row = hooks.get(options["id"])
        if _kind(options) not in (None, row.kind):
            raise CommandError(f"hook {row} is a {row.kind}; remove it and add another")
        self._put(row.definition, row.enabled, options)
        self.stdout.write(f"changed hook {options['id']}")

    def _put(self, hook: HookDefinition, enabled: bool, options: dict[str, Any]) -> Hook:
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
        return operations.proved(
            lambda: hooks.put(made, enabled=enabled, new_secret=secret, by=user())
        )

    def _remove(self, options: dict[str, Any]) -> None:
        operations.proved(lambda: hooks.remove(options["id"], user()))
        self.stdout.write(f"removed hook {options['id']}")

    def _test(self, options: dict[str, Any]) -> None:
        self._bring(hooks.test(options["id"]))

    def _redeliver(self, options: dict[str, Any]) -> None:
        self._bring(hooks.redeliver(options["id"]))

    def _bring(self, row: Delivery) -> None:
        """Bring it, and show what came of it; exit 1 where it did not arrive."""
        from sprints.hooks import outbox

        row = outbox.bring_now(row.pk, lambda: None)
        took = "" if row.duration_s is None else f" ({row.duration_s:.1f} s)"
        self.stdout.write(one_line(f"{row.pk} {row.status}: {row.reason}{took}"))
        for line in row.output.splitlines():
            self.stdout.write(f"  {one_line(line)}")
        if row.status != row.Status.DELIVERED:
            sys.exit(1)

    def _deliveries(self, options: dict[str, Any]) -> None:
        rows = hooks.deliveries(options["limit"], options["hook"])
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2, sort_keys=True))
            return
        from sprints.management import tables

        tables.deliveries(rows)


def _kind(options: dict[str, Any]) -> str | None:
    return next((kind for kind, name in TARGETS.items() if options[name] is not None), None)


def _options() -> str:
    return ", ".join(f"--{name}" for name in TARGETS.values())


def _target(kind: str, options: dict[str, Any]) -> tuple[str, ...] | None:
    text = options[TARGETS[kind]]
    if text is None or kind != "command":
        return None if text is None else (text,)
    try:
        return tuple(shlex.split(text))
    except ValueError as exc:
        raise CommandError(f"the command cannot be split: {exc}") from exc


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.replace(",", " ").split() if word)
