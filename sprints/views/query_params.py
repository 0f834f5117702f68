"""Read the parameters of an address; invalid ones are ignored and reported, never an error."""

from collections.abc import Collection
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.http import QueryDict

LONGEST = 200


class Asked:
    """A reader of parameters; ``said`` has a line for each invalid one."""

    def __init__(self, query: QueryDict) -> None:
        self._query = query
        self.said: list[str] = []

    def text(self, key: str) -> str:
        """Return one line of text, stripped."""
        value = self._query.get(key, "").strip()
        if len(value) <= LONGEST and value.isprintable():
            return value
        return self._leave_out(key, value, f"is no line of at most {LONGEST} characters")

    def one_of(self, key: str, known: Collection[str]) -> str:
        """Return one of ``known``, or empty."""
        value = self._query.get(key, "")
        if not value or value in known:
            return value
        return self._leave_out(key, value, f"is not one of {', '.join(known)}")

    def number(self, key: str) -> int | None:
        """Return a number from 0 to 2**53; None if there is none."""
        value = self._query.get(key, "")
        if value.isascii() and value.isdigit() and len(value) <= 16:
            return int(value)
        if value:
            self._leave_out(key, value, "is no number")
        return None

    def time(self, key: str) -> datetime | None:
        """Return a time, in UTC or with its own offset: ``2026-11-24T17:30``."""
        value = self._query.get(key, "").strip()
        if not value:
            return None
        try:
            at = datetime.fromisoformat(value)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            self._leave_out(key, value, "is no time as 2026-11-24T17:30")
            return None

    def _leave_out(self, key: str, value: str, why: str) -> str:
        self.said.append(f"{key}={value[:40]!a} {why}; it was left out")
        return ""


def address(path: str, **query: object) -> str:
    """Return ``path`` with the non-empty values of ``query``."""
    given = {key: value for key, value in query.items() if value not in ("", None)}
    return f"{path}?{urlencode(given)}" if given else path
