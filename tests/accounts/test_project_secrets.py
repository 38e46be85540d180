"""Secrets of a project: encrypted, bound to their place, replaced and forgotten, and never on record."""

import pytest
from django.db import transaction

from reviewapp.accounts.models import ProjectSecret
from reviewapp.accounts.project_secrets import forget_secret, read_secret, secrets_set_at, store_secret
from reviewapp.audit.models import AuditEvent
from reviewapp.http.errors import ConflictError, InvalidError
from tests.conftest import NOW


def test_a_secret_is_used_again_and_lies_encrypted(cast, project, actor_of, settings):
    with transaction.atomic():
        for text in ("sk-first", "sk-second"):
            store_secret(project, name="provider:openai", text=text, actor=actor_of(cast.lea), now=NOW)
    assert read_secret(project.pk, "provider:openai") == "sk-second"
    assert secrets_set_at(project.pk, ["provider:openai", "other"]) == {"provider:openai": NOW}
    row = ProjectSecret.objects.get()
    assert b"sk-" not in bytes(row.data)
    assert "sk-" not in repr(list(AuditEvent.objects.values()))
    settings.MASKING_KEYS = ["another key, which is long enough", *settings.MASKING_KEYS]
    assert read_secret(project.pk, "provider:openai") == "sk-second"
    row.name = "provider:mine"
    row.save()
    with pytest.raises(ConflictError, match="does not open"):
        read_secret(project.pk, "provider:mine")
    settings.MASKING_KEYS = settings.MASKING_KEYS[:1]
    with pytest.raises(ConflictError, match="does not have the key"):
        read_secret(project.pk, "provider:mine")


def test_a_secret_is_forgotten_and_an_empty_one_refused(project):
    with transaction.atomic():
        store_secret(project, name="a", text="s", actor=None, now=NOW)
        assert forget_secret(project, name="a", actor=None, now=NOW)
        assert not forget_secret(project, name="a", actor=None, now=NOW)
        with pytest.raises(InvalidError):
            store_secret(project, name="a", text=" ", actor=None, now=NOW)
    assert read_secret(project.pk, "a") is None
    assert set(AuditEvent.objects.filter(object_kind="secret").values_list("action", "object_id")) == {
        ("secret.set", "a"),
        ("secret.forgotten", "a"),
    }
