"""The audit app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Append-only records of what people and programs did."""

    name = "reviewapp.audit"
    label = "audit"
