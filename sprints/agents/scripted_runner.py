"""The default runner: always the same answer to the same question, with no program behind it."""

from sprints.prompts.exchange import Exchange, Question, Tick
from sprints.prompts.scripted_replies import answer


def ask(question: Question, tick: Tick) -> Exchange:
    """The answer, at once."""
    return Exchange(answer(question.agent_id, question.kind))
