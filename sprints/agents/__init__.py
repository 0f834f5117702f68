"""Who answers: one module a runner, and one line in this table."""

from collections.abc import Callable

from sprints.agents import scripted
from sprints.agents.replies import Reply

RUNNERS: dict[str, Callable[[str, str], Reply]] = {
    "scripted": scripted.answer,
}
