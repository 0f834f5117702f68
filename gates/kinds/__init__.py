"""List the gate kinds: one module a kind, and one line in this table."""

from collections.abc import Callable

from gates.definition import Definition
from gates.kinds import command
from gates.kinds.command import Place, Tick
from gates.verdict import Judgement

KINDS: dict[str, Callable[[Definition, Place, Tick], Judgement]] = {
    "command": command.judge,
}
