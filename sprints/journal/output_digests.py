"""Check the outputs of gates and agents against the digests in their events."""

import hashlib
import json
import os
import weakref
from tempfile import TemporaryFile

from django.conf import settings

from sprints.contract.json_types import JsonObject
from sprints.store.evidence import EvidenceReader

KINDS = frozenset(
    ("gate_finished", "task_done", "task_asks", "task_failed", "task_stopped", "task_returned")
)
BLOCK = 1 << 16


class Printed:
    """The digests in events, kept in a temporary file until the outputs are read.

    No query is open then, so that the database can empty its log meanwhile.
    """

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 - closed with this object
        weakref.finalize(self, self._file.close)

    def add(self, event: JsonObject) -> None:
        """Store the digests in the event."""
        if event["kind"] in KINDS and (outputs := event["data"].get("outputs")):
            one = [event["sprint_id"] or "", event["data"]["outputs_at"], outputs]
            self._file.write(b"%s\n" % json.dumps(one).encode("ascii"))

    def altered(self) -> tuple[int, str]:
        """Return how many outputs were read, and the first fault in words; empty if all are right.

        An output of another store, from another host or an import, is checked only if it is here.
        """
        count, here = 0, settings.STORE.place
        self._file.seek(0)
        with EvidenceReader() as held:
            for line in self._file:
                name, place, outputs = json.loads(line)
                for path, digest in outputs.items():
                    try:
                        found = _digest(held.opened(name, path))
                    except FileNotFoundError:
                        if place == here:
                            return count, f"{name}/{path} is not there"
                        continue
                    count += 1
                    if found != digest:
                        return count, f"{name}/{path} is not what was printed"
        return count, ""


def _digest(descriptor: int) -> str:
    """Return the hex SHA-256 of an open file; close the file."""
    try:
        found = hashlib.sha256()
        while block := os.read(descriptor, BLOCK):
            found.update(block)
        return found.hexdigest()
    finally:
        os.close(descriptor)
