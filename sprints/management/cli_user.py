"""Who is at the keyboard, what they give by a file, and what they are told in many commands."""

import getpass
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from sprints import queries

BRIEF_BYTES = 1 << 20


def tell_who_works(out: Any) -> None:
    """Say so where nobody is there to take up what was just handed over."""
    if not any(host["alive"] for host in queries.hosts()):
        out.write("no worker is at work; start one: studio-gateway worker")


def user() -> str:
    """Who is at the keyboard."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "cli"


def read_brief(path: str | None) -> str:
    """The text of that file, empty where none is named. Raises ``CommandError``."""
    if path is None:
        return ""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(BRIEF_BYTES + 1)
    except OSError as exc:
        raise CommandError(f"{path} cannot be read: {exc.strerror}") from exc
    if len(raw) > BRIEF_BYTES:
        raise CommandError(f"{path} is over {BRIEF_BYTES} bytes; a brief is shorter")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise CommandError(f"{path} is not UTF-8 (byte {exc.start})") from exc
