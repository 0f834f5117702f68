"""Fork, leave the session and die, again and again: whoever looks for it finds where it was."""

import os

while True:
    if os.fork():
        os._exit(0)
    os.setsid()
