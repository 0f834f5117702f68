"""What is typed for a gate and for an agent alike: a command as one text, pairs NAME=VALUE."""

import shlex

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
