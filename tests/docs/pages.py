"""Read the pages of the documentation and their code blocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.world import ROOT

DOCS = ROOT / "docs"
BESIDE = ("README", "CHANGELOG", "CONTRIBUTING", "RELEASING", "SECURITY", "deploy/README")
PAGES = (*(ROOT / f"{name}.md" for name in BESIDE), *sorted(DOCS.rglob("*.md")))
EXIT = re.compile(r"\s+# exit (\d+)$")
WRITTEN = re.compile(r"# ([\w./-]+\.\w+)\n")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code; ``tag`` is what stands after the fence, empty for an indented block."""

    tag: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Step:
    """A command as it stands there, the code that it ends with, and what it is said to print."""

    command: str
    code: int
    printed: str
    line: int


def name_of(page: Path) -> str:
    """``docs/gates.md``."""
    return page.relative_to(ROOT).as_posix()


@cache
def _tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text("utf-8"))


def blocks(page: Path) -> list[Block]:
    """Every block of code of that page."""
    return [
        Block(token.info.strip(), token.content, token.map[0] + 1)
        for token in _tokens(page)
        if token.type in ("fence", "code_block") and token.map
    ]


def spans(page: Path) -> Iterator[str]:
    """Every piece of code within a line of text."""
    for token in _tokens(page):
        for child in token.children or ():
            if child.type == "code_inline":
                yield child.content


def links(page: Path) -> set[str]:
    """Where that page leads to."""
    parts = [child for token in _tokens(page) for child in token.children or ()]
    return {str(part.attrGet("href")) for part in parts if part.type == "link_open"}


def anchors(page: Path) -> set[str]:
    """What may stand after ``#`` in a link to that page."""
    tokens = _tokens(page)
    heads = [after for one, after in pairwise(tokens) if one.type == "heading_open"]
    return {re.sub(r"[^\w -]", "", head.content).lower().replace(" ", "-") for head in heads}


def steps(page: Path) -> list[Step]:
    """What is to be typed on that page, from its first line to its last: the lines after ``$`` of
    ``console``, and the files whose name is the comment in the first line of their block.
    """
    found: list[Step] = []
    for block in blocks(page):
        if block.tag == "console":
            found += _typed(block)
        elif path := WRITTEN.match(block.text):
            folder = Path(path[1]).parent
            command = f"mkdir -p {folder} && cat >{path[1]} <<'END'\n{block.text}END"
            found.append(Step(command, 0, "", block.line))
    return found


def _typed(block: Block) -> Iterator[Step]:
    at = block.line
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE):
        lines = part.splitlines()
        until = 1 + next((n for n, line in enumerate(lines) if not line.endswith("\\")), 0)
        command, printed = "\n".join(lines[:until]), "\n".join(lines[until:])
        if command:
            ends = EXIT.search(command)
            yield Step(command, int(ends[1]) if ends else 0, printed, at)
        at += len(lines)
