"""Remove secrets from a program's output before the output reaches the disk.

A gate prints into a pipe, and its supervisor writes the output that ``Filter`` lets through. To
clean a file after the run would save little. A pipe is as fast as a redirect, and the search takes
as long. A kill -9 before the cleaning would also leave the secret on the disk. ``tools/bench``
prints the cost (``capture``).

Part of the supervisor, so it imports nothing slow.
"""

import json
import re
from binascii import b2a_base64
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from gates import secret_shapes as shapes
from gates.secret_shapes import LEAST

MARK = b"[redacted]"
MOST = 8192
BASE64_LINES = (64, 76)  # characters of a line: of PEM, and of MIME and the program base64
HEAD = 16  # bytes of a form that are searched for first
TELLING = 16  # a cut-off beginning of this length at the end of the output is removed, too


def forms(value: bytes) -> set[bytes]:
    """Return the encodings of ``value`` to look for: plain, JSON, percent, hex, and base64.

    Base64 is found at any offset, and in lines of 64 or 76 characters if they begin with the value.
    """
    found = {value, value.hex().encode(), value.hex().upper().encode(), *_in_json(value)}
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
    whole = b2a_base64(value, newline=False)
    found |= {whole[n : n + size] for size in BASE64_LINES for n in range(0, len(whole), size)}
    return {form for form in found if len(form) >= LEAST}


def _in_json(value: bytes) -> Iterator[bytes]:
    """Yield the text as in JSON: with and without escapes for other scripts and for slashes."""
    text = value.decode("utf-8", "surrogateescape")
    for ascii_only in (True, False):
        coded = json.dumps(text, ensure_ascii=ascii_only)[1:-1].encode("utf-8", "surrogateescape")
        yield from (coded, coded.replace(b"/", b"\\/"))


class Redactor:
    """The patterns to look for: every form of the values, and every shape."""

    def __init__(self, values: Sequence[str]) -> None:
        raw = {value.strip().encode("utf-8", "surrogateescape") for value in values}
        found = {form for one in raw if LEAST <= len(one) <= MOST for form in forms(one)}
        self.forms = sorted(found, key=lambda form: (-len(form), form))
        self._sieve = shapes.Sieve({form[:HEAD] for form in self.forms})
        self._begun = {form[:size] for form in self.forms for size in range(1, LEAST)}

    def looks(self, block: bytes) -> tuple[tuple[bytes, ...], tuple[int, ...]]:
        """Return the forms and the numbers of shapes that ``block`` contains or may contain."""
        # Forms may overlap, so each is checked.
        some = self._sieve.found(block)
        return tuple(form for form in self.forms if some and form in block), shapes.hinted(block)

    def held_from(self, block: bytes, start: int) -> int:
        """Return where a possible secret begins in ``block``; its length if nowhere."""
        size = len(block)
        found = shapes.held_from(block, start)
        for form in self.forms:
            at = block.find(form[:LEAST], max(start, size - len(form) + 1), found + LEAST - 1)
            while at >= 0 and not form.startswith(block[at:]):
                at = block.find(form[:LEAST], at + 1, found + LEAST - 1)
            found = found if at < 0 else at
        ends = range(max(start, size - LEAST + 1), found)  # fewer bytes than a search needs
        return next((at for at in ends if block[at:] in self._begun), found)

    def without_stump(self, rest: bytes) -> bytes:
        """Return the end of an output, with a mark in place of a cut-off beginning of a secret."""
        for form in self.forms:
            for size in range(min(len(form), len(rest)), TELLING - 1, -1):
                if rest.endswith(form[:size]):
                    return rest[:-size] + MARK
        return rest

    def clean(self, text: str) -> str:
        """Return the text without its secrets."""
        whole = Filter(self)
        raw = text.encode("utf-8", "surrogatepass")
        return (whole.feed(raw) + whole.end()).decode("utf-8", "surrogatepass")

    def clean_json(self, value: Any) -> Any:
        """Return JSON data with every text cleaned; keys stay as they are."""
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
    """Return the redactor for these values, cached."""
    return Redactor(values)


@lru_cache(maxsize=256)
def _pattern(found: tuple[bytes, ...], numbers: tuple[int, ...]) -> re.Pattern[bytes]:
    parts = [re.escape(form) for form in found]
    parts += [shapes.wholes(numbers).encode()] if numbers else []
    return re.compile(b"|".join(parts))


class Filter:
    """The filter of one stream, in which chunk borders make no difference.

    A possible beginning of a secret is held back until more data comes: at most the longest form,
    or 16 KiB of a private key.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._block = b""
        self._at = 0  # everything before is written; one byte of it stays for look-behinds

    def feed(self, data: bytes) -> bytes:
        """Take in printed bytes; return the bytes that may be written."""
        if not data:
            return b""
        block = self._block + data
        out, at, hold = self._clean(block, self._redactor.held_from(block, self._at))
        out.append(block[at:hold])
        self._block, self._at = block[max(0, hold - 1) :], min(hold, 1)
        return b"".join(out)

    def end(self) -> bytes:
        """End the stream; return the held bytes. A cut-off secret at the end is removed, too."""
        out, at, _ = self._clean(self._block, len(self._block))
        rest = self._block[at:]
        self._block, self._at = b"", 0
        return b"".join([*out, self._redactor.without_stump(rest)])

    def _clean(self, block: bytes, hold: int) -> tuple[list[bytes], int, int]:
        """Return the clean part of ``block``, the end of its last secret and the new hold.

        Only secrets that begin before ``hold`` are removed.
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
