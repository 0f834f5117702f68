"""Write state.json: replaced whole, at the cost of one copy of its bytes.

Only sprints that have changed since the last writing are read from the rows. The rest is copied as
text. A sprint's entry begins at a line with four spaces and a quote. It ends at a line with four
spaces and a brace. No other line does, because JSON escapes every newline inside.
"""

import json
import mmap
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Self

import orjson
from django.db.models import Model, QuerySet

from gates import fault_points
from gates.models import GateRun
from sprints.contract.json_types import JsonObject
from sprints.models import Event, Head, Round, Sprint, Task
from sprints.models.loading import consistent
from sprints.state.snapshot import as_state
from sprints.state.state_mapping import KEYS

ENTRY, END, BETWEEN = b'\n    "', b"\n    }", b",\n"
MANY = 200
Old = mmap.mmap | bytes  # the file as it is
_ZEROS = bytes.maketrans(b"123456789", b"000000000")


@dataclass(frozen=True, slots=True)
class Frame:
    """The text before the first entry, the text after the last, and the file without entries."""

    prefix: bytes
    suffix: bytes
    empty: bytes

    @classmethod
    def around(cls, extra: JsonObject) -> Self:
        """Return the frame with those keys next to the sprints.

        Entries are found by their depth, so only the key itself can look like the frame's line.
        """
        text = json.dumps({**extra, "sprints": {}, "version": 1}, indent=2, sort_keys=True)
        before, key, after = text.encode("ascii").partition(b'\n  "sprints": {')
        return cls(before + key + b"\n", b"\n  " + after, before + key + after)

    def holds(self, old: Old) -> bool:
        """Return whether the file ``old`` has this frame and at least one entry."""
        ends = len(old) - len(self.suffix)
        return (
            ends > len(self.prefix)
            and old[: len(self.prefix)] == self.prefix
            and old[ends:] == self.suffix
        )


@dataclass(frozen=True, slots=True)
class Seal:
    """The identity of the written file, and the event ``seq`` with ``hash`` that it shows.

    Stored in a file next to state.json.
    """

    seq: int
    hash: str
    size: int
    mtime_ns: int
    inode: int


def write(path: Path, head: Head) -> None:
    """Replace the file by the present rows, durably, and seal it at ``head``.

    The caller holds the lock. Raises ``OSError``; the old file stays then.
    """
    seal, frame = _seal(path), Frame.around(head.extra)
    if seal is None or not Event.objects.filter(seq=seal.seq, hash=seal.hash).exists():
        _replace(path, whole(frame, entries(all_ids())), head)
        return
    if seal.seq == head.seq:
        return
    touched = Event.objects.filter(seq__gt=seal.seq, seq__lte=head.seq)
    ids = sorted({name for name in touched.values_list("sprint_id", flat=True) if name})
    if not ids:
        _write_seal(path, head)
        return
    archived = Sprint.objects.filter(pk__in=ids, archived_at__isnull=False)
    gone = set(archived.values_list("pk", flat=True))
    shown = [name for name in ids if name not in gone]
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as old:
        if len(shown) > MANY or not frame.holds(old) or not _keeps(frame, old, set(ids)):
            _replace(path, whole(frame, entries(all_ids())), head)
        else:
            new = dict.fromkeys(ids) | dict(entries(shown))
            _replace(path, splice(frame, old, new), head)


def _keeps(frame: Frame, old: Old, ids: Collection[str]) -> bool:
    """Return whether the file with that frame has an entry other than ``ids``."""
    at, ends = len(frame.prefix) - 1, len(old) - len(frame.suffix)
    while (at := old.find(ENTRY, at, ends) + 1) > 0:
        if old[at + 5 : old.find(b'"', at + 5)].decode("ascii") not in ids:
            return True
    return False


def all_ids() -> Iterable[str]:
    """Return the ids in the file, in its order; a database's collation may differ."""
    live = Sprint.objects.filter(archived_at__isnull=True)
    return sorted(live.values_list("sprint_id", flat=True))


def many(ids: Iterable[str]) -> Iterator[tuple[str, JsonObject]]:
    """Yield those sprints as in state.json, in the given order.

    Needs a transaction with one consistent view.
    """
    rest = iter(ids)
    while some := list(islice(rest, MANY)):
        sprints = _grouped("sprint", Sprint.objects.filter(pk__in=some))
        rounds = _grouped("round", Round.objects.filter(sprint__in=some), "id")
        tasks = _grouped("task", Task.objects.filter(round__sprint__in=some), "round_id")
        runs = _grouped("gate_run", GateRun.objects.filter(round__sprint__in=some), "round_id")
        for name in some:
            yield name, as_state(sprints[name][0], rounds[name], tasks[name], runs[name])


def _grouped(
    row: str, rows: QuerySet[Model], key: str = "sprint_id"
) -> dict[str, list[SimpleNamespace]]:
    """Return the rows' values by sprint id, with which ``key`` begins."""
    found: dict[str, list[SimpleNamespace]] = defaultdict(list)
    for values in rows.values(*{key: None, "extra": None, **KEYS[row]}).iterator(2000):
        name = values[key] if row == "sprint" else values[key].split("/")[0]
        found[name].append(SimpleNamespace(**values))
    return found


def entries(ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each sprint's text as in the file, in the given order."""
    for sprint_id in ids:
        yield sprint_id, entry(sprint_id, consistent(sprint_id))


def entry(sprint_id: str, whole: JsonObject) -> bytes:
    """Return one sprint's text, without separators."""
    text = _indented(whole).replace(b"\n", b"\n    ")
    return b'    "%s": %s' % (sprint_id.encode("ascii"), text)


def _indented(whole: JsonObject) -> bytes:
    """Return the JSON with an indent as ``json`` writes it, by orjson if the result is the same.

    orjson is ten times as fast, but writes some numbers, DEL and non-ASCII text differently.
    """
    try:
        text = orjson.dumps(whole, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer beyond 64 bits, a lone surrogate
        text = b""
    if text and text.isascii() and not _otherwise(text):
        return text
    return json.dumps(whole, indent=2, sort_keys=True).encode("ascii")


def _otherwise(text: bytes) -> bool:
    """Return whether ``json`` may write something in the text differently."""
    plain = text.translate(_ZEROS)  # a regular expression would take as long as all the rest
    return b"0e0" in plain or b"0e-0" in plain or b"0.0000" in text or b"\x7f" in text


def whole(frame: Frame, texts: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """Yield the file's bytes in parts, from the entries of all its sprints."""
    first = True
    for _, text in texts:
        yield (frame.prefix if first else BETWEEN) + text
        first = False
    yield frame.empty if first else frame.suffix


def splice(frame: Frame, old: Old, new: Mapping[str, bytes | None]) -> Iterator[bytes | memoryview]:
    """Yield the parts of ``old`` with the entries ``new`` (sorted by id) inserted or replaced.

    An entry of None is removed; at least one of the old ones stays.
    """
    at, ends = 0, len(old) - len(frame.suffix)
    with memoryview(old) as view:
        held: bytes | memoryview = b""  # its final comma may still be removed
        for sprint_id, text in new.items():
            start, there = _find(frame, old, sprint_id.encode("ascii"))
            end = old.find(END, start) + len(END) if there else start
            if start > at:
                yield held
                held = view[at:start]
            at = end
            if text is None and there:
                if end < ends:
                    at += len(BETWEEN)
                else:
                    held = held[: -len(BETWEEN)]
            elif text is not None:
                yield held
                held = text if there else text + BETWEEN if start < ends else BETWEEN + text
        yield held
        held = b""  # the view cannot be released while a part of it is held
        yield view[at:]


def _find(frame: Frame, old: Old, key: bytes) -> tuple[int, bool]:
    """Return where the entry of ``key`` begins or belongs, and whether it exists."""
    low, high = len(frame.prefix), len(old) - len(frame.suffix)
    last = high
    while low < high:
        middle = (low + high) // 2
        start = old.find(ENTRY, middle - 1, last) + 1
        if start == 0 or start >= high:
            high = middle
            continue
        there = old[start + 5 : old.find(b'"', start + 5)]
        if there == key:
            return start, True
        if there < key:
            low = start + 1
        else:
            high = middle
    start = old.find(ENTRY, low - 1, last) + 1
    if start == 0:
        return last, False
    return start, old[start + 5 : old.find(b'"', start + 5)] == key


def _replace(path: Path, parts: Iterable[bytes | memoryview], head: Head) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            fault_points.fsync("before_state_fsync", file.fileno())
        fault_points.point("before_state_rename")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    fault_points.point("after_state_rename")
    _sync_folder(path.parent)
    _write_seal(path, head)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _seal_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.seal")


def _seal(path: Path) -> Seal | None:
    """Return the seal if the file is still the sealed one; None otherwise."""
    try:
        seal = Seal(**json.loads(_seal_path(path).read_text()))
        found = path.lstat()
    except (OSError, ValueError, TypeError):
        return None
    same = (found.st_size, found.st_mtime_ns, found.st_ino)
    return seal if same == (seal.size, seal.mtime_ns, seal.inode) else None


def sealed(path: Path) -> int | None:
    """Return the seq of the last seal; None if there is none."""
    try:
        return Seal(**json.loads(_seal_path(path).read_text())).seq
    except (OSError, ValueError, TypeError):
        return None


def unseal(path: Path) -> None:
    """Forget at which event the file is sealed, so that it is written anew as a whole."""
    _seal_path(path).unlink(missing_ok=True)


def _write_seal(path: Path, head: Head) -> None:
    found = path.lstat()
    seal = Seal(head.seq, head.hash, found.st_size, found.st_mtime_ns, found.st_ino)
    _seal_path(path).write_text(json.dumps(asdict(seal)))
