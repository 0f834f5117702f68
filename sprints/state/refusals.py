"""Refusals that every face translates."""


class Refused(Exception):
    """The act is impossible as things are; the message is one line that says what to type."""


class Unknown(Refused):
    """There is no such thing."""


class NotNow(Refused):
    """It is refused by the state in which the thing is, not for what was given."""
