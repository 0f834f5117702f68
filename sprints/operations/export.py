"""Export the journal as one file for another gateway, without secrets."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gates.secret_values import is_named
from sprints.contract.json_types import JsonObject
from sprints.journal.consistent_view import one_moment
from sprints.models import Event, Sprint
from sprints.models.redaction import clean
from sprints.operations.archive_writer import Sink, add_evidence, copy_to
from sprints.operations.import_source import ASIDE, CONFIG, EVENTS, STATE
from sprints.operations.store import store
from sprints.state.messages import message
from sprints.state.refusals import Refused
from sprints.store.config import read_config


@dataclass(frozen=True, slots=True)
class Exported:
    """The content of the archive: the number of files and their bytes before packing."""

    path: str
    sprints: int
    events: int
    files: int
    size_bytes: int


def export(target: Path) -> Exported:
    """Pack state.json, events.jsonl, config.json without secrets, and the evidence.

    All files are of one moment, while sprints go on. All or nothing, in one pass.

    Raises ``Refused``, ``StoreError`` and ``OSError``.
    """
    if not target.name.endswith((".tar.gz", ".tgz")):
        raise Refused(message("refused.archive_name", path=target, option="--out"))
    with copy_to(target, packed=True) as sink:
        with one_moment(store(), catch_up=True) as moment:
            assert moment.events, "files that have caught up are there"
            assert moment.state, "files that have caught up are there"
            sprints, events = Sprint.objects.count(), Event.objects.count()
            sink.add_whole(STATE, moment.state)
            sink.add(EVENTS, moment.events, moment.size)
        _add_config(sink)
        if (aside := store().root / ASIDE).is_file():
            with aside.open("rb") as file:
                sink.add_whole(ASIDE, file)
        add_evidence(sink)
    return Exported(str(target), sprints, events, sink.files, sink.size_bytes)


def _add_config(sink: Sink) -> None:
    reported = {key: clean(value) for key, value in _settings().items()}
    with tempfile.TemporaryFile(dir=store().root) as file:
        file.write(json.dumps(reported, indent=2, sort_keys=True).encode() + b"\n")
        file.seek(0)
        sink.add_whole(CONFIG, file)


def _settings() -> JsonObject:
    """Return config.json without the keys that are named like a secret."""
    config = read_config(store().config)
    return {k: v for k, v in config.items() if k != "secret_key" and not is_named(k)}
