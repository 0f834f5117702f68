"""Parse JSON with orjson, five times as fast as ``json``, wherever both give the same result."""

import json

import orjson

from sprints.contract.json_types import JsonValue

_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_LONG = b"0" * 19  # orjson turns an integer beyond 64 bits into a float


def loads(text: bytes, upto: int | None = None) -> JsonValue:
    """Return the value of ``text``; numbers after ``upto`` must be small or unimportant.

    Raises ``ValueError``, and ``RecursionError`` for text that is nested too deeply.
    """
    if _LONG not in text[:upto].translate(_ZEROS):
        try:
            return orjson.loads(text)
        except ValueError:  # a lone surrogate, a number beyond all floats: json accepts them
            pass
    return json.loads(text)
