"""Is what gates and agents printed still what it was when its event was written?"""

import hashlib
import json
from collections.abc import Iterator

from django.conf import settings

from sprints.evidence import open_evidence
from sprints.models import Event, Sprint

KINDS = ("gate_finished", "task_done", "task_asks", "task_failed", "task_stopped")


def altered(seq: int) -> tuple[int, str]:
    """How many outputs were read, and what is wrong with the last of them, in words; empty where
    they are all as the events up to ``seq`` say. Those that lie in another host's store are left
    to it.
    """
    count = 0
    for name, path, digest in _outputs(seq):
        count += 1
        try:
            with open_evidence(name, path) as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            return count, f"{name}/{path} is not there"
        if found != digest:
            return count, f"{name}/{path} is not what was printed"
    return count, ""


def _outputs(seq: int) -> Iterator[tuple[str, str, str]]:
    """Sprint, path within its folder, and digest."""
    elsewhere = Sprint.objects.exclude(home__in=("", settings.STORE.place)).values("pk")
    rows = Event.objects.filter(kind__in=KINDS, seq__lte=seq).exclude(sprint_id__in=elsewhere)
    for name, line in rows.order_by("seq").values_list("sprint_id", "line").iterator(500):
        for path, digest in json.loads(line)["data"].get("outputs", {}).items():
            yield name or "", path, digest
