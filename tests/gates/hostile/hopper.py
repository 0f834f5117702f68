"""Fork, leave the session and exit, again and again, to escape a search by process id."""

import os

while True:
    if os.fork():
        os._exit(0)
    os.setsid()
