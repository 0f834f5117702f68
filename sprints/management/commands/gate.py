"""``gate``: show and edit the gates that judge a sprint."""

import json
from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from django.core.management.base import CommandError

from gates.definition import Definition
from gates.models import Gate
from sprints import operations
from sprints.contract.contract import CODES, GATED, PROFILES
from sprints.definitions import gates
from sprints.management.arguments import argv_of, environment
from sprints.management.base import GatewayCommand, subcommands
from sprints.management.cli_user import user


class Command(GatewayCommand):
    """Gate definitions; a running sprint keeps the ones that it started with."""

    help = "List, add, change or remove gates. A running sprint keeps those it started with."
    writes = True
    asks = ("list",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the acts and their options."""
        acts = subcommands(parser)
        listed = acts.add_parser("list", help="all gates, in the order in which they run")
        listed.add_argument("--json", action="store_true", help="a JSON array")
        for name, what in (("add", "a new gate"), ("set", "change a gate")):
            made = acts.add_parser(name, help=what, description=f"{what}; the command as one text")
            made.add_argument("id", metavar="ID")
            made.add_argument(
                "--command", help="what to run, split as a shell would; no shell runs it"
            )
            made.add_argument("--title", help="one line for people")
            made.add_argument("--rounds", help=f"of {', '.join(c.split('_')[0] for c in CODES)}")
            made.add_argument("--profiles", help=f"of {', '.join(PROFILES)}")
            made.add_argument("--timeout", type=float, metavar="S", help="seconds (600)")
            made.add_argument("--grace", type=float, metavar="S", help="seconds to end in (5)")
            made.add_argument("--cap", type=int, metavar="BYTES", help="of output (64 MiB)")
            made.add_argument("--env", action="append", metavar="K=V", help="may be repeated")
            made.add_argument("--advisory", dest="required", action="store_const", const=False)
            made.add_argument("--required", dest="required", action="store_const", const=True)
            made.add_argument("--off", dest="enabled", action="store_const", const=False)
            made.add_argument("--on", dest="enabled", action="store_const", const=True)
        removed = acts.add_parser("remove", help="forget a gate")
        removed.add_argument("id", metavar="ID")

    def handle(self, *, act: str, **options: Any) -> None:
        """Translate the act into its operation."""
        getattr(self, f"_{act}")(options)

    def _list(self, options: dict[str, Any]) -> None:
        rows = list(Gate.objects.all())
        from sprints.queries import gate_history

        flaky = gate_history.flaky([row.pk for row in rows])
        if options["json"]:
            shown = [
                row.definition.to_json()
                | {"profiles": row.profiles, "enabled": row.enabled}
                | {"flaky": flaky[row.pk]}
                for row in rows
            ]
            self.stdout.write(json.dumps(shown, indent=2, sort_keys=True))
            return
        from sprints.management import tables

        tables.gates(rows, flaky)

    def _add(self, options: dict[str, Any]) -> None:
        if gates.exists(options["id"]):
            raise CommandError(f"gate {options['id']} already exists; change it with: gate set")
        if options["command"] is None:
            raise CommandError("a gate needs --command")
        blank = Definition(options["id"], options["id"], (), GATED)
        self._put(blank, ["quick", "full"], True, options)
        self.stdout.write(f"added gate {options['id']}")

    def _set(self, options: dict[str, Any]) -> None:
        row = gates.get(options["id"])
        self._put(row.definition, row.profiles, row.enabled, options)
        self.stdout.write(f"changed gate {options['id']}")

    def _put(
        self, gate: Definition, profiles: list[str], enabled: bool, options: dict[str, Any]
    ) -> None:
        changed = {
            "command": argv_of(options["command"]),
            "title": options["title"],
            "rounds": _codes(options["rounds"]),
            "timeout_s": options["timeout"],
            "grace_s": options["grace"],
            "cap_bytes": options["cap"],
            "required": options["required"],
            "env": environment(options["env"]),
        }
        given = {key: value for key, value in changed.items() if value is not None}
        if options["profiles"] is not None:
            profiles = _words(options["profiles"])
        enabled = enabled if options["enabled"] is None else options["enabled"]
        made = replace(gate, **given)
        operations.proved(lambda: gates.put(made, profiles, enabled=enabled, by=user()))

    def _remove(self, options: dict[str, Any]) -> None:
        operations.proved(lambda: gates.remove(options["id"], user()))
        self.stdout.write(f"removed gate {options['id']}")


def _words(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if word]


def _codes(text: str | None) -> tuple[str, ...] | None:
    """Rounds by their whole code or by its head, R3."""
    if text is None:
        return None
    heads = {code.split("_")[0]: code for code in CODES}
    return tuple(heads.get(word, word) for word in _words(text))
