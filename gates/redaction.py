"""Secrets are taken out of what a program prints before it reaches the disk.

A gate prints into a pipe, and its supervisor writes down what ``Filter`` leaves of it. The other
way, to let it print straight into its file and clean that when it has ended, saves little: a pipe
is as fast as a redirect, and to look for secrets takes as long afterwards. And a kill -9 before the
cleaning would leave the secret on the disk, for every reader to look out for. ``tools/bench``
prints what it costs (``capture``).

Part of the supervisor, so it leans on nothing that is slow to import.
"""

import re
from binascii import b2a_base64
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from gates import secret_shapes as shapes

MARK = b"[redacted]"
LEAST = 8  # a shorter value is a word that anybody may print
MOST = 8192
TELLING = 16  # so much of a value, cut off by the end of the output, is taken out too


def forms(value: bytes) -> set[bytes]:
    """The value as it is, percent-encoded, in hex, and in base64 wherever it may stand in it; but
    not across the lines that MIME makes of base64.
    """
    found = {value, value.hex().encode(), value.hex().upper().encode()}
    for digits in ("%{:02X}", "%{:02x}"):
        plain = (
            chr(c) if (chr(c).isalnum() and c < 128) or c in b"-._~" else digits.format(c)
            for c in value
        )
        found.add("".join(plain).encode())
    for before in range(3):
        coded = b2a_base64(bytes(before) + value, newline=False)
        own = coded[-(-8 * before // 6) : 8 * (before + len(value)) // 6]
        found |= {own, own.replace(b"+", b"-").replace(b"/", b"_")}
    return {form for form in found if len(form) >= LEAST}


class Redactor:
    """What to look for: every form of the values, and every shape."""

    def __init__(self, values: Sequence[str]) -> None:
        raw = {value.strip().encode("utf-8", "surrogateescape") for value in values}
        found = {form for one in raw if LEAST <= len(one) <= MOST for form in forms(one)}
        self.forms = sorted(found, key=lambda form: (-len(form), form))
        self._sieve = shapes.Sieve(self.forms)

    def looks(self, block: bytes) -> tuple[tuple[bytes, ...], tuple[int, ...]]:
        """What is, or may be, in ``block``: forms, and numbers of shapes."""
        # Forms may overlap: which of them are there is told one by one.
        some = self._sieve.found(block)
        return tuple(form for form in self.forms if some and form in block), shapes.hinted(block)

    def held_from(self, block: bytes, start: int) -> int:
        """Where what may yet become a secret begins; the length of ``block`` where nothing may."""
        found = shapes.held_from(block, start)
        for form in self.forms:
            at = block.find(form[:1], max(start, len(block) - len(form) + 1), found)
            while at >= 0 and not form.startswith(block[at:]):
                at = block.find(form[:1], at + 1, found)
            found = found if at < 0 else at
        return found

    def without_stump(self, rest: bytes) -> bytes:
        """The end of an output without the part of a form that may be the last of it."""
        for form in self.forms:
            for size in range(min(len(form), len(rest)), TELLING - 1, -1):
                if rest.endswith(form[:size]):
                    return rest[:-size] + MARK
        return rest

    def clean(self, text: str) -> str:
        """The text without its secrets."""
        whole = Filter(self)
        raw = text.encode("utf-8", "surrogatepass")
        return (whole.feed(raw) + whole.end()).decode("utf-8", "surrogatepass")

    def clean_json(self, value: Any) -> Any:
        """The same for every text in a value of JSON; keys stay."""
        match value:
            case str():
                return self.clean(value)
            case dict():
                return {key: self.clean_json(one) for key, one in value.items()}
            case list() | tuple():
                return type(value)(self.clean_json(one) for one in value)
        return value


@lru_cache(maxsize=64)
def redactor(values: tuple[str, ...]) -> Redactor:
    """The redactor for these values."""
    return Redactor(values)


@lru_cache(maxsize=256)
def _pattern(found: tuple[bytes, ...], numbers: tuple[int, ...]) -> re.Pattern[bytes]:
    parts = [re.escape(form) for form in found]
    parts += [shapes.wholes(numbers).encode()] if numbers else []
    return re.compile(b"|".join(parts))


class Filter:
    """One stream. What may be the beginning of a secret is held until more has come: no more than
    the longest form, or 16 KiB of a private key. The pieces in which it comes make no difference.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._block = b""
        self._at = 0  # what is before this is out; a byte of it stays, for what looks back

    def feed(self, data: bytes) -> bytes:
        """Take in what was printed; returns what may go out."""
        if not data:
            return b""
        block = self._block + data
        out, at, hold = self._clean(block, self._redactor.held_from(block, self._at))
        out.append(block[at:hold])
        self._block, self._at = block[max(0, hold - 1) :], min(hold, 1)
        return b"".join(out)

    def end(self) -> bytes:
        """No more comes; returns the rest. What is cut off there may be most of a secret."""
        out, at, _ = self._clean(self._block, len(self._block))
        rest = self._block[at:]
        self._block, self._at = b"", 0
        return b"".join([*out, self._redactor.without_stump(rest)])

    def _clean(self, block: bytes, hold: int) -> tuple[list[bytes], int, int]:
        """What goes out of ``block`` up to the last secret that begins before ``hold``, where that
        secret ends, and from where on the rest is to be held then.
        """
        found, numbers = self._redactor.looks(block)
        at = self._at
        out: list[bytes] = []
        if not (found or numbers):
            return out, at, hold
        pattern = _pattern(found, numbers)
        while (match := pattern.search(block, at)) and match.start() < hold:
            kept = next((one for one in match.groups() if one), b"")
            out += [block[at : match.start()], kept, MARK]
            at = match.end()
            if at > hold:
                hold = self._redactor.held_from(block, at)
        return out, at, hold
