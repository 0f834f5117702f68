"""Limit failed sign-ins with a password; tokens are long enough to need no limit."""

from datetime import timedelta

FAILURES = 10  # of one user name from one address, before passwords are refused
COOLOFF = timedelta(minutes=10)  # for which passwords are then refused
