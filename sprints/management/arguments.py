"""Parse option values that many commands share: a command line, NAME=VALUE pairs."""

import json
from difflib import get_close_matches
from typing import Any, TypeAlias

from django.core.management.base import CommandError

from gates.command_line import NeedsShell, split
from sprints.contract.json_types import JsonObject
from sprints.contract.meta_reference import KEYS

COMMAND = "command to run; no shell interprets it"

Options: TypeAlias = dict[str, Any]  # the parsed values of a command line, by name


def argv_of(text: str | None) -> tuple[str, ...] | None:
    """Return the words of a command line, None for None. Raises ``CommandError``."""
    try:
        return None if text is None else split(text)
    except NeedsShell as exc:
        raise CommandError(str(exc)) from exc
    except ValueError as exc:
        raise CommandError(f"the command cannot be split into words: {exc}") from exc


def environment(pairs: list[str] | None) -> dict[str, str] | None:
    """Return NAME=VALUE pairs as a dict, None for None; one empty text means no variables.

    Raises ``CommandError``.
    """
    if pairs is None:
        return None
    if pairs == [""]:
        return {}
    for wrong in (pair for pair in pairs if "=" not in pair):
        raise CommandError(f"--env {wrong!r} has no '='; write: --env NAME=VALUE")
    return dict(pair.split("=", 1) for pair in pairs)


def settings_of(pairs: list[str] | None) -> JsonObject:
    """Return KEY=VALUE pairs as changes to a sprint's meta. A value that is not JSON is a text.

    A key of the user's own is kept, unless it looks like a setting that is spelled wrong.
    Raises ``CommandError``.
    """
    found: JsonObject = {}
    for pair in pairs or []:
        key, there, text = pair.partition("=")
        if not there or not key:
            raise CommandError(f"--set {pair!r} is not KEY=VALUE; write: --set KEY=VALUE")
        if key in found:
            raise CommandError(f"--set {key} is given twice; give each key once")
        if key not in KEYS and text != "null" and (near := get_close_matches(key, KEYS, 1, 0.8)):
            raise CommandError(f"--set {key}: there is no such setting; did you mean {near[0]}?")
        try:
            found[key] = json.loads(text)
        except (ValueError, RecursionError):
            found[key] = text
    return found
