"""Read one part of a configuration file, so that a change of the rest does not count."""

import configparser
import json
import tomllib
from typing import Any

LARGEST = 1 << 20


def part(name: str, content: bytes, key: str) -> str:
    """Return the part ``key`` of a file as canonical JSON; empty if the file lacks it.

    In TOML and JSON, ``a.b`` is the key b of the table a. In INI files, ``a`` is every section
    whose name begins with it. Raises ``ValueError`` for a file that its name does not describe.
    """
    if len(content) > LARGEST:
        raise ValueError(f"{name} is larger than 1 MiB")
    try:
        found = _found(name.lower(), content.decode("utf-8-sig"), key)
    except (RecursionError, configparser.Error) as exc:
        raise ValueError(f"{name}: {type(exc).__name__}") from exc
    return "" if found is None else json.dumps(found, sort_keys=True, default=str)


def _found(name: str, text: str, key: str) -> Any:
    if name.endswith((".cfg", ".ini")):
        parser = configparser.RawConfigParser(strict=False)
        parser.read_string(text)
        sections = {one: dict(parser[one]) for one in parser.sections() if one.startswith(key)}
        return sections or None
    found: Any = json.loads(text) if name.endswith(".json") else tomllib.loads(text)
    for step in key.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found
