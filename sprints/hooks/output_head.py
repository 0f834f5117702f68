"""The beginning of what a hook printed or answered, without secrets."""

from sprints.models.redaction import clean
from sprints.state.delivery_result import OUTPUT_CHARACTERS


def head(raw: bytes) -> str:
    """The beginning of what was printed or answered, as a database can keep it, without secrets."""
    text: str = clean(raw.decode(errors="replace"))
    return text.replace("\0", "\ufffd")[:OUTPUT_CHARACTERS]
