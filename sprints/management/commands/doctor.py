"""``doctor``: check the installation and print a fix for every problem."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict

from django.core.management.base import CommandError

from sprints.health import doctor
from sprints.management.base import GatewayCommand


class Command(GatewayCommand):
    """Run every check; exit 1 if something needs a fix."""

    help = (
        "Check Python, git, config.json, the database, the disk, gates, agents and files."
        " The command prints a fix for every problem."
    )
    exits = {0: "no problem, or only warnings", 1: "a problem needs a fix"}
    needs_store = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "what",
            nargs="?",
            choices=["agents"],
            metavar="agents",
            help="test only agents: run each agent command once in a fresh clone",
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of text")
        parser.add_argument(
            "--timeout",
            type=float,
            metavar="S",
            help="time limit for an agent's answer in seconds (default 60)",
        )

    def handle(self, *, what: str | None, timeout: float | None, **options: object) -> None:
        """Run the checks and print the findings."""
        found = list(doctor.findings(self._checks(what, timeout)))
        if options["json"]:
            self.stdout.write(json.dumps([asdict(one) for one in found], indent=2))
        else:
            from sprints.management import tables

            tables.findings(found)
        sys.exit(1 if any(one.level == "bad" for one in found) else 0)

    def _checks(self, what: str | None, timeout_s: float | None) -> dict[str, doctor.Check]:
        """Return the checks to run. Raises ``CommandError``."""
        if what is None and timeout_s is not None:
            raise CommandError("--timeout works only with: studio-gateway doctor agents")
        if what is None:
            return doctor.CHECKS
        from sprints.health.agent_trials import MOST_S, TIMEOUT_S, trials

        seconds = TIMEOUT_S if timeout_s is None else timeout_s
        if not 0 < seconds <= MOST_S:
            raise CommandError(f"--timeout must be above 0 and at most {MOST_S:g} seconds")
        return trials(seconds)
