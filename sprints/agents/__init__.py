"""List the agent runners: one module a runner, and one line in this table."""

from collections.abc import Callable

from sprints.agents import command_runner, scripted_runner
from sprints.prompts.exchange import Exchange, Question, Tick

RUNNERS: dict[str, Callable[[Question, Tick], Exchange]] = {
    "scripted": scripted_runner.ask,
    "command": command_runner.ask,
}
