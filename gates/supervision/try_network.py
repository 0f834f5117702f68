"""Say by which means this machine can cut a program off from the network, a line each.

It runs by itself in a bare interpreter: ``try_network.py``. The first word of a line is the means,
the rest why it does not work; a means that works has no rest.
"""

import os
import sys

if __name__ == "__main__":  # with -I -S our folder is not on the path
    sys.path.append(__file__.rpartition("/gates/")[0])

from gates.network import NONE
from gates.supervision.namespace import cuts


def main() -> None:
    """Try each means in a child of its own, which it cannot leave again."""
    for cut in cuts(NONE):
        child = os.fork()
        if child == 0:
            try:
                cut.enter({})
                line = cut.how
            except OSError as exc:
                line = f"{cut.how} {exc.strerror}"
            os.write(1, f"{line}\n".encode())
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
