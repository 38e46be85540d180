"""System checks: wrong set-ups are told before the first request."""

import pytest
from django.db import connections
from django.test import override_settings
from django.urls import path

from reviewapp import checks
from reviewapp.health import healthz

urlpatterns = [
    path("a", healthz, name="healthz"),
    path("b", healthz, name="healthz"),
    path("c", healthz),
]


def ids(found):
    return [message.id for message in found]


@pytest.mark.parametrize(
    ("debug", "url", "found"),
    [
        (True, "https://review.example.org", ["reviewapp.E001"]),
        (True, "http://127.0.0.1:8000", []),
        (False, "https://review.example.org", []),
    ],
)
def test_debug_on_a_public_address_is_an_error(settings, debug, url, found):
    settings.DEBUG, settings.PUBLIC_URL = debug, url
    assert ids(checks.debug_stays_at_home(None)) == found


def test_all_seams_can_be_imported():
    assert checks.seams_can_be_called(None) == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("QUEUE_FILL", "annotations.queue.fill.misspelt"),
        ("JOB_HANDLERS", {"x": "no.such.module"}),
        ("SWEEP_STEPS", ["nodots"]),
        ("METRICS_COLLECTORS", ["reviewapp.metrics.nothing"]),
    ],
)
def test_a_misspelt_seam_is_an_error(settings, setting, value):
    setattr(settings, setting, value)
    (message,) = checks.seams_can_be_called(None)
    assert message.id == "reviewapp.E002"
    assert setting in message.msg


def test_the_open_list_is_clear():
    assert ids(checks.open_list_is_clear(None)) == []


@override_settings(ROOT_URLCONF=__name__)
def test_an_open_name_of_two_addresses_is_an_error_and_one_without_name_a_warning():
    assert sorted(ids(checks.open_list_is_clear(None))) == ["reviewapp.E003", "reviewapp.W001"]


def test_this_postgres_is_new_enough(db):
    assert checks.postgres_is_new_enough(None, databases=["default"]) == []
    assert checks.postgres_is_new_enough(None) == []


def test_an_old_postgres_is_an_error(db, monkeypatch):
    monkeypatch.setattr(connections["default"], "pg_version", 160004)
    assert ids(checks.postgres_is_new_enough(None, databases=["default"])) == ["reviewapp.E004"]
