"""Read from a sprint's snapshot what it asks, awaits, has used and has shipped.

Pages and commands take these from here: they may not import the engine.
"""

from sprints.core.agent_tasks import asks
from sprints.core.approval_requests import ask_of
from sprints.core.budget import parked_for, spent
from sprints.core.commands import ENDED
from sprints.core.pause import paused_by
from sprints.core.questions import name_of as name_of_question
from sprints.core.questions import question_of
from sprints.core.unshipping import is_shipped
from sprints.effects.workspace import network_of, states_of

__all__ = [
    "ENDED",
    "ask_of",
    "asks",
    "is_shipped",
    "name_of_question",
    "network_of",
    "parked_for",
    "paused_by",
    "question_of",
    "spent",
    "states_of",
]  # fmt: skip
