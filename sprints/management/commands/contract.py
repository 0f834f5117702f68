"""``contract``: check that no path under a contract breaks an invariant."""

import json
import sys
from argparse import ArgumentParser

from django.core.management.base import CommandError

from sprints import operations, queries
from sprints.contract.contract import PROFILES, Contract
from sprints.contract.json_types import JsonObject
from sprints.management.base import GatewayCommand, subcommand, subcommands, whole_number
from sprints.management.progress_bars import number_of

TIMEOUT_S = 600


class Command(GatewayCommand):
    """Run the model check of a contract; exit 1 if a path breaks an invariant."""

    help = (
        "Check that a sprint keeps the safety rules (invariants), whatever happens."
        " One invariant is: the gateway never merges work that failed a required gate."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the subcommands and their options."""
        acts = subcommands(parser)
        check = subcommand(
            acts,
            "check",
            "simulate every possible order of gate results, agent answers, crashes, cancels and"
            " deadlines; no gate and no agent runs",
            more="If an invariant breaks, the command prints the shortest sequence of events that"
            " breaks it.",
            exits={
                0: "all invariants hold",
                1: "an invariant breaks, or there are too many sequences to simulate in time",
            },
        )
        show = subcommand(
            acts,
            "show",
            "print the contract of a sprint as JSON: rounds, gates, agents, budget, ship policy",
            more="If you save the output as FILE, you can check the contract without a store:"
            " python -m sprints.modelcheck --contract FILE",
        )
        for act in (check, show):
            act.add_argument(
                "id",
                nargs="?",
                metavar="ID",
                help="id of a sprint (default: a new sprint with the present gates and agents)",
            )
            act.add_argument(
                "--profile",
                choices=PROFILES,
                help="gate profile of the new sprint; only if you give no ID",
            )
        check.add_argument(
            "--whole",
            action="store_true",
            help="check gates, agents, approvals and shipping in one search, which can"
            " take very long; without this option, each has a search of its own",
        )
        check.add_argument(
            "--timeout",
            type=whole_number(1, 7 * 24 * 3600),
            default=TIMEOUT_S,
            metavar="S",
            help=f"give up after this many seconds (default {TIMEOUT_S})",
        )
        check.add_argument("--json", action="store_true", help="print JSON instead of text")

    def handle(
        self,
        *,
        act: str,
        id: str | None,
        profile: str | None,
        whole: bool = False,
        timeout: int = TIMEOUT_S,
        **options: object,
    ) -> None:
        """Print the contract, or check it and print the path to each broken invariant."""
        if id and profile:
            raise CommandError("--profile is for a new sprint; remove --profile or ID")
        contract = _contract(id, profile)
        if act == "show":
            self.stdout.write(json.dumps(contract.to_json(), indent=2, sort_keys=True))
            return
        from sprints.modelcheck import report
        from sprints.modelcheck.plan import prove

        with number_of("states") as tell:
            proof = prove(contract, tell, whole=whole, most_s=timeout)
        if options["json"]:
            found = report.as_json(proof, contract)
            self.stdout.write(json.dumps(found, indent=2, sort_keys=True))
        else:
            self.stdout.write("\n".join(report.lines(proof)))
        sys.exit(0 if proof.holds else 1)


def _contract(sprint_id: str | None, profile: str | None) -> Contract:
    meta: JsonObject = {"gate_profile": profile} if profile else {}
    if sprint_id is not None:
        queries.get(sprint_id)
        snapshot = queries.look(sprint_id)
        if snapshot.contract:
            return snapshot.contract
        meta = snapshot.sprint.meta.stored
    return operations.contract_to_explore(operations.contract_for(meta))
