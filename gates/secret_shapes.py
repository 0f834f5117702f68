"""Recognise unknown secrets by their shape: keys with a prefix, headers, URLs, PEM.

Part of the supervisor, so it imports nothing slow and compiles an expression only when needed.
"""
# ruff: noqa: PTH100, PTH120

import os
import re
from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import NamedTuple

import ahocorasick_rs

LIBRARIES = os.path.dirname(os.path.dirname(os.path.abspath(ahocorasick_rs.__file__)))
WORD = "[A-Za-z0-9]"
DASHED = "[A-Za-z0-9_-]"
URL_PART = r"""[^\s/@:?#"'<>\\]"""
LEAST = 8  # characters of a secret; a shorter value is a word that may occur anywhere
LONGEST_LINE = 700  # maximum bytes of a shape in one line
PEM_BYTES = 16_384


class Shape(NamedTuple):
    """One shape of a secret, as regular expressions.

    ``whole`` matches the secret; its group ``keep`` is not removed. ``begun`` matches a possible
    beginning. The shape is absent if none of ``words`` is found or ``hint`` does not match.
    """

    words: tuple[str, ...]
    hint: str
    whole: str
    begun: str


def _begun(prefix: str, rest: str) -> str:
    """Return an expression for any beginning of ``prefix`` (atoms between spaces) plus ``rest``."""
    for atom in reversed(prefix.split()):
        rest = f"{atom}(?:{rest})?"
    return rest


def _key(prefix: str, rest: str, least: int) -> Shape:
    plain = prefix.replace(" ", "")
    whole = f"{plain}{rest}{{{least},255}}"
    words = tuple(map("".join, product(*(atom.strip("[]") for atom in prefix.split()))))
    return Shape(words, whole, whole, _begun(prefix, f"{rest}{{0,255}}"))


ALONE = "(?<![A-Za-z0-9_-])"
_SK = f"sk-(?:(?:ant|proj|svcacct|admin)-{DASHED}{{20,255}}|{WORD}{{20,255}})"
_LABEL = r"PRIVATE\ KEY(?:\ BLOCK)?"
_PEM_BEGIN = rf"-----BEGIN\ [A-Z0-9\ ]{{0,40}}{_LABEL}-----"
_PEM_BODY = r"(?:[A-Za-z0-9+/=\s\\:,]|-(?!-))"
_SCHEME = r"""["']?\ ?[:=]\ ?["']?(?:bearer|basic|token)\ {1,4}"""
_BEARER = rf"(?i:{_SCHEME}))[^\s\"'\\]{{8,512}}"

LINES: tuple[Shape, ...] = (
    _key("g h [opsur] _", WORD, 36),
    _key("g i t h u b _ p a t _", "[A-Za-z0-9_]", 22),
    _key("A K I A", "[A-Z0-9]", 16),
    _key("x o x [abeoprs] -", "[A-Za-z0-9-]", 10),
    Shape(("sk-",), _SK, ALONE + _SK, ALONE + _begun("s k -", f"{DASHED}{{0,264}}")),
    _key("s g w _", DASHED, 40),
    _key("w h s e c _", "[A-Za-z0-9+/=_-]", 24),
    Shape(
        ("uthorization",),
        "uthorization",
        f"(?P<keep>[Aa]uthorization{_BEARER}",
        _begun("[Aa] u t h o r i z a t i o n", ".{0,600}"),
    ),
    Shape(
        ("UTHORIZATION",),
        "UTHORIZATION",
        f"(?P<keep>AUTHORIZATION{_BEARER}",
        _begun("A U T H O R I Z A T I O N", ".{0,600}"),
    ),
    Shape(
        ("://",),
        "@",
        rf"(?P<keep>://{URL_PART}{{0,128}}:)(?:{URL_PART}|:){{1,256}}(?=@)",
        _begun(": / /", f"(?:{URL_PART}|:){{0,400}}"),
    ),
)
PEM = Shape(
    ("PRIVATE KEY",),
    "PRIVATE KEY",
    rf"{_PEM_BEGIN}{_PEM_BODY}{{64,{PEM_BYTES}}}(?:-----END\ [A-Z0-9\ ]{{0,60}}-----)?",
    rf"-----BEGIN\ (?:[A-Z0-9\ ]{{0,60}}-{{0,5}}|[A-Z0-9\ ]{{0,40}}{_LABEL}-----"
    rf"{_PEM_BODY}{{0,{PEM_BYTES}}}(?:--{{0,4}}(?:E[A-Z0-9\ ]{{0,63}}-{{0,5}})?)?)",
)
SHAPES = (*LINES, PEM)
_FIRST = re.compile(b"[gAxswa:]")  # first letters of LINES


class Sieve:
    """A search for many words in one pass.

    The library compares 32 bytes at a time. Where words are rare, this takes about a fortieth of
    the time of one expression for each word.

    A word that begins inside another may be missed.
    """

    def __init__(self, words: Iterable[bytes]) -> None:
        self._words = ahocorasick_rs.BytesAhoCorasick(
            words, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
        )

    def found(self, block: bytes) -> set[int]:
        """Return the numbers of the words in ``block``."""
        return {number for number, _, _ in self._words.find_matches_as_indexes(block)}


@cache
def _sieve() -> tuple[Sieve, tuple[int, ...]]:
    """Return a sieve of all words, and for each word the number of its shape."""
    words = [(word.encode(), number) for number, one in enumerate(SHAPES) for word in one.words]
    return Sieve(word for word, _ in words), tuple(number for _, number in words)


@cache
def _hint(number: int) -> re.Pattern[bytes]:
    return re.compile(SHAPES[number].hint.encode())


def hinted(block: bytes) -> tuple[int, ...]:
    """Return the numbers of the shapes that ``block`` may contain."""
    sieve, owners = _sieve()
    numbers = {owners[word] for word in sieve.found(block)}
    return tuple(number for number in sorted(numbers) if _hint(number).search(block))


def wholes(numbers: Iterable[int]) -> str:
    """Return one expression for these shapes; its groups match the text to keep."""
    return "|".join(SHAPES[n].whole.replace("?P<keep>", "") for n in numbers)


@cache
def _begun_line() -> re.Pattern[bytes]:
    return re.compile(rf"(?:{'|'.join(shape.begun for shape in LINES)})\Z".encode())


@cache
def _begun_pem() -> re.Pattern[bytes]:
    return re.compile(rf"(?:{PEM.begun})\Z".encode())


def holds_key(block: bytes) -> bool:
    """Return whether ``block`` holds a private key, or a key with the prefix of its issuer.

    Passwords in URLs and headers do not count: examples and tests are full of invented ones.
    """
    numbers = [n for n in hinted(block) if not SHAPES[n].whole.startswith("(?P<keep>")]
    return any(re.search(SHAPES[n].whole.encode(), block) for n in numbers)


def held_from(block: bytes, start: int) -> int:
    """Return where a possible beginning of a shape starts; the length of ``block`` if nowhere."""
    size = len(block)
    found = size
    line = max(start, block.rfind(b"\n", start) + 1, size - LONGEST_LINE)
    first = _FIRST.search(block, line)
    if first and (match := _begun_line().search(block, first.start())):
        found = match.start()
    begin = block.rfind(b"-----BEGIN ", max(start, size - PEM_BYTES - LONGEST_LINE))
    if begin >= 0 and _begun_pem().match(block, begin):
        found = min(found, begin)
    for length in range(1, 11):  # the beginning of a key's first line
        if block.endswith(b"-----BEGIN "[:length], start):
            found = min(found, size - length)
    return found
