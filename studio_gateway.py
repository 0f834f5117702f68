"""``python -m studio_gateway X`` is ``python manage.py X``, from any folder."""

import gc
import os
import signal
import sys
from pathlib import Path

from gates.users_umask import keep_private


def main() -> None:
    """Run one command of the gateway; exits with its code."""
    keep_private()
    try:
        Path.cwd()
    except FileNotFoundError:  # reported here: in a deleted folder not even Django can be imported
        sys.stderr.write("error: the current folder has been deleted; cd to another\n")
        sys.exit(2)
    # Always ours: a user's own Django project may have exported another.
    os.environ["DJANGO_SETTINGS_MODULE"] = "gateway_project.settings"
    # A Ctrl-C ends a command at once, unless the command handles it: within an import it would be
    # any exception, and acknowledged work survives a kill.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()  # loaded objects stay; collecting them would take a tenth of the start
    from gateway_project.cli import run

    run(sys.argv)


if __name__ == "__main__":
    main()
