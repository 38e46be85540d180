"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, projects and what each may do."""

    name = "reviewapp.accounts"
    label = "accounts"
