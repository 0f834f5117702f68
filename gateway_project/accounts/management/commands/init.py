"""``init``: create the folders, the database, config.json and its user."""

from django.conf import settings

from gateway_project.accounts import tokens
from sprints import operations
from sprints.contract.contract import budget
from sprints.management.base import GatewayCommand


class Command(GatewayCommand):
    """Create or complete the store of this repository."""

    help = (
        "Create the store of this repository: folders, database and config.json with your token."
        " You can run the command again at any time."
    )
    needs_store = False
    writes = True

    def handle(self, *args: object, **options: object) -> None:
        """Create the store, and print its path."""
        operations.initialise()
        tokens.adopt()
        self.stdout.write(f"store: {settings.STORE.root}")
        self.stdout.write(budget())
        operations.prove_all()
