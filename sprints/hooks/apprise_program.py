"""Send one message through Apprise, as a process of its own.

``url``, ``title`` and ``body`` come as JSON on standard input, because a process list must not show
the secret URL. Exits with 0 if the message was sent.
"""

import json
import logging
import sys

from apprise import Apprise


def main() -> int:
    """Send the message; Apprise's own reports go to standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    reported = json.load(sys.stdin)
    service = Apprise()
    return (
        0
        if service.add(reported["url"]) and service.notify(reported["body"], reported["title"])
        else 1
    )


if __name__ == "__main__":
    sys.exit(main())
