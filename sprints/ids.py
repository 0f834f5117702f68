"""Check ids: an id of a sprint or a gate is also a folder, a branch and a URL part."""

import re

GRAMMAR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

# Words in our routes and commands, and device names of Windows, which cannot be folders.
RESERVED = frozenset(
    "run step cancel retry resume create new list show pause approve archive all".split()
    + "con prn aux nul".split()
    + [f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)]
)


class BadId(ValueError):
    """The text cannot be an id; the message says which rule it breaks."""


def check_id(text: object, what: str = "sprint id") -> str:
    """Return ``text`` if it is a valid id. Raises ``BadId``.

    The grammar is ``[A-Za-z0-9][A-Za-z0-9._-]{0,63}``. Names that Windows or git refuses as a
    folder or a branch are refused, too (``nul``, ``x.``, ``a..b``, ``x.lock``).
    """
    if not isinstance(text, str):
        raise BadId(f"a {what} is a text, not {type(text).__name__}")
    if not GRAMMAR.fullmatch(text):
        shown = ascii(text if len(text) <= 70 else text[:70] + "...")
        raise BadId(
            f"{shown} cannot be a {what}: 1 to 64 of A-Z a-z 0-9 . _ -, a letter or digit first"
        )
    if text.split(".")[0].lower() in RESERVED:
        raise BadId(f"{text!r} cannot be a {what}: the name is reserved")
    if ".." in text or text.endswith((".", ".lock")):
        raise BadId(f"{text!r} cannot be a {what}: no '..', and no '.' or '.lock' at the end")
    return text
