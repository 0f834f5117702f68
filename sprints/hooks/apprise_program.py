"""A program that says one thing through Apprise: ``url``, ``title`` and ``body`` come as JSON on
standard input, so that no list of processes shows the URL, which is a secret. Exits with 0 if said.
"""

import json
import logging
import sys

from apprise import Apprise


def main() -> int:
    """Say it; whatever Apprise has to say about that goes to standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    told = json.load(sys.stdin)
    service = Apprise()
    return 0 if service.add(told["url"]) and service.notify(told["body"], told["title"]) else 1


if __name__ == "__main__":
    sys.exit(main())
