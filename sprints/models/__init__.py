"""Define the rows: the source of every file and page."""

from sprints.models.agent import Agent
from sprints.models.event import Event, Head
from sprints.models.hook import Delivery, Hook
from sprints.models.host import Host
from sprints.models.round import Round
from sprints.models.schedule import Schedule
from sprints.models.sprint import Sprint
from sprints.models.task import Task

__all__ = [
    "Agent", "Delivery", "Event", "Head", "Hook", "Host", "Round", "Schedule", "Sprint", "Task",
]  # fmt: skip
