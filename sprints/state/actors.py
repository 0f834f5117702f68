"""Name the parties for which a sprint waits."""

GATEWAY = "the gateway"  # whichever process carries the sprint; who is asked, in ``waiting``


OPERATOR = "an operator"  # a person; who is asked, in ``waiting``, where the gateway cannot go on
