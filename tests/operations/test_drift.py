"""Drift: what was planted is found, what was not is not, and everybody is told once until it is over or meant."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import orjson
import pytest
from django.utils import timezone

from reviewapp.alerts.models import Alert
from reviewapp.alerts.raise_alert import raise_alert
from reviewapp.audit.models import AuditEvent
from reviewapp.checks import seams
from reviewapp.jobs.models import Intent
from reviewapp.stats.drift.categorical import chi_square_drift
from reviewapp.stats.drift.kolmogorov_smirnov import kolmogorov_smirnov_drift
from reviewapp.stats.drift.population_stability import population_stability
from sampling.drift import measure, windows
from sampling.drift.read import find_drift, set_baseline
from sampling.drift.run import compare_traffic, plan_comparing
from sampling.drift.windows import choose_windows, draw_sample
from sampling.models import DriftBaseline, DriftFinding, DriftRun, OperationsDay, OperationsSample
from sampling.operations import roll_up
from sampling.operations.read import Days
from sampling.operations.roll_up import count_slice
from tests.sampling.lines import item, ndjson

URL = "/projects/helpdesk/operations"
NDJSON = {"content_type": "application/x-ndjson"}
START = datetime(2026, 10, 1, tzinfo=UTC)
WORDS = ["parcel", "order", "shop", "delivery", "customer", "address", "refund", "question", "answer", "today"]


def week(number, n, rng, *, changed):
    """Items of one week; a changed one has more German, slower and longer answers, and an apology in every second."""
    found, german = [], 0.6 if changed else 0.2
    for index in range(n):
        words = rng.choice(WORDS, size=30 if changed else 12)
        sorry = " apologies unfortunately" if changed and rng.random() < 0.5 else ""
        found.append(
            item(
                f"w{number}-{index}",
                input=" ".join(rng.choice(WORDS, size=8)),
                output=" ".join(words) + sorry,
                occurred_at=(START + timedelta(days=7 * number + 7 * index / n)).isoformat(),
                latency_ms=float(rng.lognormal(7.5 if changed else 7, 0.4)),
                model="m",
                metadata={"language": "de" if rng.random() < german else "en", "id": f"{rng.random()}"},
            )
        )
    return found


@pytest.fixture
def lea(cast, project, api_of, monkeypatch):
    for name, small in (("TEXTS", 80), ("COLUMNS", 32), ("PERMUTATIONS", 99)):
        monkeypatch.setattr(measure, name, small)
    project.masking = "off"
    project.save()
    return api_of(cast.lea)


def send(client, items):
    assert client.post("/projects/helpdesk/items", ndjson(*items), **NDJSON)["rejected"] == 0


def compare(project, now=None):
    OperationsSample.objects.all().delete()
    OperationsDay.objects.all().delete()
    count_slice(project, 0, 2**62)
    compare_traffic({"project_id": project.pk}, now or timezone.now())
    return find_drift(project.pk)


def five_weeks(lea, *, changed, seed=1):
    rng = np.random.default_rng(seed)
    weeks = [week(number, 35, rng, changed=False) for number in range(4)] + [week(4, 140, rng, changed=changed)]
    send(lea, [each for items in weeks for each in items])
    return weeks


def test_what_was_planted_is_found_with_examples_and_told_once(cast, project, lea, browser_of):
    *before, after = five_weeks(lea, changed=True)
    before = [each for items in before for each in items]
    for items, share in ((before, 0.9), (after, 0.5)):
        verdicts, labels = [], []
        for index, each in enumerate(items):
            answers = {"verdict": "pass" if index < share * len(items) else "fail"}
            name = each["external_id"]
            verdicts.append({"external_id": name, "judge": "j", "judge_version": "1", "answers": answers})
            labels.append({"external_id": name, "reviewer": "zoe", "answers": answers})
        lea.post("/projects/helpdesk/verdicts/import", ndjson(*verdicts), **NDJSON)
        lea.post("/projects/helpdesk/labels/import", ndjson(*labels), **NDJSON)
    drift = compare(project)
    found = {each.finding.feature: each.finding for each in drift.findings}
    drifted = {name for name, each in found.items() if each.verdict == "drifted"}
    assert drifted >= {"metadata.language", "latency_ms", "output length", "output text", "verdict.j.verdict (1)"}
    assert not drifted & {"model", "input text", "input length"}
    assert "metadata.id" not in found  # a value of one item each
    spoken = [[each["metadata"]["language"] for each in items] for items in (before, after)]
    counts = [[side.count(value) for value in ("de", "en")] for side in spoken]
    language = found["metadata.language"]
    assert language.effect == pytest.approx(chi_square_drift(*counts, seed=1).cramers_v)
    stability = population_stability(*counts)
    assert language.detail["psi"] == pytest.approx(stability.index)
    assert language.detail["psi_null_95"] == pytest.approx(stability.null_95)
    latencies = [[each["latency_ms"] for each in items] for items in (before, after)]
    assert found["latency_ms"].effect == pytest.approx(kolmogorov_smirnov_drift(*latencies).statistic)
    assert found["latency_ms"].sentence.startswith("latency_ms: the median rose from")
    assert "apologies" in found["output text"].sentence or "unfortunately" in found["output text"].sentence
    shares = [side.count("de") / 140 for side in spoken]
    assert f"de rose from {shares[0]:.0%} to {shares[1]:.0%}" in language.sentence or "en fell" in language.sentence
    examples = orjson.dumps(language.examples).decode()
    listed = lea.get(f"/projects/helpdesk/items?limit=200&where={examples}")["results"]
    assert {each["external_id"] for each in listed} == {
        each["external_id"] for each in after if each["metadata"]["language"] == "de"
    }
    answer = lea.get(URL)["drift"]
    assert (answer["n_before"], answer["n_after"], answer["n_open"]) == (140, 140, len(drifted))
    assert {each["feature"] for each in answer["findings"] if each["state"] == "new"} == drifted
    assert set(Alert.objects.values_list("key", flat=True)) == drifted
    assert not any("de rose" in text for text in Alert.objects.values_list("text", flat=True))

    page = browser_of(cast.lea)
    shown = page.get("/p/helpdesk/operations?days=all").content.decode()
    assert "The traffic has changed" in shown
    assert "latency_ms: the median rose" in shown
    accept = f"/p/helpdesk/operations/drift/{found['latency_ms'].pk}/accept"
    assert browser_of(cast.vic).post(accept, {"reason": "x"}).status_code == 403
    page.post(accept, {"reason": " "})
    assert not AuditEvent.objects.filter(action="drift.accepted").exists()
    page.post(accept, {"reason": "A larger model since Monday"})
    assert b"A larger model since Monday" in page.get("/p/helpdesk/operations?days=all").content
    assert not Alert.objects.filter(key="latency_ms", over_at__isnull=True).exists()
    again = compare(project)
    states = {each.finding.feature: each.state for each in again.findings}
    assert (states["latency_ms"], states["metadata.language"], states["model"]) == ("accepted", "ongoing", "")
    assert Alert.objects.count() == len(drifted)  # nobody was told again
    page.post("/p/helpdesk/operations/baseline", {"first": "2026-10-29", "last": "2026-11-04"})
    assert DriftBaseline.objects.get().first_day == date(2026, 10, 29)
    same = compare(project)
    assert same.n_open == 0
    assert not Alert.objects.filter(over_at__isnull=True).exists()
    assert DriftFinding.objects.count() > 2 * len(found)  # nothing is forgotten


def test_what_is_chance_is_not_found(project, lea):
    five_weeks(lea, changed=False, seed=3)
    raise_alert(project, kind="drift", key="verdict.old.quality (1)", text="It has changed.", now=timezone.now())
    drift = compare(project)
    assert drift.run.undefined == ""
    assert [each.finding.feature for each in drift.drifted] == []
    assert not Alert.objects.filter(over_at=None).exists()  # nor what is no longer there to be compared
    assert Alert.objects.count() == 1


def test_too_little_is_said_to_be_too_little(project, lea):
    assert lea.get(URL)["drift"] is None
    send(lea, [item("a", occurred_at=START.isoformat())])
    drift = compare(project)
    assert (drift.run.undefined, drift.n_open) == ("nothing_before", 0)
    assert lea.get(URL)["drift"]["undefined"] == "nothing_before"
    with pytest.raises(Exception, match="in this order"):
        set_baseline(project, first=date(2026, 2, 1), last=None, why="", actor=None, now=timezone.now())


def test_a_comparison_is_due_nightly_and_when_traffic_has_doubled(project, lea):
    now = timezone.now()
    five_weeks(lea, changed=False)
    count_slice(project, 0, 2**62)
    assert plan_comparing(now) == 1
    assert Intent.objects.filter(kind="compare_traffic").count() == 1
    run = DriftRun.objects.create(project=project, at=now, counted=280)
    assert plan_comparing(now) == 0
    assert plan_comparing(now + timedelta(days=1)) == 0  # nothing came in since
    DriftRun.objects.filter(pk=run.pk).update(counted=279)
    assert [plan_comparing(now), plan_comparing(now + timedelta(days=1))] == [0, 1]
    DriftRun.objects.filter(pk=run.pk).update(counted=140)
    assert plan_comparing(now) == 1


def test_a_sample_holds_each_item_of_its_days_as_likely_as_any_other(project, lea, monkeypatch):
    for module in (windows, roll_up):
        monkeypatch.setattr(module, "DAY_SAMPLE", 20)
    many = [item(f"a{n}", occurred_at="2026-10-01T10:00:00Z", session_ref=f"s{n // 2}") for n in range(400)]
    few = [item(f"b{n}", occurred_at="2026-10-02T10:00:00Z") for n in range(40)]
    send(lea, [*many, *few])
    count_slice(project, 0, 2**62)
    ids = draw_sample(project.pk, Days(date(2026, 10, 1), date(2026, 10, 2)))
    kept = OperationsSample.objects.filter(day="2026-10-01")
    rate = max(row.u for row in kept)
    below = OperationsSample.objects.filter(u__lt=rate).count()
    assert kept.count() == 20
    assert below - 2 <= len(ids) <= below  # two of one session speak once
    assert choose_windows(project.pk)[0].after == Days(date(2026, 9, 26), date(2026, 10, 2))


def test_sources_are_seams():
    assert sum(setting == "DRIFT_SOURCES" for setting, _ in seams()) == 3
