"""What evidence rests on: evaluations over versions that nobody retires, and rows that are found when changed."""

import time
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection, transaction
from django.utils import timezone

from annotations.models import EvidenceBundle, RolloutEvent
from annotations.rollouts import behind, moment
from annotations.rollouts.watch import watch_rollouts
from tests.evaluations.world import bring, evaluate, outputs
from tests.queue.two_at_once import Other
from tests.rollouts.world import confirm, make, send, sign
from tests.sampling.lines import item

VERSION = "/projects/helpdesk/datasets/evals/versions"
GATES = {
    "internal_beta": [
        {
            "name": "edge cases",
            "metric": "evaluation.accuracy",
            "at_least": 0.9,
            "bound": "value",
            "dataset_tag": "gold",
        },
        {"name": "ready", "metric": "attestation", "text": "Monitoring is in place"},
    ],
    "general_availability": [{"name": "f1", "metric": "f1", "at_least": 0.5, "bound": "value", "dataset": "evals"}],
}


@pytest.fixture
def evaluated(lea, cast, browser_of):
    bring(lea, user_ref="u-1")
    made = make(lea, gates=GATES)
    evaluate(lea, outputs(), system_version="2.0")
    confirm(browser_of(cast.lea), made["id"])
    return made["id"]


def test_evidence_holds_the_versions_it_rests_on_while_it_can_be_signed_and_once_it_was(
    lea, cast, api_of, browser_of, evaluated
):
    pat, ann, browser = api_of(cast.pat, "rollout"), api_of(cast.ann, "rollout"), browser_of(cast.lea)
    page = "/p/helpdesk/datasets/evals/versions/1"

    def locks():
        return [each["kind"] for each in lea.get(f"{VERSION}/1")["locks"]]

    def retire(what="retire"):
        return browser.post(f"{page}/state", {"what": what}, follow=True).content.decode()

    def freeze():
        return pat.post(f"/rollouts/{evaluated}/evidence", status=201)

    bundle = freeze()
    content = EvidenceBundle.objects.get(sha256=bundle["sha256"]).content
    (behind,) = content["evaluations"]
    frozen = lea.get(f"{VERSION}/1")
    assert (behind["gate"], behind["dataset"], behind["version"], behind["rows"]) == ("edge cases", "evals", 1, 30)
    assert behind["dataset_sha256"] == frozen["sha256"]
    assert content["versions"]["datasets"] == [
        {"dataset": "evals", "version": 1, "sha256": frozen["sha256"], "relied_on": True}
    ]
    assert (content["attestations"][0]["by"], content["attestations"][0]["text"]) == ("lea", "It is")
    assert locks() == ["sign-off"]
    assert f'<a href="/p/helpdesk/rollouts/{evaluated}#evidence" dir="auto">' in retire()
    assert "relied on by sign-off" in retire()
    # A rejection, and time, let it go.
    sign(pat, evaluated, bundle, decision="reject")
    assert locks() == []
    freeze()
    watch_rollouts(timezone.now() + timedelta(days=6))
    assert locks() == ["sign-off"]
    watch_rollouts(timezone.now() + timedelta(days=8))
    assert locks() == []
    retire()
    refused = pat.post(f"/rollouts/{evaluated}/evidence", status=409)["error"]
    assert (refused["code"], "evals, version 1, which is out of use" in refused["message"]) == ("retired", True)
    retire("use")
    # What was approved holds for good, and the other evidence of that stage does not.
    other, bundle = freeze(), freeze()
    assert locks() == ["sign-off", "sign-off"]
    for approver in (pat, ann):
        sign(approver, evaluated, bundle)
    assert locks() == ["sign-off"]
    sign(pat, evaluated, other, status=409)
    watch_rollouts(timezone.now() + timedelta(days=80))
    lea.post(f"/rollouts/{evaluated}/rollback", {"reason": "It swears"})
    assert locks() == ["sign-off"]
    # Erasure is a right of the person: nothing of theirs stays, and the rollout is told.
    assert lea.post("/projects/helpdesk/erase", {"user_ref": "u-1"})["elsewhere"]["dataset_rows"] == 30
    (told,) = RolloutEvent.objects.filter(kind="erased")
    assert told.text == "30 rows were erased of evals, version 1, on which the evidence for internal beta rests"


def test_what_is_changed_by_hand_behind_an_evaluation_or_a_confirmation_is_found(lea, cast, api_of, evaluated):
    lea.post("/projects/helpdesk/items", {"items": [item("x", system_version="2.0")]})
    pat = api_of(cast.pat, "rollout")
    bundle = pat.post(f"/rollouts/{evaluated}/evidence", status=201)
    for change, said in (
        ("annotations_evaluationoutput SET marks = '{}' WHERE position = 3", "evaluation"),
        ("annotations_attestation SET text = 'It is not'", "attestations"),
        ("sampling_item SET checks = '{\"a\": \"fail\"}' WHERE external_id = 'x'", "items"),
    ):
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(f"UPDATE {change}")
            cursor.execute("SET session_replication_role = origin")
        assert said in sign(pat, evaluated, bundle, status=409)["error"]["message"]


@pytest.mark.django_db(transaction=True)
def test_what_was_on_its_way_when_the_evidence_was_frozen_is_waited_for(lea, cast, api_of, ready, monkeypatch):
    pat, ann, waits = api_of(cast.pat, "rollout"), api_of(cast.ann, "rollout"), Event()
    pause = time.sleep
    monkeypatch.setattr(moment.time, "sleep", lambda seconds: (waits.set(), pause(seconds)))
    with transaction.atomic():
        send(lea, "items", [item("early", system_version="2.0")])
        frozen = Other(lambda: pat.post(f"/rollouts/{ready}/evidence", status=201))
        assert waits.wait(60)
    bundle = frozen.result()
    items = EvidenceBundle.objects.get(sha256=bundle["sha256"]).content["inputs"][0]
    assert (items["table"], items["n"]) == ("items", 41)
    send(lea, "items", [item("later", system_version="2.0")])
    sign(pat, ready, bundle)
    # One that is not waited for longer comes in behind the end: it is named, and found when it is changed.
    monkeypatch.setattr(behind, "find_ends", lambda sources: dict.fromkeys(sources, 0))
    bundle = ann.post(f"/rollouts/{ready}/evidence", status=201)
    sign(ann, ready, bundle)
    send(lea, "labels/import", [{"external_id": "i3", "reviewer": "zoe", "answers": {"verdict": "fail"}}])
    assert "labels" in sign(pat, ready, bundle, status=409)["error"]["message"]


def test_a_figure_beyond_all_doubt_is_stored_as_it_was_hashed(lea, cast, api_of):
    certified = {"name": "certified", "metric": "certified_e_value", "at_least": 20, "bound": "value"}
    made = make(lea, gates={"internal_beta": [certified]})
    send(lea, "items", [item(f"s{n}", system_version="2.0", decision="yes") for n in range(600)])
    send(lea, "decisions?feed=desk", [{"external_id": f"s{n}", "decision": "yes"} for n in range(600)])
    lea.put("/projects/helpdesk/decision-feeds/desk", {"coverage": "all"})
    pat = api_of(cast.pat, "rollout")
    bundle = pat.post(f"/rollouts/{made['id']}/evidence", status=201)
    assert bundle["gates"][0]["value"] == 1e12
    sign(pat, made["id"], bundle)
    # How the manual process chose what it decided is behind the figures, too.
    lea.put("/projects/helpdesk/decision-feeds/desk", {"coverage": "unknown"})
    assert "feeds" in sign(api_of(cast.ann, "rollout"), made["id"], bundle, status=409)["error"]["message"]
