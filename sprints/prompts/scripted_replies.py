"""Write the replies of scripted agents: fixed, and sufficient for every round."""

from sprints.prompts.reply_format import Reply


def answer(agent: str, kind: str) -> Reply:
    """Return the reply of ``agent`` to a task of that kind."""
    if kind == "ack":
        return Reply("ACK (scripted)", ("Decisions read; no objection",), (), ("Stand by",))
    return Reply(
        "DONE (scripted)",
        ("The round's decisions are locked",),
        (),
        ("Let the gates judge",),
    )
