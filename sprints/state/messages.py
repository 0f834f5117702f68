"""Make texts for people, each from a code and its fields. No program reads a text."""

from collections.abc import Mapping
from typing import NewType

from gates import wording
from sprints.state.event_texts import SPRINT_TEXTS, STORE_TEXTS
from sprints.state.label_texts import LABEL_TEXTS
from sprints.state.reason_texts import OUTCOME_TEXTS, REASON_TEXTS
from sprints.state.refusal_texts import REFUSAL_TEXTS, STORE_REFUSAL_TEXTS

Message = NewType("Message", str)  # a text that ``message`` has made

MESSAGES: Mapping[str, str] = {
    **REASON_TEXTS,
    **OUTCOME_TEXTS,
    **SPRINT_TEXTS,
    **STORE_TEXTS,
    **REFUSAL_TEXTS,
    **STORE_REFUSAL_TEXTS,
    **LABEL_TEXTS,
}
LONGEST = 500  # maximum characters of an event's message
VERBS = {"succeeded": "has succeeded", "failed": "has failed"}


def message(code: str, /, **fields: object) -> Message:
    """Return the text of ``code`` with ``fields``. Raises ``KeyError`` for an unknown code.

    With the field ``status``, a text can use ``is_status`` too: ``is running``, ``has failed``.
    """
    if "status" in fields:
        status = str(fields["status"])
        fields = {"is_status": VERBS.get(status, f"is {status}"), **fields}
    return Message(wording.worded(MESSAGES[code], fields))


def cut(text: Message) -> Message:
    """Return the text with at most ``LONGEST`` characters."""
    return Message(text[:LONGEST])


def because(why: str) -> str:
    """Return ``why`` as the end of another text; empty if there is none."""
    return message("because", why=why) if why else ""


def approval(point: str) -> str:
    """Return what an approval at ``point`` is for; the point itself where it is unknown."""
    return message(code) if (code := f"approval.{point}") in MESSAGES else point
