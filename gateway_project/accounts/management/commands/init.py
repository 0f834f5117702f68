"""``init``: directories, database, config.json, and the user whose token stands in it."""

from typing import Any

from django.conf import settings

from gateway_project.accounts import tokens
from sprints import operations
from sprints.contract.contract import budget
from sprints.management.base import GatewayCommand


class Command(GatewayCommand):
    """Make or complete the store of this repository."""

    help = "Make the store of this repository: folders, database, config.json. Repeatable."
    needs_store = False
    writes = True

    def handle(self, *args: Any, **options: Any) -> None:
        """Initialise, then say where the store is."""
        operations.initialise()
        tokens.adopt()
        self.stdout.write(f"store: {settings.STORE.root}")
        self.stdout.write(budget())
        operations.prove_all()
