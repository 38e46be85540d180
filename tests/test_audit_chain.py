"""The chain behind the audit: everything committed is sealed once, and any change to a sealed row is found."""

import io
import json
import threading
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from reviewapp.audit import seal
from reviewapp.audit.models import AuditCheckpoint, AuditEvent, AuditSeal, AuditSealer
from reviewapp.audit.record import record
from reviewapp.audit.seal import seal_events, seal_now
from tests.conftest import NOW

URL = "/projects/helpdesk/audit"


@pytest.fixture(autouse=True)
def _checkpoint_file(settings, tmp_path):
    settings.AUDIT_CHECKPOINTS = tmp_path / "checkpoints.jsonl"


def note(number, project=None):
    with transaction.atomic():
        record(
            "thing.done",
            now=NOW,
            actor=None,
            project_id=project.pk if project else None,
            object_kind="thing",
            object_id=number,
            detail={"n": number, "share": 0.1, "text": "é\u2028"},
        )


def verify(**options):
    out = io.StringIO()
    call_command("verify_audit", stdout=out, **options)
    return out.getvalue()


def tamper(statement):
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # what a superuser of the database can do
        cursor.execute(statement)
        cursor.execute("SET session_replication_role = origin")


@pytest.fixture
def sealed(project, monkeypatch):
    """A few sealed events, in batches of three, and a checkpoint in the middle and at the end."""
    monkeypatch.setattr(seal, "_BATCH", 3)
    for number in range(4):
        note(number)
    assert seal_events(NOW) == AuditEvent.objects.count()
    for number in range(4, 8):
        note(number, project)
    assert seal_events(NOW + timedelta(minutes=2)) == 4
    assert seal_events(NOW + timedelta(minutes=3)) == 0
    return project


def test_everything_is_sealed_once_in_order_and_the_chain_holds(sealed, settings):
    seals = list(AuditSeal.objects.order_by("position"))
    assert [each.event_id for each in seals] == list(AuditEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert [each.position for each in seals] == list(range(1, len(seals) + 1))
    assert [each.previous_sha256 for each in seals] == ["0" * 64, *(each.sha256 for each in seals[:-1])]
    points = list(AuditCheckpoint.objects.order_by("position"))
    lines = [json.loads(line) for line in settings.AUDIT_CHECKPOINTS.read_text().splitlines()]
    assert [(point.position, point.sha256) for point in points] == [
        (line["position"], line["sha256"]) for line in lines
    ]
    assert points[-1].sha256 == seals[-1].sha256
    assert f"holds: {len(seals)} events sealed, 2 checkpoints, 0 events not sealed yet" in verify()
    note(9)
    assert "1 events not sealed yet" in verify()
    assert seal_now(now=NOW).position == len(seals) + 1
    assert seal_now(now=NOW).position == len(seals) + 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE audit_auditevent SET actor_name = 'eve' WHERE object_id = '2'", "thing.done.*not as it was sealed"),
        ("UPDATE audit_auditevent SET detail = '{}' WHERE object_id = '5'", "thing.done.*not as it was sealed"),
        ("DELETE FROM audit_auditevent WHERE object_id = '3'", "Seal .* is missing"),
        ("DELETE FROM audit_auditseal WHERE position = 2", "Seal 2 is missing"),
        ("DELETE FROM audit_auditseal WHERE position > 2", "Seal [0-9]+ is missing, which the checkpoint"),
        ("UPDATE audit_auditcheckpoint SET sha256 = repeat('a', 64)", "not as the checkpoint of"),
    ],
)
def test_any_change_is_found_and_its_first_row_named(sealed, change, said):
    tamper(change)
    with pytest.raises(CommandError, match=said):
        verify()


def test_a_chain_replaced_as_a_whole_is_found_by_the_checkpoint_file(sealed, settings):
    tamper("UPDATE audit_auditevent SET actor_name = 'eve' WHERE object_id = '2'")
    tamper("DELETE FROM audit_auditseal; DELETE FROM audit_auditcheckpoint; DELETE FROM audit_auditsealer")
    seal_now(now=NOW)
    with pytest.raises(CommandError, match="not as the checkpoint file"):
        verify()
    with settings.AUDIT_CHECKPOINTS.open("a") as file:
        file.write('{"at": "2026')  # cut off by a full disk, or by somebody
    with pytest.raises(CommandError, match="Line 4 of the checkpoint file is no checkpoint"):
        verify()


def test_a_row_put_in_behind_the_sealer_is_found(sealed):
    AuditSealer.objects.update(sealed_below=1)
    tamper(
        "INSERT INTO audit_auditevent (id, at, actor_name, action, object_kind, object_id, detail, request_id)"
        " VALUES (0, now(), 'eve', 'label.created', 'label', '1', '{}', '')"
    )
    with pytest.raises(CommandError, match=r"Event 0 \(label.created\) was put in after"):
        verify()


@pytest.mark.django_db(transaction=True)
def test_what_a_running_transaction_wrote_first_is_sealed_when_it_is_over(monkeypatch):
    monkeypatch.setattr(seal, "_MARGIN", 0)
    wrote, may_end = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            record("slow.done", now=NOW, actor=None, project_id=None, object_kind="x", object_id=1)
            wrote.set()
            may_end.wait(60)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert wrote.wait(60)
    for number in range(3):
        note(number)
        seal_events(NOW + timedelta(minutes=number))
    assert AuditSeal.objects.count() == 3
    may_end.set()
    thread.join()
    assert seal_events(NOW) == 1
    slow_one = AuditEvent.objects.get(action="slow.done")
    assert slow_one.pk < AuditEvent.objects.exclude(pk=slow_one.pk).order_by("pk").first().pk
    assert AuditSeal.objects.get(position=4).event_id == slow_one.pk
    assert "holds: 4 events" in verify()
    # Brought into a younger cluster, whose transactions count anew, the sealer goes on.
    AuditSealer.objects.update(seen_at_transaction=2**60)
    note(7)
    assert seal_events(NOW) == 1


def test_an_export_is_recomputed_elsewhere(sealed, cast, api_of, tmp_path):
    count = AuditEvent.objects.filter(project_id=sealed.pk).count()
    lines = api_of(cast.pat, "read").get(f"{URL}?format=jsonl").decode()
    exported = tmp_path / "audit.jsonl"
    exported.write_text(lines, encoding="utf-8")
    assert f"holds: {count} events sealed" in verify(export=str(exported))
    page = tmp_path / "page.json"
    page.write_text(json.dumps(api_of(cast.pat, "read").get(URL)), encoding="utf-8")
    assert "holds: " in verify(export=str(page))
    exported.write_text(lines.replace('"n":5', '"n":6'), encoding="utf-8")
    with pytest.raises(CommandError, match=r"Seal \d+: event \d+ .*not as it was sealed"):
        verify(export=str(exported))
    rows = [json.loads(line) for line in lines.split("\n") if line]
    [row for row in rows if row["position"]][-1]["previous_sha256"] = "1" * 64
    exported.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    with pytest.raises(CommandError, match=r"does not follow|not as it was sealed"):
        verify(export=str(exported))
    for text, said in (("{", "Line 1 is not JSON"), ('{"a": 1}', "Row 1 is no exported")):
        exported.write_text(text, encoding="utf-8")
        with pytest.raises(CommandError, match=said):
            verify(export=str(exported))
    for spoilt, said in (({"at": "noon"}, "not as it was sealed"), ({"position": "1"}, "Row 2 is no exported")):
        exported.write_text("\n".join(map(json.dumps, [rows[0], {**rows[1], **spoilt}])), encoding="utf-8")
        with pytest.raises(CommandError, match=said):
            verify(export=str(exported))
    with pytest.raises(CommandError, match="cannot be read"):
        verify(export=str(tmp_path / "nowhere"))


def test_checkpoints_are_for_those_who_see_an_audit_somewhere(sealed, cast, api_of, browser_of):
    page = api_of(cast.pat, "read").get("/audit/checkpoints?limit=1")
    assert page["results"][0]["position"] == AuditSeal.objects.count()
    older = api_of(cast.pat, "read").get(f"/audit/checkpoints?limit=1&cursor={page['next']}")
    assert older["next"] is None
    assert older["results"][0]["position"] < page["results"][0]["position"]
    assert api_of(cast.rui, "read").get("/audit/checkpoints", status=403)["error"]["code"] == "forbidden"
    assert api_of(cast.pat, "label").get("/audit/checkpoints", status=403)["error"]["code"] == "missing_scope"
    assert browser_of(cast.stan).get("/api/v1/audit/checkpoints").status_code == 403
    cast.stan.is_superuser = True
    cast.stan.save()
    assert browser_of(cast.stan).get("/api/v1/audit/checkpoints").status_code == 200


def test_the_page_lists_narrows_pages_and_shows_the_chain(sealed, cast, browser_of, django_assert_max_num_queries):
    for number in range(60):
        note(100 + number, sealed)
    pat = browser_of(cast.pat)
    with django_assert_max_num_queries(8):
        text = pat.get("/p/helpdesk/audit").content.decode()
    assert text.count("<strong>Thing done</strong>") == 50
    assert "not sealed yet" in text
    assert AuditCheckpoint.objects.order_by("-position").first().sha256 in text
    older = text.split('href="?cursor=')[1].split('"')[0]
    rest = pat.get(f"/p/helpdesk/audit?cursor={older}").content.decode()
    assert "Project created" in rest
    assert "Newest" in rest
    assert pat.get(f"/p/helpdesk/audit?actor=x&cursor={older}").status_code == 302
    found = pat.get(
        "/p/helpdesk/audit?action=project.&object_kind=project&from=2026-11-01&to=2026-12-01"
    ).content.decode()
    assert found.count('class="audit-when"') == 1
    assert "Nothing was done that fits" in pat.get("/p/helpdesk/audit?actor=nobody").content.decode()
    wrong = pat.get("/p/helpdesk/audit?from=2026-13-77")
    assert (wrong.status_code, "is no day" in wrong.content.decode()) == (422, True)
    assert browser_of(cast.rui).get("/p/helpdesk/audit").status_code == 403
    assert browser_of(cast.stan).get("/p/helpdesk/audit").status_code == 404
