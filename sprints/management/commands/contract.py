"""``contract``: what a sprint is bound to, and whether anything under it can break a promise."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError

from sprints import operations, queries
from sprints.contract.contract import PROFILES, Contract
from sprints.management.base import GatewayCommand, subcommands
from sprints.management.progress_bars import number_of


class Command(GatewayCommand):
    """Walk through everything that can happen; exit 1 where a promise can be broken."""

    help = "Prove that nothing that can happen under a contract breaks a promise."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the acts and their options."""
        acts = subcommands(parser)
        check = acts.add_parser(
            "check",
            help="walk through every verdict, answer, stop, cancel, crash and missed deadline",
        )
        check.add_argument(
            "id", nargs="?", metavar="ID", help="of this sprint; else as a new one would start"
        )
        check.add_argument("--profile", choices=PROFILES, help="of a new one")
        check.add_argument(
            "--whole",
            action="store_true",
            help="with programs too, all in one walk instead of several; it may take very long",
        )
        check.add_argument("--json", action="store_true", help="a JSON object")

    def handle(self, *, id: str | None, profile: str | None, **options: Any) -> None:
        """Check, and show the proof or the shortest way to a broken promise."""
        from sprints.modelcheck.explore import NAMES
        from sprints.modelcheck.plan import prove

        if id and profile:
            raise CommandError("a sprint has its own profile; leave out --profile")
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
        seen = f"{len(found.walks)} walks, {_seen(found)}" if several else _seen(found)
        if not found.complete:
            self.stdout.write(f"gave up: there is more than {seen}; nothing is proved")
        elif found.holds:
            self.stdout.write(f"holds: {', '.join(names)} ({seen})")
        else:
            self.stdout.write(f"{len(found.findings)} of {len(names)} promises broken ({seen})")
        if several:
            self.stdout.write("what stands in different walks was not combined; see --whole")


def _seen(found: Any) -> str:
    return f"{found.states} states, {found.steps} steps, {found.took_s:.1f} s"


def _as_json(found: Any) -> dict[str, Any]:
    """All walks as one, and each."""
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
