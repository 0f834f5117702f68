"""``doctor``: is this installation sound, and what to type where it is not."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError

from sprints.health import doctor
from sprints.management.base import GatewayCommand


class Command(GatewayCommand):
    """Run every check; exit 1 when something has to be mended."""

    help = "Check Python, git, config.json, the database, the disk, the gates and the files."
    needs_store = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "what",
            nargs="?",
            choices=["agents"],
            help="agents: try each program that answers for one, in a fresh clone",
        )
        parser.add_argument("--json", action="store_true", help="a JSON array")
        parser.add_argument(
            "--timeout", type=float, metavar="S", help="seconds for an agent's answer (60)"
        )

    def handle(self, **options: Any) -> None:
        """Print the findings."""
        found = list(doctor.findings(self._checks(options["what"], options["timeout"])))
        if options["json"]:
            self.stdout.write(json.dumps([asdict(one) for one in found], indent=2))
        else:
            from sprints.management import tables

            tables.findings(found)
        sys.exit(1 if any(one.level == "bad" for one in found) else 0)

    def _checks(self, what: str | None, timeout_s: float | None) -> dict[str, doctor.Check]:
        """What is looked at. Raises ``CommandError``."""
        if what is None and timeout_s is not None:
            raise CommandError("--timeout is for: studio-gateway doctor agents")
        if what is None:
            return doctor.CHECKS
        from sprints.health.agent_trials import MOST_S, TIMEOUT_S, trials

        seconds = TIMEOUT_S if timeout_s is None else timeout_s
        if not 0 < seconds <= MOST_S:
            raise CommandError(f"--timeout is above 0 and at most {MOST_S:g} seconds")
        return trials(seconds)
