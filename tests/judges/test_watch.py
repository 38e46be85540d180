"""A judge whose errors leave their band is flagged, estimates let it go, and anchors tell who moved."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotations.judges.watch import plan_watching, watch_judges
from annotations.models import JudgeFlag
from reviewapp.alerts.raise_alert import list_alerts
from reviewapp.jobs.models import Intent
from reviewapp.stats.sequential.beta_binomial import e_value_above
from reviewapp.stats.sequential.error_band import watch_errors
from tests.judges.test_calibration_api import NDJSON, URL, bring
from tests.sampling.lines import ndjson

PAGE = "/p/helpdesk/judges/strict/1"
NEXT = {"next": PAGE}


def again(client, cells, *, judge="strict"):
    """Send verdicts on items that are there: (item's name, verdict)."""
    lines = [
        {"external_id": name, "judge": judge, "judge_version": "1", "answers": {"verdict": verdict}}
        for name, verdict in cells
    ]
    client.post("/projects/helpdesk/verdicts/import", ndjson(*lines), **NDJSON)


def test_a_judge_that_begins_to_err_is_flagged_and_estimates_fall_back_to_labels(cast, project, api_of, browser_of):
    lea, page = api_of(cast.lea), browser_of(cast.lea)
    bring(lea, {("pass", "pass"): 40, ("fail", "fail"): 30})
    found = lea.get(f"{URL}/watch")
    assert (found["state"], found["n"], found["anchors"]["moved"]) == ("inside", 70, "no_anchors")
    assert [band["n_since"] for band in found["bands"]] == [10, 0, 40]
    watch_judges({"project_id": project.pk}, timezone.now())
    assert not JudgeFlag.objects.exists()
    assert lea.get("/projects/helpdesk/pass-rate")["judge"] == "strict"

    bring(lea, {("fail", "pass"): 20})  # from now on it passes what people fail
    found = lea.get(f"{URL}/watch")
    edge = watch_errors("", [0] * 30, first=30).edge
    assert found["bands"][1]["e_value"] == pytest.approx(e_value_above(20, 0, edge))
    assert (found["state"], found["flags"]) == ("outside", [])
    now = timezone.now()
    assert (plan_watching(now), plan_watching(now)) == (1, 0)
    watch_judges(Intent.objects.get(kind="watch_judges").payload, now)
    watch_judges({"project_id": project.pk}, now)
    flag = JudgeFlag.objects.get()
    assert "Wrong on what people fail: 20 of the last 20, against 0 of the first 30" in flag.reason
    assert [(alert.kind, alert.over_at) for alert in list_alerts(project.pk)] == [("judge", None)]
    rate = lea.get("/projects/helpdesk/pass-rate")
    assert rate["judge"] is None
    assert "strict 1 is flagged since" in rate["estimate"]["warnings"][-1]
    assert rate["estimate"]["value"] == pytest.approx(rate["labels_only"]["value"])
    assert b"is flagged since" in page.get("/p/helpdesk/estimates").content
    calibration = lea.get(f"{URL}/calibration")
    assert (calibration["judgement"]["state"], calibration["corrected"]["applies"]["rate"]) == ("flagged", None)
    with pytest.raises(IntegrityError, match="one_standing_flag"), transaction.atomic():
        JudgeFlag.objects.create(
            project=project,
            judge_version=flag.judge_version,
            question="verdict",
            reason="b",
            evidence={},
            raised_at=now,
        )

    down = "/p/helpdesk/judges/flag"
    assert browser_of(cast.vic).post(down, {"flag": flag.pk, "reason": "x"}).status_code == 403
    assert browser_of(cast.stan).post(down, {"flag": flag.pk, "reason": "x"}).status_code == 404
    assert b"Say why" in page.post(down, {"flag": flag.pk, "reason": " ", **NEXT}, follow=True).content
    text = page.post(down, {"flag": flag.pk, "reason": "new prompt upstream", **NEXT}, follow=True).content.decode()
    assert "Taken down" in text
    assert "new prompt upstream" in text
    assert page.post(down, {"flag": flag.pk, "reason": "x", "next": "//elsewhere"}).status_code == 404
    assert lea.get(f"{URL}/watch")["state"] == "no_share"  # it begins anew with what arrives after
    assert lea.get("/projects/helpdesk/pass-rate")["judge"] == "strict"
    assert list_alerts(project.pk)[0].over_at is not None


def test_anchors_tell_a_judge_that_moved_and_facts_tell_where_judges_differ(cast, project, api_of, browser_of):
    lea, page = api_of(cast.lea), browser_of(cast.lea)
    freeze = {"version": "strict/1", "question": "verdict", **NEXT}
    bring(lea, {("pass", None): 1})
    assert browser_of(cast.vic).post("/p/helpdesk/judges/anchors", freeze).status_code == 403
    bring(lea, {("pass", "pass"): 60, ("fail", "fail"): 60})
    assert b"anchors are frozen" in page.post("/p/helpdesk/judges/anchors", freeze, follow=True).content
    anchors = lea.get(f"{URL}/watch")["anchors"]
    assert anchors["moved"] == "not_asked"
    assert 20 < anchors["n"] <= 40
    same = [(name, name.split("-")[0]) for name in anchors["external_ids"] if not name.startswith("pass-None")]
    again(lea, same)  # duplicates, and yet they were asked
    found = lea.get(f"{URL}/watch")["anchors"]
    assert (found["moved"], found["n_again"], found["to_wrong"]) == ("not_judge", len(same), 0)
    other = {"pass": "fail", "fail": "pass"}
    again(lea, [(name, other[answer]) for name, answer in same[:12]])
    found = lea.get(f"{URL}/watch")["anchors"]
    assert (found["moved"], found["to_wrong"], found["to_right"]) == ("judge", 12, 0)
    assert "The judge moved: asked about" in page.get(PAGE).content.decode()

    names = [f"pass-pass-{k}" for k in range(50, 53)]
    again(lea, [(names[0], "pass"), (names[1], "fail"), (names[2], "fail")], judge="lax")
    where = '{"hint.judges_disagree.verdict":{"eq":true}}'
    differing = {row["external_id"] for row in lea.get(f"/projects/helpdesk/items?where={where}")["results"]}
    standing = {name for name in names if name in dict(same[:12])}
    assert differing == {names[1], names[2]} ^ standing
