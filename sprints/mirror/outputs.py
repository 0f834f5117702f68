"""Is what gates and agents printed still what it was when its event was written?"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from sprints.evidence import open_evidence
from sprints.models import Event

KINDS = ("gate_finished", "task_done", "task_asks", "task_failed", "task_stopped", "task_returned")
PAGE = 200


def altered(seq: int) -> tuple[int, str]:
    """How many outputs were read, and what is wrong with the last of them, in words; empty where
    they are all as the events up to ``seq`` say. What was printed into another store, of another
    host or before an import, is read where it is here, and not missed where it is not.
    """
    count = 0
    for name, path, digest, place in _outputs(seq):
        try:
            with open_evidence(name, path) as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            if place == settings.STORE.place:
                return count, f"{name}/{path} is not there"
            continue
        count += 1
        if found != digest:
            return count, f"{name}/{path} is not what was printed"
    return count, ""


def _outputs(seq: int) -> Iterator[tuple[str, str, str, str]]:
    """Sprint, path within its folder, digest, and the store into which it was printed. No query is
    open while a file is read: the database's log could not be emptied meanwhile.
    """
    at = 0
    while rows := list(_rows().filter(seq__gt=at, seq__lte=seq)[:PAGE]):
        at = rows[-1][0]
        for _, name, line in rows:
            data = json.loads(line)["data"]
            for path, digest in data.get("outputs", {}).items():
                yield name or "", path, digest, data["outputs_at"]


def _rows() -> Any:
    rows = Event.objects.filter(kind__in=KINDS).order_by("seq")
    return rows.values_list("seq", "sprint_id", "line")
