"""Audit events: written in the transaction of what they describe, and never changed."""

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from reviewapp.accounts.tokens import make_token
from reviewapp.audit.models import AuditEvent
from reviewapp.audit.record import record
from tests.conftest import NOW


@pytest.mark.parametrize("change", ["UPDATE audit_auditevent SET action = 'x'", "DELETE FROM audit_auditevent"])
def test_a_row_can_be_neither_changed_nor_deleted(project, change):
    with (
        pytest.raises((IntegrityError, InternalError), match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)
    assert AuditEvent.objects.get(action="project.created").detail["slug"] == "helpdesk"


def test_the_table_cannot_be_emptied():
    """Tests drop the trigger that says so, to clean up; what stands in the migration is what is checked."""
    from importlib import import_module

    migration = import_module("reviewapp.audit.migrations.0002_append_only")
    assert "BEFORE TRUNCATE ON audit_auditevent" in migration.TRIGGERS


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_a_mistake():
    with pytest.raises(RuntimeError, match="transaction"):
        record("x", now=NOW, actor=None, project_id=None, object_kind="x", object_id=1)


def test_an_event_goes_with_what_it_describes(cast, project):
    def make_and_fail():
        with transaction.atomic():
            make_token(user=cast.lea, project=project, scopes=frozenset(), now=NOW)
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 — ours
        make_and_fail()
    assert not AuditEvent.objects.filter(action="token.created").exists()


def test_an_event_names_who_by_what_and_when(cast, project, api_of):
    api_of(cast.lea).client.patch(
        "/api/v1/projects/helpdesk",
        {"overlap": 3},
        content_type="application/json",
        headers={"X-Request-ID": "request-0042"},
    )
    event = AuditEvent.objects.get(action="project.changed")
    assert (event.actor_name, event.request_id, event.project_id) == ("lea", "request-0042", project.pk)
    assert event.token_id is not None
