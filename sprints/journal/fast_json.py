"""JSON read as ``json`` reads it, five times as fast: by orjson wherever that reads it the same."""

import json
from typing import Any

import orjson

_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_LONG = b"0" * 19  # orjson makes a float of an integer that is too long for 64 bits


def loads(text: bytes, upto: int | None = None) -> Any:
    """The value that ``text`` stands for; behind ``upto`` no number in it is of interest, but for
    small ones. Raises ``ValueError`` and, where it is nested too deeply, ``RecursionError``.
    """
    if _LONG not in text[:upto].translate(_ZEROS):
        try:
            return orjson.loads(text)
        except ValueError:  # half a surrogate pair, a number beyond all floats: json knows them
            pass
    return json.loads(text)
