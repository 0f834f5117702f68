"""Check that state.json shows the state at its sealed event, byte for byte.

Sprints change while the file is written, so each of them may be some events newer than the seal. If
a process died before it sealed the file, all of them may be.
"""

import json
from typing import IO

from sprints.contract.json_types import JsonObject
from sprints.journal import state_file
from sprints.journal.json_diff import differ, values
from sprints.journal.spill_dict import Shelf


class Wrong(Exception):
    """A fault of state.json; ``pointer`` says where, ``why`` both values."""

    def __init__(self, text: str, why: str = "", pointer: str = "") -> None:
        super().__init__(text)
        self.why, self.pointer = why, pointer


class Shown:
    """The check of state.json against the projected events.

    ``seal`` is the seq from which on the file must be right; None requires the last event.
    """

    def __init__(self, file: IO[bytes] | None, seal: int | None) -> None:
        self._file, self._seal = file, seal
        self._looked = False
        self._shown: JsonObject = {}
        self._late: set[str] = set()  # sprints that a later event must explain

    def add(self, event: JsonObject, folded: JsonObject) -> None:
        """Check the file at ``event``; ``folded`` is the state after it. Raises ``Wrong``."""
        if not self._looked and event["seq"] == self._seal:
            self._look(folded)
        elif (name := event["sprint_id"]) in self._late and self._agrees(name, folded):
            self._late.discard(name)

    def end(self, folded: JsonObject) -> None:
        """Check the file after the last event. Raises ``Wrong``."""
        if not self._looked:
            self._look(folded)
        if self._late:
            self._refuse(folded)

    def _agrees(self, name: str, folded: JsonObject) -> bool:
        sprints = folded["sprints"]
        there = sprints.look(name) if name in sprints else None
        return bool(there == self._shown["sprints"].get(name))

    def _look(self, folded: JsonObject) -> None:
        self._looked = True
        if self._file is None:
            raise Wrong("is not there")
        if _shows(self._file, folded):
            return
        self._file.seek(0)
        try:
            self._shown = json.loads(self._file.read())
        except (ValueError, RecursionError) as exc:
            raise Wrong("is not JSON", str(exc)) from exc
        sprints = self._shown.get("sprints") if isinstance(self._shown, dict) else None
        if not isinstance(sprints, dict) or _beside(self._shown) != _beside(folded):
            self._refuse(folded)
        if not _shows(self._file, self._shown):
            raise Wrong("is not written as it should be")
        names = self._shown["sprints"].keys() | folded["sprints"].keys()
        self._late = {name for name in names if not self._agrees(name, folded)}

    def _refuse(self, folded: JsonObject) -> None:
        folded = folded | {"sprints": dict(folded.get("sprints", {}))}
        path = differ(self._shown, folded)
        why = values(self._shown, folded, path) if path else ""
        raise Wrong(f"differs from the rows at {path or '/'}", why, path)


def _beside(whole: JsonObject) -> JsonObject:
    """Return the keys next to the sprints."""
    return {key: value for key, value in whole.items() if key != "sprints"}


def _shows(file: IO[bytes], whole: JsonObject) -> bool:
    """Return whether the file holds exactly this state, in the right format."""
    sprints, beside = whole.get("sprints", {}), _beside(whole)
    if beside.pop("version", None) != 1:
        return False
    file.seek(0)
    look = sprints.look if isinstance(sprints, Shelf) else sprints.get
    texts = ((name, state_file.entry(name, look(name))) for name in sorted(sprints))
    parts = state_file.whole(state_file.Frame.around(beside), texts)
    return all(file.read(len(part)) == part for part in parts) and not file.read(1)
