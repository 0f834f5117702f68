"""The app of the outside world and its verdicts."""

from django.apps import AppConfig


class GatesConfig(AppConfig):
    """Gate definitions and their runs."""

    name = "gates"
