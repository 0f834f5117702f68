"""``python -m studio_gateway X`` is ``python manage.py X``, from any folder."""

import gc
import os
import signal
import sys
from pathlib import Path


def main() -> None:
    """Run one command of the gateway; exits with its code."""
    try:
        Path.cwd()
    except FileNotFoundError:  # said here: not even Django can be imported from such a folder
        sys.stderr.write("error: the current folder has been deleted; cd to another\n")
        sys.exit(2)
    # Ours outright: whoever works on a Django project of their own may have exported another.
    os.environ["DJANGO_SETTINGS_MODULE"] = "gateway_project.settings"
    # A Ctrl-C just ends a command, unless it wants to hear of it: in the middle of an import it
    # would be any exception, and what was acknowledged bears a kill.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()  # what is loaded stays; to look for garbage in it is a tenth of the start
    from gateway_project.cli import run

    run(sys.argv)


if __name__ == "__main__":
    main()
