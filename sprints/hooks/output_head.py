"""Cut the beginning of a hook's output or response, without secrets."""

from sprints.models.redaction import clean
from sprints.state.delivery_result import OUTPUT_CHARACTERS


def head(raw: bytes) -> str:
    """Return the beginning of the bytes as a text for the database, without secrets."""
    text: str = clean(raw.decode(errors="replace"))
    return text.replace("\0", "\ufffd")[:OUTPUT_CHARACTERS]
