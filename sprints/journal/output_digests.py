"""Is what gates and agents printed still what it was when its event was written?"""

import hashlib
import json
import os
import weakref
from tempfile import TemporaryFile
from typing import Any

from django.conf import settings

from sprints.store.evidence import Held

KINDS = frozenset(
    ("gate_finished", "task_done", "task_asks", "task_failed", "task_stopped", "task_returned")
)
BLOCK = 1 << 16


class Printed:
    """What events tell of outputs, kept in a file for temporary things until they are read: no
    query is open then, so that the database's log can be emptied meanwhile.
    """

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 - closed when nobody holds us any more
        weakref.finalize(self, self._file.close)

    def heed(self, event: dict[str, Any]) -> None:
        """Keep what the event tells of."""
        if event["kind"] in KINDS and (outputs := event["data"].get("outputs")):
            one = [event["sprint_id"] or "", event["data"]["outputs_at"], outputs]
            self._file.write(b"%s\n" % json.dumps(one).encode("ascii"))

    def altered(self) -> tuple[int, str]:
        """How many outputs were read, and what is wrong with the last of them, in words; empty
        where they are all as the events say. What was printed into another store, of another
        host or before an import, is read where it is here, and not missed where it is not.
        """
        count, here = 0, settings.STORE.place
        self._file.seek(0)
        with Held() as held:
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
    """Of all that is there to read; closes it."""
    try:
        found = hashlib.sha256()
        while block := os.read(descriptor, BLOCK):
            found.update(block)
        return found.hexdigest()
    finally:
        os.close(descriptor)
