"""What a secret looks like that nobody has told us of: keys with a prefix, headers, URLs, PEM.

Part of the supervisor, so it leans on nothing that is slow to import, and compiles when it must.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

WORD = "[A-Za-z0-9]"
DASHED = "[A-Za-z0-9_-]"
URL_PART = r"""[^\s/@:?#"'<>\\]"""
LONGEST_LINE = 700  # bytes of one line that a shape may take
PEM_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Shape:
    """``whole`` matches it, and what its group ``keep`` matches is left as it is; ``begun`` matches
    what may become one. Where one of ``hints`` is not found, it is not there: an expression that
    begins with a plain letter is sought three times as fast as ``in`` seeks a text of four bytes.
    """

    hints: tuple[str, ...]
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
    return Shape((whole,), whole, _begun(prefix, f"{rest}{{0,255}}"))


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
    Shape((_SK,), ALONE + _SK, ALONE + _begun("s k -", f"{DASHED}{{0,264}}")),
    _key("s g w _", DASHED, 40),
    _key("w h s e c _", "[A-Za-z0-9+/=_-]", 24),
    Shape(
        ("uthorization",),
        f"(?P<keep>[Aa]uthorization{_BEARER}",
        _begun("[Aa] u t h o r i z a t i o n", ".{0,600}"),
    ),
    Shape(
        ("UTHORIZATION",),
        f"(?P<keep>AUTHORIZATION{_BEARER}",
        _begun("A U T H O R I Z A T I O N", ".{0,600}"),
    ),
    Shape(
        ("@", "://"),
        rf"(?P<keep>://{URL_PART}{{0,128}}:)(?:{URL_PART}|:){{1,256}}(?=@)",
        _begun(": / /", f"(?:{URL_PART}|:){{0,400}}"),
    ),
)
PEM = Shape(
    ("PRIVATE KEY",),
    rf"{_PEM_BEGIN}{_PEM_BODY}{{64,{PEM_BYTES}}}(?:-----END\ [A-Z0-9\ ]{{0,60}}-----)?",
    rf"-----BEGIN\ (?:[A-Z0-9\ ]{{0,60}}-{{0,5}}|[A-Z0-9\ ]{{0,40}}{_LABEL}-----"
    rf"{_PEM_BODY}{{0,{PEM_BYTES}}}(?:--{{0,4}}(?:E[A-Z0-9\ ]{{0,63}}-{{0,5}})?)?)",
)
SHAPES = (*LINES, PEM)


@cache
def _hints() -> tuple[tuple[re.Pattern[bytes], ...], ...]:
    return tuple(tuple(re.compile(hint.encode()) for hint in one.hints) for one in SHAPES)


def hinted(block: bytes) -> tuple[int, ...]:
    """The shapes that may be in ``block``, as numbers."""
    return tuple(
        number for number, hints in enumerate(_hints()) if all(hint.search(block) for hint in hints)
    )


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
    if line < size and (match := _begun_line().search(block, line)):
        found = match.start()
    begin = block.rfind(b"-----BEGIN ", max(start, size - PEM_BYTES - LONGEST_LINE))
    if begin >= 0 and _begun_pem().match(block, begin):
        found = min(found, begin)
    for length in range(1, 11):  # the beginning of a key's beginning
        if block.endswith(b"-----BEGIN "[:length], start):
            found = min(found, size - length)
    return found
