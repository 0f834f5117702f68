"""Register the app that starts processes and returns verdicts."""

from django.apps import AppConfig


class GatesConfig(AppConfig):
    """Gate definitions and their runs."""

    name = "gates"
