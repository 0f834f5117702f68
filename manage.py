#!/usr/bin/env python
"""The gateway's commands, as Django's manage.py; see studio_gateway.py."""

from studio_gateway import main

if __name__ == "__main__":
    main()
