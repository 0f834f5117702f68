"""The app of users and tokens."""

from django.apps import AppConfig


class Accounts(AppConfig):
    """Users are Django's; their tokens are ours."""

    name = "gateway_project.accounts"
    label = "accounts"
    verbose_name = "Accounts"
