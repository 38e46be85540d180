"""The path of a version: evidence, two signatures, the stage, the way back, the report, and the pages."""

import io
import json
import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from annotations.models import EvidenceBundle, Rollout, RolloutEvent
from annotations.rollouts.signoff import set_share
from annotations.rollouts.watch import watch_rollouts
from reviewapp.accounts.access import Access, Actor
from reviewapp.accounts.models import Membership
from reviewapp.accounts.roles import Role
from reviewapp.alerts.models import Alert
from reviewapp.audit.models import AuditCheckpoint, AuditEvent
from reviewapp.http.errors import ConflictError
from sampling.models import DriftBaseline
from tests.rollouts.world import REASON, bring_in, gate, make, send, sign
from tests.sampling.lines import item


def test_two_approvers_neither_the_author_sign_the_same_bundle_and_the_version_moves(lea, cast, api_of, ready):
    pat, ann = api_of(cast.pat, "rollout"), api_of(cast.ann, "rollout")
    bundle = pat.post(f"/rollouts/{ready}/evidence", status=201)
    assert {each["state"] for each in bundle["gates"]} == {"pass"}
    stored = EvidenceBundle.objects.get(sha256=bundle["sha256"])
    assert AuditEvent.objects.filter(action="rollout.evidence_frozen", detail__sha256=bundle["sha256"]).exists()
    assert AuditCheckpoint.objects.exists()
    assert {each["table"] for each in stored.content["inputs"]} >= {"items", "labels", "draws", "decisions"}
    assert lea.get(f"/rollouts/{ready}/stage")["stage"] == "shadow"
    first = sign(pat, ready, bundle)
    assert (first["stage"], first["signoffs"][0]["by"]) == ("shadow", "pat")
    assert sign(pat, ready, bundle, status=409)["error"]["code"] == "same_person"
    # New traffic alone changes nothing.
    bring_in(lea, n=5, prefix="new")
    done = sign(ann, ready, bundle)
    assert (done["stage"], done["percent"], done["audience"]) == ("internal_beta", 100, "internal")
    assert sign(ann, ready, bundle, status=409)["error"]["code"] == "evidence_changed"
    assert gate(done, "errors")["state"] == "pass"
    further = ann.post(f"/rollouts/{ready}/evidence", status=201)
    assert (further["to_stage"], [each["name"] for each in further["gates"]]) == ("general_availability", ["errors"])
    # Days without traffic are nothing to compare with later: then the four weeks before go on to be.
    assert not DriftBaseline.objects.exists()
    earlier = (timezone.now() - timedelta(days=10)).isoformat()
    send(lea, "items", [item(f"earlier{k}", system_version="1.0", occurred_at=earlier) for k in range(60)])
    for approver in (pat, ann):
        sign(approver, ready, further, to_stage="general_availability")
    assert DriftBaseline.objects.get().first_day < timezone.now().date() - timedelta(days=10)
    assert lea.get(f"/rollouts/{ready}")["next_stage"] is None
    assert ann.post(f"/rollouts/{ready}/evidence", status=409)["error"]["code"] == "no_further_stage"


def test_who_may_not_sign_and_what_may_not_be_signed(lea, cast, api_of, browser_of, project, ready):
    pat = api_of(cast.pat, "rollout")
    bundle = pat.post(f"/rollouts/{ready}/evidence", status=201)
    assert sign(api_of(cast.ada), ready, bundle, status=403)["error"]["code"] == "forbidden"
    assert sign(api_of(cast.pat, "read"), ready, bundle, status=403)["error"]["code"] == "missing_scope"
    assert sign(pat, ready, {"sha256": "0" * 64}, status=409)["error"]["code"] == "evidence_changed"
    assert sign(pat, ready, bundle, to_stage="general_availability", status=409)["error"]["code"] == "evidence_changed"
    empty = {"to_stage": "internal_beta", "decision": "approve", "reason": " ", "evidence_sha256": bundle["sha256"]}
    assert pat.post(f"/rollouts/{ready}/signoffs", empty, status=422)["error"]["fields"][0]["path"] == "reason"
    assert sign(lea, ready, bundle, status=403)["error"]["code"] == "author_cannot_sign"
    # The author, even where an approver.
    Membership.objects.filter(project=project, user=cast.lea).update(role="approver")
    assert sign(api_of(cast.lea, "rollout"), ready, bundle, status=403)["error"]["code"] == "author_cannot_sign"
    Membership.objects.filter(project=project, user=cast.lea).update(role="lead")
    # A rejection ends the bundle, and stands as dissent in the next one.
    assert sign(pat, ready, bundle, decision="reject")["stage"] == "shadow"
    assert sign(api_of(cast.ann, "rollout"), ready, bundle, status=409)["error"]["code"] == "evidence_changed"
    again = pat.post(f"/rollouts/{ready}/evidence", status=201)
    dissent = EvidenceBundle.objects.get(sha256=again["sha256"]).content["dissent"]
    assert [(each["by"], each["reason"]) for each in dissent] == [("pat", REASON)]
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        refused = sign(pat, ready, again, status=409)
    assert "expired" in refused["error"]["message"]


def test_a_closed_gate_refuses_approval_and_not_rejection(lea, cast, api_of):
    made = make(lea)
    bring_in(lea, fails=30)
    pat = api_of(cast.pat, "rollout")
    bundle = pat.post(f"/rollouts/{made['id']}/evidence", status=201)
    assert gate(bundle, "quality")["state"] == "fail"
    refused = sign(pat, made["id"], bundle, status=409)
    assert (refused["error"]["code"], "quality, ready" in refused["error"]["message"]) == ("gate_closed", True)
    assert sign(pat, made["id"], bundle, decision="reject")["signoffs"][0]["decision"] == "reject"
    nothing = make(lea, system_version="9", gates={})
    bundle = pat.post(f"/rollouts/{nothing['id']}/evidence", status=201)
    assert sign(pat, nothing["id"], bundle, status=409)["error"]["code"] == "gate_closed"


@pytest.mark.parametrize("change", ["revise", "adjudicate", "labels", "items", "gates"])
def test_a_row_behind_the_bundle_that_changed_ends_it(lea, cast, api_of, ready, change):
    pat = api_of(cast.pat, "rollout")
    bundle = pat.post(f"/rollouts/{ready}/evidence", status=201)
    if change == "revise":
        send(lea, "labels/import", [{"external_id": "i0", "reviewer": "zoe", "answers": {"verdict": "fail"}}])
    elif change == "adjudicate":
        for value in ("pass", "fail"):
            lea.post("/items/i0/resolve", {"project": "helpdesk", "answers": {"verdict": value}})
            if value == "pass":
                bundle = pat.post(f"/rollouts/{ready}/evidence", status=201)
    elif change == "gates":
        stricter = [{"name": "quality", "metric": "pass_rate", "at_least": 0.999}]
        body = {"gates": {"internal_beta": stricter}, "reason": "The bar was too low", "later_items_only": False}
        assert gate(lea.post(f"/rollouts/{ready}/gates", body, status=201), "quality")["state"] == "fail"
    else:
        table, what = {
            "labels": ("annotations_label", "reviewer_name = 'eve'"),
            "items": ("sampling_item", "session_ref = 'another'"),
        }[change]
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(f"UPDATE {table} SET {what} WHERE id = (SELECT min(id) FROM {table})")
            cursor.execute("SET session_replication_role = origin")
    refused = sign(pat, ready, bundle, status=409)["error"]
    assert refused["code"] == "evidence_changed"
    words = {"revise": "labels", "adjudicate": "adjudications", "gates": "Other gates are in force"}
    assert words.get(change, change) in refused["message"]


def test_the_stage_is_cached_by_its_tag_and_a_rollback_is_one_call(lea, cast, api_of, ready):
    pat, ann = api_of(cast.pat, "rollout"), api_of(cast.ann, "rollout")
    bundle = pat.post(f"/rollouts/{ready}/evidence", status=201)
    for approver in (pat, ann):
        sign(approver, ready, bundle)
    response = pat.client.get(f"/api/v1/rollouts/{ready}/stage")
    assert response.json() == {"stage": "internal_beta", "percent": 100, "audience": "internal"}
    assert "max-age" in response["Cache-Control"]
    asked = {"headers": {"If-None-Match": response["ETag"]}}
    before = Rollout.objects.select_related("project").get(pk=ready)
    assert pat.client.get(f"/api/v1/rollouts/{ready}/stage", **asked).status_code == 304
    assert lea.post(f"/rollouts/{ready}/rollback", {"reason": ""}, status=422)
    assert lea.post(f"/rollouts/{ready}/rollback", {"reason": "x", "to_stage": "general_availability"}, status=422)
    assert lea.post(f"/rollouts/{ready}/rollback", {"reason": "It swears"})["stage"] == "shadow"
    assert pat.client.get(f"/api/v1/rollouts/{ready}/stage", **asked).json()["percent"] == 0
    assert lea.post(f"/rollouts/{ready}/rollback", {"reason": "x"}, status=409)["error"]["code"] == "no_earlier_stage"
    # A share that somebody sets meanwhile gives nobody the version again.
    access = Access(Actor(cast.lea), before.project, Role.LEAD)
    with pytest.raises(ConflictError, match="In shadow nobody"):
        set_share(access, before, percent=50, audience="", now=timezone.now())
    assert lea.get(f"/rollouts/{ready}/stage")["percent"] == 0


def test_the_report_is_checked_from_itself_and_against_the_rows(lea, cast, api_of, browser_of, ready, tmp_path):
    pat, ann = api_of(cast.pat, "rollout"), api_of(cast.ann, "rollout")
    bundle = pat.post(f"/rollouts/{ready}/evidence", status=201)
    for approver in (pat, ann):
        sign(approver, ready, bundle)
    html = pat.client.get(f"/api/v1/rollouts/{ready}/report").content.decode()
    assert bundle["sha256"] in html
    assert REASON in html
    file = tmp_path / "report.json"
    report = pat.get(f"/rollouts/{ready}/report?format=json")

    def check(changed=report, *words):
        file.write_text(json.dumps(changed), encoding="utf-8")
        out = io.StringIO()
        call_command("verify_rollout", str(file), *words, stdout=out)
        return out.getvalue()

    assert "holds: 1 bundle" in check(report, "--rows")

    def spoiled(spoil):
        copy = json.loads(json.dumps(report))
        spoil(copy, copy["bundles"][0])
        return copy

    for spoil, said in (
        (lambda r, b: b["content"]["gates"][0].update(value=0.99), "does not have the hash"),
        (lambda r, b: b["content"]["gates"][0].update(low=0.1), "its numbers say fail"),
        (lambda r, b: b["signoffs"].pop(), "without two approvals"),
        (lambda r, b: b["signoffs"][0].update(by="ann"), "decided twice"),
        (lambda r, b: b["signoffs"][0].update(by="lea"), "the author lea decided"),
        (lambda r, b: b["signoffs"][0].update(evidence_sha256="1"), "signed another content"),
        (lambda r, b: r.update(format="x"), "no report of a rollout"),
        (lambda r, b: b["content"]["gates"][1].update(state="fail"), "a gate that is not passed"),
    ):
        with pytest.raises(CommandError, match=said):
            check(spoiled(spoil))
    # By others, with nothing but Python; and against the audit that somebody kept.
    audit = [
        event for event in lea.get("/projects/helpdesk/audit?limit=200")["results"] if "rollout" in event["action"]
    ]
    kept = tmp_path / "audit.jsonl"
    source = b"".join(browser_of(cast.vic).get("/p/helpdesk/rollouts/verifier.py").streaming_content)
    (tmp_path / "verifier.py").write_bytes(source)
    early = spoiled(lambda r, b: b["signoffs"][0].update(at="2020-01-01T00:00:00+00:00"))
    for given, events, said in (
        (report, audit, "The report holds: 1 bundle"),
        (
            report,
            [event for event in audit if event["action"] != "rollout.approved"],
            "the audit has no rollout.approved",
        ),
        (
            spoiled(lambda r, b: r.update(events=[], stage="general_availability")),
            audit,
            "to general_availability without",
        ),
        (spoiled(lambda r, b: b["content"].update(attestations=[])), audit, "nobody confirmed 'ready'"),
        (early, audit, "pat decided when it did not hold"),
    ):
        file.write_text(json.dumps(given), encoding="utf-8")
        kept.write_text("\n".join(map(json.dumps, events)), encoding="utf-8")
        words = [sys.executable, "-I", "-S", str(tmp_path / "verifier.py"), str(file), "--audit", str(kept)]
        ran = subprocess.run(words, capture_output=True, text=True, check=False)
        assert said in ran.stdout + ran.stderr
        assert ran.returncode == ("holds" not in said)
    send(lea, "labels/import", [{"external_id": "i3", "reviewer": "zoe", "answers": {"verdict": "fail"}}])
    with pytest.raises(CommandError, match="rows behind it were changed: labels"):
        check(report, "--rows")
    for text, said in (("{", "is not JSON"), (None, "cannot be read")):
        file.write_text(text) if text else file.unlink()
        with pytest.raises(CommandError, match=said):
            call_command("verify_rollout", str(file))
    file.write_text(json.dumps({**report, "rollout": 0}))
    with pytest.raises(CommandError, match="no such rollout"):
        call_command("verify_rollout", str(file), "--rows")


def test_what_is_out_is_watched_and_a_breach_raises_one_alarm(lea, cast, api_of, ready, project):
    pat, ann = api_of(cast.pat, "rollout"), api_of(cast.ann, "rollout")
    now = timezone.now()
    assert watch_rollouts(now) == 1
    assert watch_rollouts(now) == 0
    turned = RolloutEvent.objects.filter(kind="gate").count()
    assert watch_rollouts(now + timedelta(minutes=11)) == 1
    assert RolloutEvent.objects.filter(kind="gate").count() == turned == 3
    bundle = pat.post(f"/rollouts/{ready}/evidence", status=201)
    for approver in (pat, ann):
        sign(approver, ready, bundle)
    bring_in(lea, n=60, fails=55, prefix="bad")
    for minutes in (30, 45):
        watch_rollouts(now + timedelta(minutes=minutes))
    assert RolloutEvent.objects.filter(kind="incident").count() == 1
    alarm = Alert.objects.get(kind="rollout")
    assert (alarm.severity, "fails now" in alarm.text, alarm.over_at) == ("critical", True, None)
    # Back in shadow it is over; and nobody goes out again on the evidence of before.
    lea.post(f"/rollouts/{ready}/rollback", {"reason": "It swears"})
    Membership.objects.filter(project=project, user=cast.vic).update(role="approver")
    again = sign(api_of(cast.vic, "rollout"), ready, bundle, status=409)["error"]
    assert "The version has moved since" in again["message"]
    watch_rollouts(now + timedelta(minutes=60))
    assert not Alert.objects.filter(kind="rollout", over_at=None).exists()


def test_a_version_that_is_out_and_of_which_nobody_sees_anything_raises_an_alarm(lea, cast, api_of, browser_of, ready):
    bundle = api_of(cast.pat, "rollout").post(f"/rollouts/{ready}/evidence", status=201)
    for approver in (cast.pat, cast.ann):
        sign(api_of(approver, "rollout"), ready, bundle)
    shown = browser_of(cast.vic).get(f"/p/helpdesk/rollouts/{ready}").content.decode()
    assert "40 of its 40 items were drawn for people, and 40 labelled" in shown
    lea.put("/projects/helpdesk/plan", {"base_rate": 0, "rules": []})
    later = timezone.now() + timedelta(days=8)
    with time_machine.travel(later, tick=False):
        send(lea, "items", [item(f"late{k}", system_version="2.0") for k in range(60)])
        assert "Nothing watches it" in browser_of(cast.vic).get(f"/p/helpdesk/rollouts/{ready}").content.decode()
        watch_rollouts(later)
        assert "none of its 60 items of the last 7 days" in Alert.objects.get(kind="rollout").text


def test_in_the_browser_a_sign_off_asks_for_the_password_once_more(lea, cast, browser_of, ready):
    for person in (cast.pat, cast.ann):
        person.set_password(f"{person.username}-long-password")
        person.save()
    page = f"/p/helpdesk/rollouts/{ready}"
    lead = browser_of(cast.lea)
    assert "Freeze the evidence" in lead.get(page).content.decode()
    lead.post(f"{page}/act", {"do": "freeze"})
    bundle = EvidenceBundle.objects.get()
    form = {"do": "approve", "to_stage": "internal_beta", "evidence_sha256": bundle.sha256, "reason": REASON}
    assert "You made this rollout" in lead.get(page).content.decode()
    for person in (cast.pat, cast.ann):
        browser = browser_of(person)
        asked = browser.post(f"{page}/act", form)
        assert asked["Location"] == f"/accounts/reauthenticate/?next={page}%23evidence"
        assert "What you wrote is kept" in browser.get(asked["Location"]).content.decode()
        assert f">{REASON}</textarea>" in browser.get(page).content.decode()
        confirmed = browser.post(asked["Location"], {"password": f"{person.username}-long-password"})
        assert confirmed.status_code == 302
        back = browser.get(page).content.decode()
        assert f">{REASON}</textarea>" in back
        assert "Your password is confirmed, and your reason is kept. Approve once more" in back
        assert browser.post(f"{page}/act", form)["Location"] == page
        assert f">{REASON}</textarea>" not in browser.get(page).content.decode()
    assert Rollout.objects.get().stage == "internal_beta"
    text = browser_of(cast.vic).get(page).content.decode()
    assert "Internal beta" in text
    lead.post(f"{page}/act", {"do": "share", "percent": "20", "audience": "staff"})
    assert lea.get(f"/rollouts/{ready}/stage") == {"stage": "internal_beta", "percent": 20, "audience": "staff"}
    for form, said in (
        ({"do": "share", "percent": "x"}, "in percent"),
        ({"do": "share", "percent": "200"}, "percent"),
        ({"do": "gates", "gates": "{"}, "not JSON"),
        ({"do": "gates", "gates": "{}"}, "say why the gates change"),
        ({"do": "gates", "gates": "{}", "reason": "a mistake"}, "The gates are in force"),
        ({"do": "attest", "gate": "none", "text": "x"}, "No gate of that name"),
        ({"do": "nothing"}, "no such thing to do"),
        ({"do": "rollback", "reason": "It swears"}, "Rolled back"),
    ):
        assert said in lead.post(f"{page}/act", form, follow=True).content.decode()
    assert browser_of(cast.stan).get(page).status_code == 404
    assert browser_of(cast.rui).get("/p/helpdesk/rollouts").status_code == 403


def test_the_list_says_how_far_each_is_and_whose_signature_is_missing(
    lea, cast, api_of, browser_of, ready, django_assert_max_num_queries
):
    def shown(person):
        with django_assert_max_num_queries(22):
            return " ".join(browser_of(person).get("/p/helpdesk/rollouts").content.decode().split())

    make(lea, system_version="9", gates={})
    bring_in(lea, n=30, fails=29, version="3.0", prefix="t")
    make(lea, system_version="3.0")
    watch_rollouts(timezone.now())
    text = shown(cast.vic)
    assert "2 of 2 pass<" in text
    assert '0 of 2 pass, <span class="gate-words-fail">1 fails</span>' in text
    bundle = api_of(cast.pat, "rollout").post(f"/rollouts/{ready}/evidence", status=201)
    assert "Waits for your signature" in shown(cast.pat)
    assert "waits for 2 signatures" in shown(cast.lea)
    sign(api_of(cast.pat, "rollout"), ready, bundle)
    assert "waits for 1 signature<" in shown(cast.pat)
    sign(api_of(cast.ann, "rollout"), ready, bundle, decision="reject")
    assert "signature<" not in shown(cast.pat)


def test_the_list_offers_templates_and_says_how_many_labels_it_takes(lea, cast, browser_of, ready):
    lead = browser_of(cast.lea)
    text = lead.get("/p/helpdesk/rollouts?template=Does not break&bar=90&quality=95").content.decode()
    assert "<strong>239</strong> labels" in text or "labels, of which at most" in text
    assert "check_failure_rate" in text
    assert "lies above the bar" in lead.get("/p/helpdesk/rollouts?bar=95&quality=90").content.decode()
    assert "Write both in percent" in lead.get("/p/helpdesk/rollouts?bar=a&quality=90").content.decode()
    form = {"system_version": "5", "gates": "{}"}
    assert "/rollouts/" in lead.post("/p/helpdesk/rollouts/make", form)["Location"]
    again = lead.post("/p/helpdesk/rollouts/make", form, follow=True).content.decode()
    assert "has a rollout already" in again
