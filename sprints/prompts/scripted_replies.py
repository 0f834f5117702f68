"""The replies of scripted agents: deterministic, and good enough to walk every round."""

from sprints.prompts.reply_format import Reply


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
