"""``gate``: list and edit gates."""

import json
from argparse import ArgumentParser
from dataclasses import replace

from django.core.management.base import CommandError

from gates.definition import Definition
from gates.models import Gate
from gates.network import NONE, parse
from sprints import operations
from sprints.contract.contract import CODES, GATED, PROFILES
from sprints.management.arguments import COMMAND, Options, argv_of, environment
from sprints.management.base import UNCHANGED, GatewayCommand, subcommand, subcommands
from sprints.management.cli_user import user

NETWORK = (
    "network of the gate in a clone: all, none (default of a new gate), or hosts between commas"
    " such as 'pypi.org,*.example.org,localhost:5432'"
)


class Command(GatewayCommand):
    """Translate each subcommand into one operation on gates."""

    help = (
        "List, add, change and remove gates. A running sprint keeps the gates that it started with."
    )
    writes = True
    asks = ("list",)
    fields = {"timeout_s": "timeout", "grace_s": "grace", "cap_bytes": "cap"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the subcommands and their options."""
        acts = subcommands(parser)
        listed = subcommand(acts, "list", "list all gates in the order in which they run")
        listed.add_argument("--json", action="store_true", help="print JSON instead of a table")
        codes = ", ".join(code.split("_")[0] for code in CODES)
        for name, what, more in (("add", "add a gate", ""), ("set", "change a gate", UNCHANGED)):
            made = subcommand(acts, name, what, more=more)
            made.add_argument("id", metavar="ID", help="id of the gate")
            made.add_argument("--command", metavar="C", help=COMMAND)
            made.add_argument("--title", metavar="T", help="title, one line (default: the id)")
            made.add_argument(
                "--rounds",
                metavar="R,R",
                help=f"rounds in which the gate runs: {codes} (default R3,R5)",
            )
            made.add_argument(
                "--profiles",
                metavar="P,P",
                help=f"profiles that include the gate (default {','.join(PROFILES)})",
            )
            made.add_argument(
                "--timeout", type=float, metavar="S", help="time limit in seconds (default 600)"
            )
            made.add_argument(
                "--grace",
                type=float,
                metavar="S",
                help="seconds between SIGTERM and SIGKILL (default 5)",
            )
            made.add_argument(
                "--cap", type=int, metavar="BYTES", help="maximum output in bytes (default 64 MiB)"
            )
            made.add_argument(
                "--env",
                action="append",
                metavar="NAME=VALUE",
                help="environment variable for the gate; the value '${NAME}' refers to the variable"
                " NAME of the gateway, for example a secret; repeatable, '' removes all",
            )
            made.add_argument("--network", metavar="N", help=NETWORK)
            for option, place, value, meaning in (
                ("--required", "required", True, "make the gate required (default)"),
                (
                    "--advisory",
                    "required",
                    False,
                    "make the gate advisory: it cannot fail a sprint",
                ),
                ("--on", "enabled", True, "turn the gate on (default)"),
                ("--off", "enabled", False, "turn the gate off; new sprints do not run it"),
            ):
                made.add_argument(
                    option, dest=place, action="store_const", const=value, help=meaning
                )
        removed = subcommand(acts, "remove", "remove a gate; its recorded runs stay")
        removed.add_argument("id", metavar="ID", help="id of the gate")

    def handle(self, *, act: str, **options: object) -> None:
        """Run the subcommand."""
        getattr(self, f"_{act}")(options)

    def _list(self, options: Options) -> None:
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

    def _add(self, options: Options) -> None:
        if operations.gates.exists(options["id"]):
            raise CommandError(
                f"gate {options['id']} already exists; change it with: studio-gateway gate set"
            )
        if options["command"] is None:
            raise CommandError('a gate needs a command; add: --command "…"')
        blank = Definition(options["id"], options["id"], (), GATED, network=NONE)
        self._put(blank, ["quick", "full"], True, options)
        self.stdout.write(f"added gate {options['id']}")

    def _set(self, options: Options) -> None:
        row = operations.gates.get(options["id"])
        self._put(row.definition, row.profiles, row.enabled, options)
        self.stdout.write(f"changed gate {options['id']}")

    def _put(self, gate: Definition, profiles: list[str], enabled: bool, options: Options) -> None:
        changed = {
            "command": argv_of(options["command"]),
            "title": options["title"],
            "rounds": _codes(options["rounds"]),
            "timeout_s": options["timeout"],
            "grace_s": options["grace"],
            "cap_bytes": options["cap"],
            "required": options["required"],
            "env": environment(options["env"]),
            "network": None if options["network"] is None else parse(options["network"]),
        }
        given = {key: value for key, value in changed.items() if value is not None}
        if options["profiles"] is not None:
            profiles = _words(options["profiles"])
        enabled = enabled if options["enabled"] is None else options["enabled"]
        operations.gates.put(replace(gate, **given), profiles, enabled=enabled, by=user())

    def _remove(self, options: Options) -> None:
        operations.gates.remove(options["id"], user())
        self.stdout.write(f"removed gate {options['id']}")


def _words(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if word]


def _codes(text: str | None) -> tuple[str, ...] | None:
    """Return round codes; a short one, R3, stands for the whole code."""
    if text is None:
        return None
    heads = {code.split("_")[0]: code for code in CODES}
    return tuple(heads.get(word, word) for word in _words(text))
