"""What somebody may do, from looking on to changing what runs on this machine."""

from enum import IntEnum


class Role(IntEnum):
    """Each includes those before it."""

    VIEWER = 1  # sees everything but secrets
    OPERATOR = 2  # runs, cancels, retries, approves
    ADMIN = 3  # edits gates, hooks, users: whoever sets a command has a shell

    @property
    def word(self) -> str:
        """As it stands in commands, groups and pages: ``viewer``."""
        return self.name.lower()

    @classmethod
    def named(cls, word: str) -> "Role":
        """The role of that word. Raises ``ValueError``."""
        try:
            return cls[word.upper()]
        except KeyError:
            raise ValueError(f"no role {word!r}; there are: {', '.join(ROLES)}") from None


NOBODY = 0
ROLES = tuple(role.word for role in Role)
