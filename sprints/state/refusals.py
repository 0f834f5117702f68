"""Define the refusals that every face translates."""


class Refused(Exception):
    """The act is not possible now; the message is one line that says what to type."""


class Unknown(Refused):
    """The named object does not exist."""


class NotNow(Refused):
    """The object's state forbids the act; the arguments are valid."""
