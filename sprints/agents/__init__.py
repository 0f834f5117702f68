"""Who answers: one module a runner, and one line in this table."""

from collections.abc import Callable

from sprints.agents import command, scripted
from sprints.agents.exchange import Exchange, Question, Tick

RUNNERS: dict[str, Callable[[Question, Tick], Exchange]] = {
    "scripted": scripted.ask,
    "command": command.ask,
}
