"""The default runner: always the same answer to the same question, with no program behind it."""

from sprints.prompts.exchange import Exchange, Question, Tick
from sprints.prompts.reply_format import Reply


def ask(question: Question, tick: Tick) -> Exchange:
    """The answer, at once."""
    return Exchange(answer(question.agent_id, question.kind))


def answer(agent: str, kind: str) -> Reply:
    """The reply of ``agent`` to a task of that kind."""
    if kind == "ack":
        return Reply("ACK (scripted)", ("Decisions read; no objection",), (), ("Stand by",))
    return Reply(
        "DONE (scripted)",
        ("The round's decisions are locked",),
        (),
        ("Let the gates judge",),
    )
