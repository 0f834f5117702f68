"""Check the files of gates, agents and blocking hooks against the digests in their events."""

import hashlib
import json
import os
import weakref
from tempfile import TemporaryFile

from django.conf import settings

from gates.evidence import OUTPUTS
from sprints.contract.json_types import JsonObject
from sprints.models import Event
from sprints.store.evidence import EvidenceReader

KINDS = frozenset(
    "gate_finished task_done task_asks task_failed task_stopped task_returned hook_finished".split()
)
STARTS = ("gate_started", "task_started")
BLOCK = 1 << 16
NOT_THERE, CHANGED = "is not there", "is not what was printed"
OTHER = "is not the output of the last run"


class Printed:
    """The digests in events, kept in a temporary file until the files are read.

    No query is open then, so that the database can empty its log meanwhile.
    """

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 - closed with this object
        weakref.finalize(self, self._file.close)
        # By sprint and folder of a gate or task: number of the last run, its event, its store.
        self._latest: dict[tuple[str, str], tuple[str, int, str]] = {}

    def add(self, event: JsonObject) -> None:
        """Store the digests in the event."""
        if event["kind"] in KINDS and (outputs := event["data"].get("outputs")):
            name, place = event["sprint_id"] or "", event["data"]["outputs_at"]
            self._file.write(b"%s\n" % json.dumps([name, place, outputs]).encode("ascii"))
            above, runs, rest = next(iter(outputs)).rpartition("/runs/")
            if runs:
                number = rest.partition("/")[0]
                self._latest[name, above] = (number, event["seq"], place)

    def altered(self) -> tuple[int, str]:
        """Return how many files were read, and the first fault in words; empty if all are right.

        A file of another store, from another host or an import, is checked only if it is here.
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
                            return count, f"{name}/{path} {NOT_THERE}"
                        continue
                    count += 1
                    if found != digest:
                        return count, f"{name}/{path} {CHANGED}"
            return count, self._replaced(held, here)

    def _replaced(self, held: EvidenceReader, here: str) -> str:
        """Return which latest output is not that of its run, in words; empty if all are."""
        for (name, above), (number, seq, place) in self._latest.items():
            for output in OUTPUTS:
                own, latest = f"{above}/runs/{number}/{output}", f"{above}/{output}"
                fault = _compared(held, name, own, latest)
                is_ours = place == here or fault != NOT_THERE
                if fault and is_ours and not _begun_since(seq, name, above):
                    return f"{name}/{latest} {fault}"
        return ""


def _compared(held: EvidenceReader, name: str, own: str, latest: str) -> str:
    """Return what is wrong with the latest output, which shows the run's own; empty if nothing."""
    try:
        run = held.opened(name, own)
    except FileNotFoundError:  # the gate itself has deleted it
        return ""
    try:
        shown = held.opened(name, latest)
    except FileNotFoundError:
        os.close(run)
        return NOT_THERE
    if os.path.sameopenfile(run, shown):
        os.close(run)
        os.close(shown)
        return ""
    return "" if _digest(run) == _digest(shown) else OTHER


def _begun_since(seq: int, name: str, above: str) -> bool:
    """Return whether a newer run of that gate or task has begun, whose output is shown instead."""
    started = Event.objects.filter(sprint_id=name, seq__gt=seq, kind__in=STARTS)
    found = (event.body["data"] for event in started.only("line").iterator())
    return any(
        above == f"gates/{data.get('gate_id')}" or data.get("folder", "").endswith(f"/{above}")
        for data in found
    )


def _digest(descriptor: int) -> str:
    """Return the hex SHA-256 of an open file; close the file."""
    try:
        found = hashlib.sha256()
        while block := os.read(descriptor, BLOCK):
            found.update(block)
        return found.hexdigest()
    finally:
        os.close(descriptor)
