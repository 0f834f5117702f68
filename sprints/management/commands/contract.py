"""``contract``: check that no path under a contract breaks an invariant."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError

from sprints import operations, queries
from sprints.contract.contract import PROFILES, Contract
from sprints.management.base import GatewayCommand, subcommand, subcommands
from sprints.management.progress_bars import number_of


class Command(GatewayCommand):
    """Run the model check of a contract; exit 1 if a path breaks an invariant."""

    help = "Check that no path through a sprint breaks an invariant, such as: never ships red."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the subcommands and their options."""
        acts = subcommands(parser)
        check = subcommand(
            acts,
            "check",
            "explore every path under a contract: verdicts, answers, crashes, cancels, deadlines",
            more="If an invariant breaks, the command prints the shortest path to the failure.",
            exits={
                0: "all invariants hold",
                1: "a path breaks an invariant, or there are too many paths to explore",
            },
        )
        check.add_argument(
            "id",
            nargs="?",
            metavar="ID",
            help="id of a sprint (default: a new sprint with the present gates, agents and hooks)",
        )
        check.add_argument(
            "--profile", choices=PROFILES, help="gate profile of the new sprint, without ID"
        )
        check.add_argument(
            "--whole",
            action="store_true",
            help="explore all parts together instead of one after the other; can take very long",
        )
        check.add_argument("--json", action="store_true", help="print JSON instead of text")

    def handle(self, *, id: str | None, profile: str | None, **options: Any) -> None:
        """Run the check and print the result, with the path to each broken invariant."""
        from sprints.modelcheck.explore import NAMES
        from sprints.modelcheck.plan import prove

        if id and profile:
            raise CommandError("--profile is for a new sprint; remove --profile or ID")
        contract = _contract(id, profile)
        with number_of("states") as tell:
            found = prove(contract, tell, whole=options["whole"])
        if options["json"]:
            shown = {"digest": contract.digest, "promises": NAMES, **_as_json(found)}
            self.stdout.write(json.dumps(shown, indent=2, sort_keys=True))
        else:
            self._show(found, NAMES)
        sys.exit(0 if found.holds else 1)

    def _show(self, found: Any, names: tuple[str, ...]) -> None:
        for one in found.findings:
            self.stdout.write(f"broken: {one.promise}: {one.text}")
            for number, text in enumerate(one.timeline, 1):
                self.stdout.write(f"  {number:>3}  {text}")
        several = len(found.walks) > 1
        for walk, report in found.walks if several else ():
            self.stdout.write(f"{walk.name}: {_seen(report)}")
        seen = f"{len(found.walks)} parts, {_seen(found)}" if several else _seen(found)
        if not found.complete:
            self.stdout.write(f"gave up after {seen}: there are more paths than the limit allows")
        elif found.holds:
            self.stdout.write(f"holds: {', '.join(names)} ({seen})")
        else:
            self.stdout.write(f"{len(found.findings)} of {len(names)} invariants broken ({seen})")
        if several:
            self.stdout.write(
                "each part was explored on its own; --whole explores all parts together"
            )


def _seen(found: Any) -> str:
    return f"{found.states} states, {found.steps} steps, {found.took_s:.1f} s"


def _as_json(found: Any) -> dict[str, Any]:
    """Return the result of all parts together, and of each part."""
    names = ("holds", "complete", "states", "steps", "took_s")
    walks = [
        {"name": walk.name} | {name: getattr(report, name) for name in names}
        for walk, report in found.walks
    ]
    whole = {name: getattr(found, name) for name in names}
    return whole | {"walks": walks, "findings": [asdict(one) for one in found.findings]}


def _contract(sprint_id: str | None, profile: str | None) -> Contract:
    meta: dict[str, Any] = {"gate_profile": profile} if profile else {}
    if sprint_id is not None:
        queries.get(sprint_id)
        snapshot = queries.look(sprint_id)
        if snapshot.contract:
            return snapshot.contract
        meta = snapshot.sprint.meta
    return operations.contract_to_walk(operations.contract_for(meta))
