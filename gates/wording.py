"""Make every text for people here. No program reads one: what it needs is a code with fields."""

import re
from collections.abc import Mapping

# Python's form of bytes that are not UTF-8, as in old file names; no database takes it.
_UNDECODED = re.compile("[\ud800-\udfff]")


def worded(template: str, fields: Mapping[str, object]) -> str:
    """Return ``template`` with ``fields`` in it: the one place where a text is made.

    Bytes that are not UTF-8, as in a file name, become U+FFFD.
    """
    text = template.format(**fields)
    return text if text.isascii() else _UNDECODED.sub("\N{REPLACEMENT CHARACTER}", text)


def spoken(text: str) -> str:
    """Return a text that is written where it is used, as one made here."""
    return worded("{text}", {"text": text})
