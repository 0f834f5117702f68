"""``python -m studio_gateway X`` is ``python manage.py X``, from any folder."""

import os
import sys


def main() -> None:
    """Run one command of the gateway; exits with its code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
    from gateway_project.cli import run

    run(sys.argv)


if __name__ == "__main__":
    main()
