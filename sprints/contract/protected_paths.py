"""Name the protected paths, on which the worth of a passed gate depends, and their changes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Self

from sprints.contract.json_types import JsonMapping, JsonObject

PROTECTED = (
    "**/tests/**",
    "**/test/**",
    "**/__tests__/**",
    "test_*.py",
    "*_test.*",
    "*.test.*",
    "*.spec.*",
    "conftest.py",
    ".github/**",
    ".ci/**",
    ".circleci/**",
    ".gitlab-ci.yml",
    "Jenkinsfile",
    "tools/qa_smoke.py",
    # What coding agents, git hooks and shells of a person run by themselves.
    ".claude/**",
    ".codex/**",
    ".gemini/**",
    ".qwen/**",
    ".opencode/**",
    ".copilot/**",
    ".mcp.json",
    ".husky/**",
    ".pre-commit-config.yaml",
    ".envrc",
)
# Of a sprint, of the settings, and of the files that gates read: none takes the room of another.
MOST_PATTERNS, PATTERN_LENGTH = 200, 200
MOST_TOGETHER = 3 * MOST_PATTERNS
MOST_NAMED = 20  # named paths of one comparison
# A pattern such as ``pyproject.toml#tool.pytest`` protects a part of such a file.
IN_PARTS = (".toml", ".json", ".cfg", ".ini")


@dataclass(frozen=True, slots=True)
class Touched:
    """The changed protected paths between a commit and the files of ``tree``.

    ``count`` is their number; ``paths`` are the first by name. ``digest`` is equal for equal
    contents of the same paths; empty if none differs. ``reason`` says why the comparison failed.
    """

    tree: str = ""
    digest: str = ""
    count: int = 0
    paths: tuple[str, ...] = ()
    reason: str = ""

    def to_json(self) -> JsonObject:
        """Return JSON data for meta and events, without empty fields."""
        whole = {one.name: getattr(self, one.name) for one in fields(self)}
        whole["paths"] = [*self.paths]
        return {key: value for key, value in whole.items() if value or key == "count"}

    @classmethod
    def from_json(cls, data: JsonMapping) -> Self:
        """Return the value that ``to_json`` has written; unknown keys are ignored."""
        known: JsonObject = {one.name: data[one.name] for one in fields(cls) if one.name in data}
        return cls(**known | {"paths": tuple(data.get("paths", ()))})

    def __str__(self) -> str:
        more = f" and {self.count - len(self.paths)} more" if self.count > len(self.paths) else ""
        return f"{', '.join(self.paths)}{more}"


def matching(paths: Iterable[str], patterns: Iterable[str]) -> Iterator[str]:
    """Yield the paths that match a pattern, in any letter case: some disks ignore case.

    ``*`` and ``?`` match within a name, ``**`` matches any folders. A pattern without a slash
    matches a name in any folder; all others begin at the root.
    """
    compiled = [_compiled(pattern) for pattern in patterns]
    return (path for path in paths if any(one.fullmatch(path) for one in compiled))


def divided(patterns: Iterable[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the patterns of whole files, and those of parts as pairs of a pattern and a key."""
    whole, parts = [], []
    for pattern in patterns:
        path, there, key = pattern.rpartition("#")
        if there and key and path.lower().endswith(IN_PARTS):
            parts.append((path, key))
        else:
            whole.append(pattern)
    return whole, parts


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    anywhere = "/" not in pattern
    parts = ["**", pattern] if anywhere else pattern.strip("/").split("/")
    if pattern.endswith("/") and not anywhere:
        parts.append("**")
    text = ""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            text += ".*" if last else "(?:.*/)?"
        else:
            text += _name(part) + ("" if last else "/")
    return re.compile(text, re.IGNORECASE | re.DOTALL)


def _name(part: str) -> str:
    """Return the expression for one name of a pattern; ``[`` has no special meaning."""
    return "".join({"*": "[^/]*", "?": "[^/]"}.get(c, re.escape(c)) for c in part)
