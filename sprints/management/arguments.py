"""What is typed alike in many commands: a command as one text, pairs NAME=VALUE."""

import json
import shlex
from typing import Any

from django.core.management.base import CommandError


def argv_of(text: str | None) -> tuple[str, ...] | None:
    """The text split as a shell would; None for None. Raises ``CommandError``."""
    try:
        return None if text is None else tuple(shlex.split(text))
    except ValueError as exc:
        raise CommandError(f"the command cannot be split: {exc}") from exc


def environment(pairs: list[str] | None) -> dict[str, str] | None:
    """The pairs as a dict; None for None. Raises ``CommandError``."""
    if pairs is None:
        return None
    for wrong in (pair for pair in pairs if "=" not in pair):
        raise CommandError(f"--env {wrong!r}: write NAME=VALUE")
    return dict(pair.split("=", 1) for pair in pairs)


def settings_of(pairs: list[str] | None) -> dict[str, Any]:
    """The pairs KEY=VALUE as a patch of a sprint's meta: a value that is JSON is taken as that, any
    other as the text that it is. Raises ``CommandError``.
    """
    found: dict[str, Any] = {}
    for pair in pairs or []:
        key, there, text = pair.partition("=")
        if not there or not key:
            raise CommandError(f"--set {pair!r}: write KEY=VALUE")
        if key in found:
            raise CommandError(f"--set {key}: given twice")
        try:
            found[key] = json.loads(text)
        except (ValueError, RecursionError):
            found[key] = text
    return found
