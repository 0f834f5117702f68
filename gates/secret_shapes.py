"""What a secret looks like that nobody has told us of: keys with a prefix, headers, URLs, PEM.

Part of the supervisor, so it leans on nothing that is slow to import, and compiles when it must.
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
LONGEST_LINE = 700  # bytes of one line that a shape may take
PEM_BYTES = 16_384


class Shape(NamedTuple):
    """``whole`` matches it, and what its group ``keep`` matches is left as it is; ``begun`` matches
    what may become one. Where none of ``words`` is found, or ``hint`` is not, it is not there.
    """

    words: tuple[str, ...]
    hint: str
    whole: str
    begun: str


def _begun(prefix: str, rest: str) -> str:
    """What may become ``prefix``, whose atoms are set apart by spaces, and the rest."""
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
_FIRST = re.compile(b"[gAxswa:]")  # letters with which those of LINES begin


class Sieve:
    """Many words sought in one pass. What the library compares 32 bytes at a time takes about a
    fortieth of what one expression for each word took, where the words are rare.

    A word that begins inside another may be passed over.
    """

    def __init__(self, words: Iterable[bytes]) -> None:
        self._words = ahocorasick_rs.BytesAhoCorasick(
            words, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
        )

    def found(self, block: bytes) -> set[int]:
        """The numbers of the words that ``block`` holds."""
        return {number for number, _, _ in self._words.find_matches_as_indexes(block)}


@cache
def _sieve() -> tuple[Sieve, tuple[int, ...]]:
    """All words, and for each the shape to which it belongs."""
    words = [(word.encode(), number) for number, one in enumerate(SHAPES) for word in one.words]
    return Sieve(word for word, _ in words), tuple(number for _, number in words)


@cache
def _hint(number: int) -> re.Pattern[bytes]:
    return re.compile(SHAPES[number].hint.encode())


def hinted(block: bytes) -> tuple[int, ...]:
    """The shapes that may be in ``block``, as numbers."""
    sieve, owners = _sieve()
    numbers = {owners[word] for word in sieve.found(block)}
    return tuple(number for number in sorted(numbers) if _hint(number).search(block))


def wholes(numbers: Iterable[int]) -> str:
    """One expression for these shapes; its groups are what stays."""
    return "|".join(SHAPES[n].whole.replace("?P<keep>", "") for n in numbers)


@cache
def _begun_line() -> re.Pattern[bytes]:
    return re.compile(rf"(?:{'|'.join(shape.begun for shape in LINES)})\Z".encode())


@cache
def _begun_pem() -> re.Pattern[bytes]:
    return re.compile(rf"(?:{PEM.begun})\Z".encode())


def held_from(block: bytes, start: int) -> int:
    """Where what may yet become a shape begins; the length of ``block`` where nothing may."""
    size = len(block)
    found = size
    line = max(start, block.rfind(b"\n", start) + 1, size - LONGEST_LINE)
    first = _FIRST.search(block, line)
    if first and (match := _begun_line().search(block, first.start())):
        found = match.start()
    begin = block.rfind(b"-----BEGIN ", max(start, size - PEM_BYTES - LONGEST_LINE))
    if begin >= 0 and _begun_pem().match(block, begin):
        found = min(found, begin)
    for length in range(1, 11):  # the beginning of a key's beginning
        if block.endswith(b"-----BEGIN "[:length], start):
            found = min(found, size - length)
    return found
