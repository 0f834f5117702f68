"""Format times, durations and rounds, the same on every page."""

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from django import template
from django.utils import timezone
from django.utils.html import format_html

from gates.network import from_json, typed
from sprints.contract.json_types import JsonMapping
from sprints.roles import Role
from sprints.state import network_use

register = template.Library()


class HasRole(Protocol):
    """A request with the role of its user."""

    @property
    def role(self) -> int:
        """Return the role."""


DASH = "\N{EN DASH}"
MINUTE, HOUR, DAY = 60, 3600, 86400
WORDS = {"in_progress": "in progress", "timed_out": "timed out"}
# A status is never shown by colour alone.
SIGNS = {"done": "✓", "in_progress": "▸", "failed": "✕", "blocked": "!", "cancelled": DASH}


@register.filter
def duration(seconds: float | None) -> str:
    """Return seconds in their two largest units, ``24m 45s``; a dash for None."""
    if seconds is None:
        return DASH
    if seconds < 10:
        return f"{max(0.0, seconds):.1f}s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole}s"
    if whole < HOUR:
        return f"{whole // MINUTE}m {whole % MINUTE:02d}s"
    if whole < DAY:
        return f"{whole // HOUR}h {whole % HOUR // MINUTE:02d}m"
    return f"{whole // DAY}d {whole % DAY // HOUR}h"


@register.simple_tag
def when(at: datetime | str | None) -> str:
    """Return a ``<time>`` element: the age in words, with the exact time as its title.

    The page's script converts the time to the reader's zone. ``at`` is aware, or a text as in the
    files; empty for None.
    """
    if not at:
        return ""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    moment = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        f"{moment:%Y-%m-%d %H:%M:%S}",
        ago((timezone.now() - moment).total_seconds()),
    )


def ago(seconds: float) -> str:
    """Return ``3 min ago``, or ``in 3 min`` for the future."""
    size = abs(seconds)
    half = 0 if seconds > 0 else 0.5  # rounds the future, so that 72 hours are 3 d a moment later
    if size < 5:
        return "just now"
    if size < MINUTE:
        words = f"{size:.0f} s"
    elif size < HOUR:
        words = f"{int(size / MINUTE + half)} min"
    elif size < 2 * DAY:
        words = f"{int(size / HOUR + half)} h"
    else:
        words = f"{int(size / DAY + half)} d"
    return f"{words} ago" if seconds > 0 else f"in {words}"


@register.filter
def word(status: str) -> str:
    """Return a status in words: ``in progress``."""
    return WORDS.get(status, status)


@register.filter
def short(code: str) -> str:
    """Return a round's short name: ``R3`` of ``R3_BUILD_A_INTEGRATE``."""
    return code.split("_")[0]


@register.filter
def percent(share: float | None) -> str:
    """Return a share from 0 to 1 as ``86 %``; a dash for None.

    0 % and 100 % stand only for exactly none and all.
    """
    if share is None:
        return DASH
    whole = round(share * 100)
    if share < 1:
        whole = min(whole, 99)
    return f"{max(whole, 1) if share > 0 else 0} %"


@register.filter
def argv(command: Sequence[str]) -> str:
    """Return a command as a user would type it."""
    return shlex.join(str(part) for part in command)


@register.filter
def hosts(network: str | list[str]) -> str:
    """Return a stored network setting as a user would type it."""
    return typed(from_json(network))


@register.filter
def reached(network: JsonMapping) -> str:
    """Return what a program reached, or tried to, in one line; empty if nothing."""
    return network_use.told(network)


@register.filter
def plain(text: str) -> str:
    """Return the text with visible control characters, so that nothing can hide in the page."""
    return "".join(c if c.isprintable() or c == " " else f"\\x{ord(c):02x}" for c in str(text))


@register.inclusion_tag("sprints/rounds.html")
def round_cells(rounds: Sequence[tuple[str, str]], status: str) -> dict[str, object]:
    """Return six cells, one a round; ``status`` is the sprint's."""
    cells = [(short(code), _cell(at, status)) for code, at in rounds]
    reported = ", ".join(f"{name} {word(kind)}" for name, kind in cells)
    marked = [(name, kind, SIGNS.get(kind, "")) for name, kind in cells]
    return {"cells": marked, "label": reported or "not started"}


def _cell(of_round: str, of_sprint: str) -> str:
    """Return the round's status, or the sprint's if the sprint ended in this round."""
    if of_round in ("blocked", "in_progress") and of_sprint in ("failed", "cancelled"):
        return of_sprint
    return of_round


@register.filter
def may(request: HasRole, role: str) -> bool:
    """Return whether the requesting user has that role, or a higher one."""
    return bool(request.role >= Role.named(role))
