"""Make every text for people here. No program reads one: what it needs is a code with fields."""

from collections.abc import Mapping


def worded(template: str, fields: Mapping[str, object]) -> str:
    """Return ``template`` with ``fields`` in it: the one place where a text is made."""
    return template.format(**fields)


def spoken(text: str) -> str:
    """Return a text that is written where it is used, as one made here."""
    return worded("{text}", {"text": text})
