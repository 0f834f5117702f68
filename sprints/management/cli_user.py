"""The user of the command line: name, brief file, and who continues a sprint."""

import getpass
import sys
from pathlib import Path

from django.core.management.base import CommandError, OutputWrapper

from sprints import queries

BRIEF_BYTES = 1 << 20


def tell_who_works(out: OutputWrapper) -> None:
    """Print a hint if no worker runs that could take the queued sprint."""
    if not _workers_run():
        out.write("no worker runs; start one: studio-gateway worker")


def tell_who_continues(out: OutputWrapper, sprint_id: str, done: str = "") -> None:
    """Print what was ``done``, and that the workers continue the sprint, or how to continue it."""
    here = f"to continue {sprint_id}: studio-gateway sprint run {sprint_id}"
    out.write(done + (f"the workers continue {sprint_id}" if _workers_run() else here))
    tell_who_works(out)


def _workers_run() -> bool:
    return any(host["alive"] for host in queries.hosts())


def user() -> str:
    """Return the name of the user who typed the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "cli"


def brief_of(text: str | None, path: str | None) -> str | None:
    """Return the brief of ``--brief`` or ``--brief-file``, None without both.

    Raises ``CommandError``.
    """
    if text is not None and path is not None:
        raise CommandError("--brief and --brief-file both set the brief; use only one")
    return text if path is None else read_brief(path)


def read_brief(path: str) -> str:
    """Return the text of that file, of standard input for ``-``. Raises ``CommandError``."""
    try:
        if path == "-":
            raw = sys.stdin.buffer.read(BRIEF_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                raw = file.read(BRIEF_BYTES + 1)
    except OSError as exc:
        raise CommandError(f"{path} cannot be read: {exc.strerror}") from exc
    if len(raw) > BRIEF_BYTES:
        raise CommandError(f"{path} is larger than {BRIEF_BYTES} bytes; shorten the brief")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise CommandError(f"{path} is not UTF-8 (byte {exc.start}); convert it to UTF-8") from exc
