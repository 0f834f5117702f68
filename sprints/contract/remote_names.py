"""Check the name of a git remote."""

import re

REMOTE_RULE = "the name of a remote, such as origin, or empty for none"


def is_remote(value: object) -> bool:
    """Return whether ``value`` is a valid name of a remote, or empty for none."""
    return isinstance(value, str) and bool(
        re.fullmatch(r"([A-Za-z0-9][\w./-]{0,99})?", value, re.A)
    )
