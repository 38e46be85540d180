"""External ids in paths: any characters, percent-encoded; a slash or a line end is part of the id like any other."""

from functools import cache

from django.urls import register_converter
from django.urls.converters import StringConverter


class ExternalIdConverter(StringConverter):
    """Takes all that is left of the path."""

    regex = r"(?s:.+)"


@cache
def register() -> None:
    """Make `{external_id:name}` known to paths; again is harmless."""
    register_converter(ExternalIdConverter, "external_id")
