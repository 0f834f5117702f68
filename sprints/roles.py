"""Define the roles of users, from viewing to changing what runs on this machine."""

from enum import IntEnum


class Role(IntEnum):
    """The roles; each includes those before it."""

    VIEWER = 1  # sees everything but secrets
    OPERATOR = 2  # runs, cancels, retries, approves
    ADMIN = 3  # edits gates, hooks, users: a command is a shell on this machine

    @property
    def word(self) -> str:
        """Return the role's name in commands, groups and pages: ``viewer``."""
        return self.name.lower()

    @classmethod
    def named(cls, word: str) -> "Role":
        """Return the role of that name. Raises ``ValueError``."""
        try:
            return cls[word.upper()]
        except KeyError:
            raise ValueError(f"no role {word!r}; there are: {', '.join(ROLES)}") from None


NOBODY = 0
ROLES = tuple(role.word for role in Role)
