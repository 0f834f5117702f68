"""Check ids: an id of a sprint or a gate is also a folder, a branch and a URL part."""

import re

from gates.problem import BadSettings, Problem, ProblemCode

GRAMMAR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

# Words in our routes and commands, and device names of Windows, which cannot be folders.
RESERVED = frozenset(
    "run step cancel retry resume create new list show pause approve archive all".split()
    + "con prn aux nul".split()
    + [f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)]
)


class BadId(BadSettings):
    """The text cannot be an id; its one problem says which rule it breaks."""


def check_id(text: object, what: str = "sprint id") -> str:
    """Return ``text`` if it may be an id. Raises ``BadId`` for the field ``what``, its spaces
    replaced by underscores.

    The grammar is ``[A-Za-z0-9][A-Za-z0-9._-]{0,63}``. Names that Windows or git refuses as a
    folder or a branch are refused, too (``nul``, ``x.``, ``a..b``, ``x.lock``).
    """
    field = what.replace(" ", "_")
    if not isinstance(text, str):
        words = f"a {what} is a text, not {type(text).__name__}"
        raise BadId(Problem(field, ProblemCode.WRONG_TYPE, words))
    if not GRAMMAR.fullmatch(text):
        shown = ascii(text if len(text) <= 70 else text[:70] + "...")
        rule = "1 to 64 of A-Z a-z 0-9 . _ -, a letter or digit first"
        words = f"{shown} cannot be a {what}: {rule}"
        raise BadId(Problem(field, ProblemCode.WRONG_FORMAT, words))
    if text.split(".")[0].lower() in RESERVED:
        words = f"{text!r} cannot be a {what}: the name is reserved"
        raise BadId(Problem(field, ProblemCode.TAKEN, words))
    if ".." in text or text.endswith((".", ".lock")):
        words = f"{text!r} cannot be a {what}: no '..', and no '.' or '.lock' at the end"
        raise BadId(Problem(field, ProblemCode.WRONG_FORMAT, words))
    return text
