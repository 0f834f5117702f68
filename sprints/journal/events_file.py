"""Write events.jsonl: every committed event as one line, in order, never torn, never twice."""

import errno
import itertools
import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from gates import fault_points
from sprints.contract.json_types import JsonObject
from sprints.journal.lost_lines import once_there
from sprints.journal.state_file import sealed
from sprints.models import Event, Head
from sprints.models.transitions import note
from sprints.state.event_codes import EventKind
from sprints.state.event_format import FIRST_PREV
from sprints.state.messages import message

CHUNK = 1000
TAIL_BYTES = 1 << 16


class Ahead(Exception):
    """The file has events that the database lacks (a restored backup?); it is left unchanged."""


@dataclass(slots=True)
class _Known:
    """The file's state as this process last saw it, trusted while size and inode are the same.

    ``hash`` is that of event ``seq``, the last one.
    """

    path: Path | None = None
    inode: int = 0
    size: int = -1
    seq: int = 0
    hash: str = FIRST_PREV


_known = _Known()


def forget() -> None:
    """Trust nothing that this process saw of the file, as a new process does."""
    _known.path = None


def catch_up(path: Path, fresh: Sequence[tuple[int, str]] = (), *, durable: bool) -> int:
    """Append every committed event that the file lacks; return the last seq in the file.

    ``fresh`` are lines known to be committed, (seq, line), which are not read again if they are
    exactly the missing ones. The caller holds the lock. An incomplete last line is cut first: its
    event is in the rows. Lines that the file has lost are recorded, then written again. ``durable``
    fsyncs. Raises ``OSError`` (nothing half-written stays behind) and ``Ahead``: the database may
    have been replaced by an older one since this process last saw the file.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | _NOFOLLOW, 0o600)
    try:
        size, seq = _position(path, descriptor)
        rows = fresh if fresh and fresh[0][0] == seq + 1 else _missing(seq)
        if rows:
            _follow(rows[0][1])
        elif seq:
            _compare(seq, _known.hash)
        while rows:
            text = "".join(f"{line}\n" for _, line in rows).encode("ascii")
            _append(descriptor, size, text)
            size, seq = size + len(text), rows[-1][0]
            _remember(path, descriptor, size, seq, _hash_of(rows[-1][1]))
            rows = _missing(seq) if rows is not fresh else ()
        if durable:
            os.fsync(descriptor)
        return seq
    except OSError:
        forget()
        raise
    finally:
        os.close(descriptor)


def _missing(seq: int) -> Sequence[tuple[int, str]]:
    after = Event.objects.filter(seq__gt=seq).order_by("seq")
    return list(after.values_list("seq", "line")[:CHUNK])


_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)


def _append(descriptor: int, size: int, text: bytes) -> None:
    """Append all of ``text`` after ``size`` bytes, or nothing if the disk is full."""
    fault_points.point("before_event_append")
    os.lseek(descriptor, size, os.SEEK_SET)
    if fault_points.write("mid_event_append", descriptor, text) != len(text):
        os.ftruncate(descriptor, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    fault_points.point("after_event_append")


def _position(path: Path, descriptor: int) -> tuple[int, int]:
    """Return the file's end (bytes) and its last seq, after a repair if needed."""
    found = os.fstat(descriptor)
    if (_known.path, _known.inode, _known.size) == (path, found.st_ino, found.st_size):
        return _known.size, _known.seq
    end, last = last_line(descriptor, found.st_size)
    seq, digest = (int(last["seq"]), str(last["hash"])) if last else (0, FIRST_PREV)
    if last:
        _compare(seq, digest)
    if end != found.st_size:
        _keep_aside(path, descriptor, end, found.st_size)
        os.ftruncate(descriptor, end)
        data = {"file": path.name, "cut_bytes": found.st_size - end}
        words = message("event.mirror_repaired", file=path.name)
        note(EventKind.MIRROR_REPAIRED, words, timezone.now(), data)
    _record_loss(path, seq)
    _remember(path, descriptor, end, seq, digest)
    return end, seq


def _record_loss(path: Path, seq: int) -> None:
    """Record which lines after ``seq`` the file has lost, if any; they will be written again.

    Nothing is recorded in a database that lacks its last events itself.
    """
    head = Head.objects.get(pk=1).seq
    if seq >= head or not Event.objects.filter(seq=head).exists():
        return
    last = min(head, once_there(sealed(path.with_name("state.json")), settings.STORE.place))
    if seq < last:
        data = {"file": path.name, "from_seq": seq + 1, "to_seq": last}
        words = message("event.journal_repaired", file=path.name, first=seq + 1, last=last)
        note(EventKind.JOURNAL_REPAIRED, words, timezone.now(), data)


def _follow(line: str) -> None:
    """Raise ``Ahead`` unless the event of ``line`` follows the last one in the file."""
    if f'"prev": "{_known.hash}"' not in line:
        raise Ahead(f"events.jsonl is not of this database (event {_known.seq} differs)")


def _hash_of(line: str) -> str:
    """Return the hash of a line's event: keys are sorted, and no later one holds an object."""
    return line.rpartition('"hash": "')[2].partition('"')[0]


def _compare(seq: int, digest: str) -> None:
    row = Event.objects.filter(seq=seq).values_list("hash", flat=True).first()
    if row is None:
        head = Head.objects.get(pk=1).seq
        raise Ahead(f"events.jsonl is ahead of the database (seq {seq}, database {head})")
    if row != digest:
        raise Ahead(f"events.jsonl is not of this database (event {seq} differs)")


def is_ahead(path: Path) -> bool:
    """Return whether the file has events that the database lacks, and change nothing.

    Raises ``OSError``.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | _NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        _, last = last_line(descriptor, os.fstat(descriptor).st_size)
        if last:
            _compare(int(last["seq"]), str(last["hash"]))
    except Ahead:
        return True
    finally:
        os.close(descriptor)
    return False


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was ahead: its new name, the first seq that is cut, and how many events are."""

    name: str = ""
    from_seq: int = 0
    events: int = 0


def set_aside(path: Path) -> Kept:
    """Keep a file that is ahead under a free name, and cut the events that the database lacks.

    Do nothing if the file is not ahead. The caller holds the lock. Raises ``OSError``.
    """
    if not is_ahead(path):
        return Kept()
    seq = 1
    names = (path.with_name(f"{path.name}.kept{n or ''}") for n in itertools.count())
    kept = next(name for name in names if not os.path.lexists(name))
    new = path.with_name(f".{path.name}.{os.getpid()}")
    with path.open("rb") as file, new.open("wb") as common:
        os.fchmod(common.fileno(), 0o600)
        for line in Event.objects.order_by("seq").values_list("line", flat=True).iterator(CHUNK):
            at, text = file.tell(), file.readline()
            if text != b"%s\n" % line.encode("ascii", "replace"):
                file.seek(at)
                break
            common.write(text)
            seq += 1
        count = sum(1 for _ in file)
        common.flush()
        os.fsync(common.fileno())
    shutil.copyfile(path, kept)
    kept.chmod(0o600)
    new.replace(path)
    forget()
    return Kept(kept.name, seq, count)


def _keep_aside(path: Path, descriptor: int, end: int, size: int) -> None:
    """Copy the bytes to be cut, unless they are the beginning of a line that the rows have."""
    cut = os.pread(descriptor, min(size - end, 1 << 20), end)
    if b"\n" in cut:
        aside = path.with_name(f"{path.name}.corrupt-{int(time.time())}")
        aside.write_bytes(cut)


def last_line(descriptor: int, size: int) -> tuple[int, JsonObject | None]:
    """Return the end of the last whole line (bytes) and its event; (0, None) if there is none."""
    start, block = size, b""
    while start > 0:
        step = min(start, TAIL_BYTES)
        start -= step
        block = os.pread(descriptor, step, start) + block
        end = len(block)
        while (newline := block.rfind(b"\n", 0, end)) >= 0:
            before = block.rfind(b"\n", 0, newline)
            if before < 0 and start > 0:
                break  # the line begins in an earlier block
            if event := _event(block[before + 1 : newline]):
                return start + newline + 1, event
            end = newline
    return 0, None


def _event(line: bytes) -> JsonObject | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    good = isinstance(event, dict) and isinstance(event.get("seq"), int) and "hash" in event
    return event if good else None


def _remember(path: Path, descriptor: int, size: int, seq: int, digest: str) -> None:
    _known.path, _known.inode = path, os.fstat(descriptor).st_ino
    _known.size, _known.seq, _known.hash = size, seq, digest
