"""``python -m studio_gateway X`` is ``python manage.py X``, from any folder."""

import os
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
    try:
        from gateway_project.cli import run

        run(sys.argv)
    except KeyboardInterrupt:  # while it still loads
        sys.exit(130)


if __name__ == "__main__":
    main()
