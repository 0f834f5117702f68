"""Configure the app of users and tokens."""

from django.apps import AppConfig


class Accounts(AppConfig):
    """The app: users are Django's, tokens are ours."""

    name = "gateway_project.accounts"
    label = "accounts"
    verbose_name = "Accounts"
