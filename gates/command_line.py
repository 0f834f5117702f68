"""Split a command line into words as a shell does, and refuse what only a shell can do."""

import re
import shlex
from collections.abc import Sequence

_QUOTED = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)
_OPERATOR = re.compile(r"&&|\|\||[|;`]|(?<!\S)\d?&?[<>]+&?|&(?!\S)|\$[({A-Za-z_]")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=", re.ASCII)
_BUILT_IN = frozenset(
    ". ! ( { [[ alias case cd eval exec exit export for function if set shopt source time trap"
    " ulimit umask unset until while".split()
)


class NeedsShell(ValueError):
    """The command line needs a shell; the message says what to type."""


def split(text: str) -> tuple[str, ...]:
    """Return the words of a command line that no shell will run.

    Raises ``NeedsShell`` for unquoted operators and expansions, built-in commands and assignments,
    and ``ValueError`` for an open quotation.
    """
    words = tuple(shlex.split(text))
    if found := _OPERATOR.search(_QUOTED.sub("_", text)):
        raise NeedsShell(f"{_refused(found[0], text)}, or quote {found[0]}")
    if words and _ASSIGNMENT.match(words[0]):
        name = words[0].partition("=")[0]
        raise NeedsShell(f"{_refused(f'{name}=', text)}, or set {name} in its environment")
    if words and words[0] in _BUILT_IN:
        raise NeedsShell(_refused(words[0], text))
    return words


def joining(argv: Sequence[str]) -> str:
    """Return why the words need a shell: ``&&`` or ``||`` joins commands; empty if they do not."""
    joins = next((word for word in argv if word in ("&&", "||")), "")
    return joins and _refused(joins, " ".join(argv))


def _refused(what: str, text: str) -> str:
    return f"no shell runs the command, so {what} does nothing; write: sh -c {shlex.quote(text)}"
