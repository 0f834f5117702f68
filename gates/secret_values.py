"""Collect the secret values: variables with a secret's name, and registered sources."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from gates import everyday_values

NAMES = re.compile(
    "TOKEN|SECRET|PASSW|PASSPHRASE|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIAL", re.IGNORECASE
)
PLACES = re.compile("_(FILE|PATH|DIR|NAME)$", re.IGNORECASE)  # the place of a secret is none
ARMOUR = re.compile("-----(BEGIN|END) [A-Z0-9 ]+-----")
USERINFO = re.compile(r"\w://[^\s/@:]*:([^\s/@]+)@")

# Further sources of secrets; each returns its present ones.
SOURCES: list[Callable[[], Iterable[str]]] = []


@lru_cache(maxsize=4096)
def is_named(name: str) -> bool:
    """Return whether a variable of that name holds a secret."""
    return bool(NAMES.search(name)) and not PLACES.search(name)


def in_environment(env: Mapping[str, str]) -> Iterator[str]:
    """Yield the values of variables with a secret's name, and the passwords in URLs."""
    return (value for _, value in _named(env))


def _named(env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in env.items():
        if is_named(name):
            yield name, value
        elif "://" in value and (found := USERINFO.search(value)):
            yield name, found[1]


def known(*more: Mapping[str, str]) -> tuple[str, ...]:
    """Return all secrets that this process knows, and those in the ``more`` environments.

    A secret of several lines comes whole and by its lines.
    Everyday values (``gates.everyday_values``) are no secrets.
    """
    envs = (os.environ, *more)
    names = _names_in(envs)
    values = {part for env in envs for value in in_environment(env) for part in _parts(value)}
    found = {value for value in values if not everyday_values.reason(value, names)}
    for source in SOURCES:
        found.update(source())
    return tuple(sorted(found))


def _parts(value: str) -> Iterator[str]:
    """Yield the value, and its lines, which programs print one by one or with a prefix.

    The first and the last line of PEM are the same in all files.
    """
    yield value
    lines = [line.strip() for line in value.splitlines()]
    yield from (line for line in lines if len(lines) > 1 and not ARMOUR.fullmatch(line))


def everyday(env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are named like a secret and hold none, and why, in words."""
    names = _names_in([env])
    found = {name: everyday_values.reason(value, names) for name, value in _named(env) if value}
    return {name: why for name, why in found.items() if why}


def is_everyday(value: str) -> bool:
    """Return whether ``value`` is no secret even in a variable that is named like one."""
    return bool(everyday_values.reason(value, _names_in([os.environ])))


def without_everyday(text: str) -> str:
    """Return the text without the passwords in URLs that are everyday values."""
    return USERINFO.sub(
        lambda found: (
            found[0].replace(f":{found[1]}@", ":@") if is_everyday(found[1]) else found[0]
        ),
        text,
    )


def _names_in(envs: Iterable[Mapping[str, str]]) -> frozenset[str]:
    plain = {(n, value) for env in envs for n, value in env.items() if not is_named(n)}
    return everyday_values.names(frozenset(plain))
