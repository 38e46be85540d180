"""Originals: kept encrypted and apart, shown with a reason and on record, bound to their place."""

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from reviewapp.accounts.models import Project
from reviewapp.audit.models import AuditEvent
from sampling.models import ItemKey, Original, RevealedOriginals
from tests.sampling.lines import item

URL = "/projects/helpdesk/items"
REASON = {"project": "helpdesk", "reason": "Complaint 12, asked by anna@example.org"}


@pytest.fixture
def lea(cast, api_of, project):
    Project.objects.update(masking="reversible")
    return api_of(cast.lea)


def send(client, *items):
    assert client.post(URL, {"items": list(items)})["rejected"] == 0


def reveal(client, external_id, *, status=200, **body):
    return client.post(f"/items/{external_id}/reveal", {**REASON, **body}, status=status)


def test_originals_come_back_as_they_were_sent(lea):
    send(lea, item("a/b", input="I'm Anna@Example.org, anna@example.org", output="+49 171 2345678", user_ref="u-17"))
    assert lea.get(f"{URL}/a%2Fb")["input"] == "I'm [EMAIL_1], [EMAIL_1]"
    assert reveal(lea, "a%2Fb") == {
        "external_id": "a/b",
        "originals": {"[EMAIL_1]": "Anna@Example.org", "[PHONE_1]": "+49 171 2345678", "user_ref": "u-17"},
    }


def test_they_lie_encrypted(lea):
    send(lea, item("a", input="anna@example.org", user_ref="anna"))
    for row in Original.objects.values():
        assert b"anna" not in bytes(row["data"])
        assert len(row["key_id"]) == 12


def test_each_look_is_on_record_without_personal_data(lea, cast):
    send(lea, item("a", input="anna@example.org"))
    reveal(lea, "a")
    row = RevealedOriginals.objects.get()
    assert (row.revealed_by, row.placeholders) == (cast.lea, ["[EMAIL_1]"])
    assert row.reason == "Complaint 12, asked by [EMAIL_1]"
    event = AuditEvent.objects.get(action="originals.revealed")
    assert (event.actor_name, event.object_kind, event.object_id) == ("lea", "item", str(row.item_id))
    assert event.detail["placeholders"] == ["[EMAIL_1]"]
    assert "anna" not in repr(event.detail)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_without_a_reason_nothing_is_shown(lea, reason):
    send(lea, item("a", input="anna@example.org"))
    assert reveal(lea, "a", reason=reason, status=422)["error"]["fields"][0]["path"] == "reason"
    assert not RevealedOriginals.objects.exists()


@pytest.mark.parametrize(("name", "status"), [("olga", 200), ("ada", 403), ("rui", 403), ("vic", 403), ("stan", 404)])
def test_only_owners_and_leads_may(lea, cast, api_of, name, status):
    send(lea, item("a", input="anna@example.org"))
    reveal(api_of(getattr(cast, name)), "a", status=status)


def test_a_token_needs_the_scope_admin(lea, cast, api_of):
    send(lea, item("a", input="anna@example.org"))
    answer = reveal(api_of(cast.lea, "read", "ingest"), "a", status=403)
    assert answer["error"]["code"] == "missing_scope"


def test_what_is_not_there_or_was_not_kept_is_said_to_be_so(lea):
    send(lea, item("clean"))
    Project.objects.update(masking="mask")
    send(lea, item("masked", input="anna@example.org"))
    for name in ("clean", "masked"):
        assert reveal(lea, name, status=409)["error"]["code"] == "nothing_kept"
    for name in ("other", "%00"):
        assert reveal(lea, name, status=404)["error"]["code"] == "not_found"


def test_a_key_opens_what_it_sealed_after_a_newer_one_took_over(lea, settings):
    old, new = "o" * 40, "n" * 40
    settings.MASKING_KEYS = [old]
    send(lea, item("a", input="anna@example.org"))
    settings.MASKING_KEYS = [new, old]
    send(lea, item("b", input="bea@example.org"))
    assert reveal(lea, "a")["originals"] == {"[EMAIL_1]": "anna@example.org"}
    assert reveal(lea, "b")["originals"] == {"[EMAIL_1]": "bea@example.org"}
    assert Original.objects.values("key_id").distinct().count() == 2
    settings.MASKING_KEYS = [new]
    assert reveal(lea, "a", status=409)["error"]["code"] == "key_missing"


def test_an_original_moved_elsewhere_does_not_open(lea):
    send(lea, item("a", input="anna@example.org"), item("b", input="bea@example.org"))
    ids = dict(ItemKey.objects.values_list("external_id", "item_id"))
    rows = {row.item_id: row for row in Original.objects.all()}
    Original.objects.filter(item_id=ids["b"]).delete()
    Original.objects.create(
        item_id=ids["b"], placeholder="[EMAIL_1]", key_id=rows[ids["a"]].key_id, data=rows[ids["a"]].data
    )
    assert reveal(lea, "b", status=409)["error"]["code"] == "original_damaged"


@pytest.mark.parametrize("table", ["sampling_original", "sampling_itemmask", "sampling_revealedoriginals"])
def test_what_is_kept_does_not_change(lea, table):
    send(lea, item("a", input="anna@example.org"))
    reveal(lea, "a")
    with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET item_id = item_id")


def test_the_first_of_an_external_id_keeps_its_originals(lea):
    send(lea, item("a", input="anna@example.org"))
    send(lea, item("a", input="bea@example.org"))
    assert reveal(lea, "a")["originals"] == {"[EMAIL_1]": "anna@example.org"}


def test_a_comment_goes_on_from_the_item_and_keeps_its_own_originals(lea):
    send(lea, item("a", input="anna@example.org or +49 171 2345678"))
    comment = "Anna@example.org complained, as did bea@example.org, 0171 2345678"
    for _ in range(2):
        said = lea.post(
            "/projects/helpdesk/feedback", {"external_id": "a", "value": -1, "comment": comment}, status=201
        )
        assert said["comment"] == "[EMAIL_1] complained, as did [EMAIL_2], [PHONE_1]"
    assert reveal(lea, "a")["originals"]["[EMAIL_2]"] == "bea@example.org"
    assert len(lea.get(f"{URL}/a")["feedbacks"]) == 1
