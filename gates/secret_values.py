"""Collect the secret values: variables with a secret's name, and registered sources."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

NAMES = re.compile(
    "TOKEN|SECRET|PASSW|PASSPHRASE|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIAL", re.IGNORECASE
)
PLACES = re.compile("_(FILE|PATH|DIR|NAME)$", re.IGNORECASE)  # the place of a secret is none
USERINFO = re.compile(r"\w://[^\s/@:]*:([^\s/@]+)@")

# Further sources of secrets; each returns its present ones.
SOURCES: list[Callable[[], Iterable[str]]] = []


@lru_cache(maxsize=4096)
def is_named(name: str) -> bool:
    """Return whether a variable of that name holds a secret."""
    return bool(NAMES.search(name)) and not PLACES.search(name)


def in_environment(env: Mapping[str, str]) -> Iterator[str]:
    """Yield the values of variables with a secret's name, and the passwords in URLs."""
    for name, value in env.items():
        if is_named(name):
            yield value
        elif "://" in value and (found := USERINFO.search(value)):
            yield found[1]


def known(*more: Mapping[str, str]) -> tuple[str, ...]:
    """Return all secrets that this process knows, and those in the ``more`` environments."""
    found = {value for env in (os.environ, *more) for value in in_environment(env)}
    for source in SOURCES:
        found.update(source())
    return tuple(sorted(found))
