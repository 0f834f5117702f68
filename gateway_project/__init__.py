"""Assemble the Django project: settings and entry points, without rules of its own."""

__version__ = "0.1.0"
