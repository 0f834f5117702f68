"""Name the parties for which a sprint waits."""

GATEWAY = "the gateway"  # the process that runs the sprint, as ``who`` of a wait


OPERATOR = "an operator"  # a person, as ``who`` of a wait that the gateway cannot resolve
WORKER = "a worker"  # of any host, in ``waiting``, while no process runs the sprint
