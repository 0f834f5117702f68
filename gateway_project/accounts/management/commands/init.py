"""``init``: create the folders, the database, config.json and its user."""

import io
from contextlib import redirect_stderr

from django.conf import settings
from django.core.management.base import CommandError

from gateway_project.accounts import tokens
from sprints import operations, queries
from sprints.contract.contract import budget
from sprints.health.clone_folder import lying_inside
from sprints.health.missing_gates import missing
from sprints.management.base import GatewayCommand

DOCTOR = "for the fix, run: studio-gateway doctor"


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
        with redirect_stderr(io.StringIO()):  # a fault of the files is our error
            operations.initialise()
            tokens.adopt()
            operations.settle_files()
        if fault := queries.mirror_fault():
            if notice := operations.older_than_file():
                raise CommandError(notice)
            raise CommandError(f"the files of the store cannot be written: {fault}; {DOCTOR}")
        self.stdout.write(f"store: {settings.STORE.root}")
        self.stdout.write(budget())
        if notice := operations.newer().text:
            self.stderr.write(notice)
        for text in missing(settings.STORE.repo):
            self.stderr.write(text)
        if text := lying_inside(settings.STORE):
            self.stderr.write(f"{text}; see: studio-gateway doctor")
        operations.prove_all()
