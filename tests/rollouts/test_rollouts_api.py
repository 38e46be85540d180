"""The path of a version through the API: gates, evidence, two signatures, the stage, the way back, and the report."""

import io
import json
from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from annotations.models import EvidenceBundle, Rollout, RolloutEvent
from annotations.rollouts.watch import watch_rollouts
from reviewapp.accounts.models import Membership
from reviewapp.alerts.models import Alert
from reviewapp.audit.models import AuditCheckpoint, AuditEvent
from reviewapp.stats.sequential.beta_binomial import confidence_sequence
from tests.evaluations.world import bring, evaluate, outputs
from tests.sampling.lines import item, ndjson

NDJSON = {"content_type": "application/x-ndjson"}
GATES = {
    "internal_beta": [
        {"name": "quality", "metric": "pass_rate", "at_least": 0.7, "bound": "low", "min_n": 20},
        {"name": "ready", "metric": "attestation", "text": "Monitoring is in place"},
    ],
    "general_availability": [{"name": "errors", "metric": "error_rate", "at_most": 0.5, "bound": "high", "min_n": 10}],
}
REASON = "I looked at fifty of them."


@pytest.fixture(autouse=True)
def _checkpoint_file(settings, tmp_path):
    settings.AUDIT_CHECKPOINTS = tmp_path / "checkpoints.jsonl"


@pytest.fixture
def lea(cast, project, api_of):
    return api_of(cast.lea)


def send(client, path, rows):
    assert client.post(f"/projects/helpdesk/{path}", ndjson(*rows), **NDJSON)["rejected"] == 0


def bring_in(client, n=40, fails=0, version="2.0", prefix="i"):
    """Send items of a version, all drawn, and a label on each."""
    send(client, "items", [item(f"{prefix}{k}", system_version=version, latency_ms=100 + k) for k in range(n)])
    lines = [
        {"external_id": f"{prefix}{k}", "reviewer": "zoe", "answers": {"verdict": "fail" if k < fails else "pass"}}
        for k in range(n)
    ]
    send(client, "labels/import", lines)


def make(client, gates=GATES, **more):
    return client.post("/projects/helpdesk/rollouts", {"system_version": "2.0", "gates": gates, **more}, status=201)


def gate(rollout, name):
    return next(each for each in rollout["gates"] if each["name"] == name)


def confirm(browser, rollout_id, name="ready"):
    form = {"do": "attest", "gate": name, "text": "It is", "link": "https://status.example.org/"}
    assert browser.post(f"/p/helpdesk/rollouts/{rollout_id}/act", form).status_code == 302


def sign(client, rollout_id, bundle, decision="approve", status=201, to_stage="internal_beta"):
    body = {
        "to_stage": to_stage,
        "decision": decision,
        "reason": REASON,
        "evidence_sha256": bundle["sha256"],
    }
    return client.post(f"/rollouts/{rollout_id}/signoffs", body, status=status)


@pytest.fixture
def ready(lea, cast, browser_of):
    """A rollout whose gates in front of the internal beta pass."""
    made = make(lea)
    bring_in(lea)
    confirm(browser_of(cast.lea), made["id"])
    return made["id"]


def test_gates_are_fixed_before_there_is_data_and_say_what_they_rest_on(lea, cast, browser_of):
    made = make(lea)
    assert (made["stage"], made["percent"], made["next_stage"]) == ("shadow", 0, "internal_beta")
    assert {each["state"] for each in made["gates"]} == {"not_enough_data"}
    assert gate(made, "quality")["reason"] == "No drawn item of this version is labelled yet."
    bring_in(lea, n=19)
    assert gate(lea.get(f"/rollouts/{made['id']}"), "quality")["reason"].startswith("It rests on 19, and 20")
    bring_in(lea, n=21, fails=1, prefix="j")
    now = lea.get(f"/rollouts/{made['id']}")
    sequence = confidence_sequence(39, 1)
    quality = gate(now, "quality")
    assert (quality["value"], quality["n"], quality["state"]) == (pytest.approx(39 / 40), 40, "pass")
    assert (quality["low"], quality["high"]) == pytest.approx((sequence.low, sequence.high))
    assert gate(now, "ready")["state"] == "not_enough_data"
    assert now["gates_had_data"] is False
    confirm(browser_of(cast.lea), made["id"])
    assert gate(lea.get(f"/rollouts/{made['id']}"), "ready")["state"] == "pass"
    assert lea.post("/projects/helpdesk/rollouts", {"system_version": "2.0"}, status=409)["error"]["code"] == (
        "rollout_exists"
    )


def test_gates_written_after_there_were_results_say_so_or_count_later_items_only(lea):
    bring_in(lea)
    made = make(lea)
    assert made["gates_had_data"] is True
    assert "written after there were results" in gate(made, "quality")["reason"]
    send(lea, "items", [item("other", system_version="3.0")])
    send(lea, "labels/import", [{"external_id": "other", "reviewer": "zoe", "answers": {"verdict": "pass"}}])
    later = make(lea, system_version="3.0", later_items_only=True)
    assert later["counts_from"] is not None
    assert gate(later, "quality")["state"] == "not_enough_data"


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
    for approver in (pat, ann):
        sign(approver, ready, further, to_stage="general_availability")
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


@pytest.mark.parametrize("change", ["revise", "adjudicate", "by hand"])
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
    else:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(
                "UPDATE annotations_label SET reviewer_name = 'eve' WHERE id = (SELECT min(id) FROM annotations_label)"
            )
            cursor.execute("SET session_replication_role = origin")
    refused = sign(pat, ready, bundle, status=409)["error"]
    assert refused["code"] == "evidence_changed"
    assert ("adjudications" if change == "adjudicate" else "labels") in refused["message"]


def test_the_stage_is_cached_by_its_tag_and_a_rollback_is_one_call(lea, cast, api_of, ready):
    pat, ann = api_of(cast.pat, "rollout"), api_of(cast.ann, "rollout")
    bundle = pat.post(f"/rollouts/{ready}/evidence", status=201)
    for approver in (pat, ann):
        sign(approver, ready, bundle)
    response = pat.client.get(f"/api/v1/rollouts/{ready}/stage")
    assert response.json() == {"stage": "internal_beta", "percent": 100, "audience": "internal"}
    assert "max-age" in response["Cache-Control"]
    asked = {"headers": {"If-None-Match": response["ETag"]}}
    assert pat.client.get(f"/api/v1/rollouts/{ready}/stage", **asked).status_code == 304
    assert lea.post(f"/rollouts/{ready}/rollback", {"reason": ""}, status=422)
    assert lea.post(f"/rollouts/{ready}/rollback", {"reason": "x", "to_stage": "general_availability"}, status=422)
    assert lea.post(f"/rollouts/{ready}/rollback", {"reason": "It swears"})["stage"] == "shadow"
    assert pat.client.get(f"/api/v1/rollouts/{ready}/stage", **asked).json()["percent"] == 0
    assert lea.post(f"/rollouts/{ready}/rollback", {"reason": "x"}, status=409)["error"]["code"] == "no_earlier_stage"


def test_the_report_is_checked_from_itself_and_against_the_rows(lea, cast, api_of, ready, tmp_path):
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

    assert "holds: 1 bundles" in check(report, "--rows")

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
    assert (alarm.severity, "fails now" in alarm.text) == ("critical", True)


def test_every_metric_is_measured_or_says_why_not(lea, cast, browser_of):
    names = [
        *("pass_rate", "agreement", "certified_e_value", "non_inferiority", "reviewer_alpha", "check_failure_rate"),
        *("latency_p50_ms", "latency_p90_ms", "latency_p99_ms", "cost_per_item_usd", "error_rate", "drift_findings"),
        *("open_escalations", "feedback_negative_rate", "accuracy", "exact_match", "f1", "evaluation.accuracy"),
        "judge.j.tpr",
    ]
    gates = [{"name": name, "metric": name, "at_least": 0, "bound": "value"} for name in names]
    made = make(lea, gates={"internal_beta": gates})
    states = {each["name"]: each for each in made["gates"]}
    assert {name for name, each in states.items() if each["state"] == "pass"} == {"open_escalations"}
    assert all(each["reason"] for each in states.values())
    rows = [
        item(
            f"i{n}",
            system_version="2.0",
            decision="pass" if n % 4 else "fail",
            latency_ms=float(n + 1),
            cost_usd=0.5 if n % 2 else 1.5,
            feedback=-1 if n % 10 == 0 else 1,
            steps=[{"name": "x", "kind": "tool", "error": "no"}] if n < 5 else None,
        )
        for n in range(100)
    ]
    send(lea, "items", [{k: v for k, v in row.items() if v is not None} for row in rows])
    labels = [
        {"external_id": f"i{n}", "reviewer": who, "answers": {"verdict": "pass" if n % 5 else "fail"}}
        for n in range(100)
        for who in ("zoe", "kim")
    ]
    send(lea, "labels/import", labels)
    send(
        lea,
        "verdicts/import",
        [
            {
                "external_id": f"i{n}",
                "judge": "j",
                "judge_version": "1",
                "answers": {"verdict": "pass" if n % 5 else "fail"},
            }
            for n in range(100)
        ],
    )
    found = {each["name"]: each for each in lea.get(f"/rollouts/{made['id']}")["gates"]}
    same = sum((n % 4 == 0) == (n % 5 == 0) for n in range(100)) / 100
    assert found["agreement"]["value"] == pytest.approx(same)
    assert found["pass_rate"]["value"] == pytest.approx(0.8)
    assert found["reviewer_alpha"]["value"] == 1
    assert found["judge.j.tpr"]["value"] == 1
    assert (found["error_rate"]["value"], found["error_rate"]["n"]) == (0.05, 100)
    assert found["feedback_negative_rate"]["value"] == 0.1
    assert found["cost_per_item_usd"]["value"] == 1
    assert found["latency_p50_ms"]["value"] == 50
    assert found["latency_p50_ms"]["low"] < 50 < found["latency_p50_ms"]["high"]
    assert "upper limit" in found["latency_p99_ms"]["reason"]
    assert "disagreements wait" in found["non_inferiority"]["reason"]
    assert found["certified_e_value"]["n"] == 100
    assert "was not evaluated" in found["f1"]["reason"]


def test_evaluations_over_a_tagged_version_are_gates_too(lea):
    bring(lea)
    gates = [
        {"name": "by itself", "metric": "accuracy", "at_least": 0.9, "bound": "value", "min_n": 30},
        {"name": "tagged", "metric": "evaluation.accuracy", "at_least": 0.9, "bound": "value", "dataset_tag": "gold"},
        {"name": "other", "metric": "evaluation.accuracy", "at_least": 0.9, "dataset_tag": "none"},
        {"name": "not measured", "metric": "numeric_match", "at_least": 0.9},
        {"name": "judged", "metric": "judge.j.pass_rate", "at_least": 0.5},
    ]
    made = make(lea, gates={"internal_beta": gates})
    evaluate(lea, outputs(wrong=(4,)), system_version="2.0")
    found = lea.get(f"/rollouts/{made['id']}")
    assert gate(found, "by itself")["value"] == pytest.approx(29 / 30)
    assert "(evals, version 1)" in gate(found, "tagged")["reason"]
    assert (gate(found, "tagged")["state"], gate(found, "other")["state"]) == ("pass", "not_enough_data")
    assert "did not measure numeric_match" in gate(found, "not measured")["reason"]
    assert "no judge" in gate(found, "judged")["reason"]


def test_a_gate_for_every_segment_is_as_good_as_the_worst(lea):
    gates = [
        {
            "name": "each",
            "metric": "pass_rate",
            "at_least": 0.5,
            "bound": "value",
            "min_n": 10,
            "every_segment_of": "metadata.language",
        }
    ]
    made = make(lea, gates={"internal_beta": gates})
    assert "No item says what its metadata.language is" in made["gates"][0]["reason"]

    def add(language, n, fails):
        rows = [item(f"{language}{k}", system_version="2.0", metadata={"language": language}) for k in range(n)]
        send(lea, "items", rows)
        answers = [("fail" if k < fails else "pass") for k in range(n)]
        send(
            lea,
            "labels/import",
            [
                {"external_id": f"{language}{k}", "reviewer": "zoe", "answers": {"verdict": answer}}
                for k, answer in enumerate(answers)
            ],
        )
        return lea.get(f"/rollouts/{made['id']}")["gates"][0]

    assert add("de", 12, 2)["state"] == "pass"
    few = add("fr", 4, 0)
    assert (few["state"], few["reason"].startswith("metadata.language fr")) == ("not_enough_data", True)
    bad = add("it", 12, 9)
    assert (bad["state"], bad["value"]) == ("fail", pytest.approx(0.25))


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"metric": "nothing", "at_least": 1}, "gates.internal_beta.0"),
        ({"metric": "pass_rate"}, "gates.internal_beta.0"),
        ({"metric": "pass_rate", "at_least": 1, "at_most": 1}, "gates.internal_beta.0"),
        ({"metric": "attestation", "at_least": 1}, "gates.internal_beta.0"),
        ({"metric": "f1", "at_least": 1, "every_segment_of": "model"}, "gates.internal_beta.0"),
        ({"metric": "f1", "at_least": 1, "where": {"x": 1}}, "gates.internal_beta.0.where"),
        ({"metric": "f1", "at_least": 1, "bound": "middle"}, "gates.internal_beta.0.bound"),
    ],
)
def test_gates_that_cannot_be_are_refused_at_their_place(lea, wrong, path):
    body = {"system_version": "2.0", "gates": {"internal_beta": [{"name": "a", **wrong}]}}
    refused = lea.post("/projects/helpdesk/rollouts", body, status=422)["error"]
    assert refused["fields"][0]["path"].startswith(path)


def test_names_are_given_once_and_stages_are_those_there_are(lea):
    twice = {"internal_beta": [{"name": "a", "metric": "f1", "at_least": 1}] * 2}
    for gates in (twice, {"beta": []}):
        lea.post("/projects/helpdesk/rollouts", {"system_version": "2.0", "gates": gates}, status=422)
    nameless = lea.post("/projects/helpdesk/rollouts", {"system_version": " "}, status=422)["error"]
    assert nameless["fields"][0]["path"] == "system_version"


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
        assert asked["Location"].startswith("/accounts/reauthenticate/?next=")
        confirmed = browser.post(asked["Location"], {"password": f"{person.username}-long-password"})
        assert confirmed.status_code == 302
        assert browser.post(f"{page}/act", form)["Location"] == page
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


def test_the_list_offers_templates_and_says_how_many_labels_it_takes(lea, cast, browser_of, ready):
    lead = browser_of(cast.lea)
    text = lead.get("/p/helpdesk/rollouts?template=Does not break&bar=90&quality=95").content.decode()
    assert "<strong>239</strong> labels" in text or "labels, of which at most" in text
    assert "check_failure_rate" in text
    assert "lies above the bar" in lead.get("/p/helpdesk/rollouts?bar=95&quality=90").content.decode()
    form = {"system_version": "5", "gates": "{}"}
    assert "/rollouts/" in lead.post("/p/helpdesk/rollouts/make", form)["Location"]
    again = lead.post("/p/helpdesk/rollouts/make", form, follow=True).content.decode()
    assert "has a rollout already" in again
