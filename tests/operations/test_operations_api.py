"""Operations through the API, from items to the figures, against sums of this file's own."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import numpy as np
import orjson
import pytest
from django.db import connection
from django.utils import timezone

from reviewapp.jobs.models import Intent
from sampling.models import Item, OperationsDay, OperationsSample, OperationsState
from sampling.operations import roll_up
from sampling.operations.read import Counts
from sampling.operations.roll_up import count_anew, count_items, plan_counting
from tests.sampling.lines import item, ndjson

URL = "/projects/helpdesk/operations"
NDJSON = {"content_type": "application/x-ndjson"}
START = datetime(2026, 11, 1, tzinfo=UTC)


def made(n, *, seed=1):
    """Items of two weeks and two versions; the newer one, of the second week, is slower, dearer and fails more."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(n):
        new = number >= n // 2
        fields = {
            "occurred_at": (START + timedelta(days=14 * number / n, seconds=5)).isoformat(),
            "system_version": "v2" if new else "v1",
            "model": "large" if new else "small",
            "user_ref": f"user-{number % 7}",
            "latency_ms": round(float(rng.lognormal(7 + 0.5 * new, 0.5)), 1),
            "input_tokens": 10 + number % 5,
            "output_tokens": 20,
            "cost_usd": 0.002 if new else 0.001,
            "metadata": {"language": "de" if number % 3 else "en"},
        }
        if rng.random() < (0.2 if new else 0.02):
            fields["steps"] = [{"name": "search", "kind": "tool", "error": "timeout"}]
        found.append(item(f"i{number}", **fields, output="{}" if rng.random() < (0.6 if new else 0.95) else "no"))
    return found


@pytest.fixture
def lea(cast, project, api_of):
    project.masking = "off"
    project.save()
    client = api_of(cast.lea)
    client.patch("/projects/helpdesk", {"checks": [{"name": "valid_json", "kind": "json"}]})
    return client


def send(client, items):
    assert client.post("/projects/helpdesk/items", ndjson(*items), **NDJSON)["rejected"] == 0


def summed(items):
    latencies = sorted(each["latency_ms"] for each in items)
    errors = sum("steps" in each for each in items)
    failed = sum(each["output"] == "no" for each in items)
    return {
        "items": len(items),
        "errors": errors,
        "error_rate": errors / len(items),
        "checked": len(items),
        "check_failures": failed,
        "check_failure_rate": failed / len(items),
        # The smallest value that the share of all values does not exceed.
        **{f"latency_p{p}_ms": latencies[-(-len(items) * p // 100) - 1] for p in (50, 90, 99)},
        "input_tokens": sum(each["input_tokens"] for each in items),
        "output_tokens": 20 * len(items),
        "cost_usd": sum(each["cost_usd"] for each in items),
        "cost_per_item_usd": sum(each["cost_usd"] for each in items) / len(items),
    }


def close(found, expected):
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-6), name


def test_figures_are_of_all_items_the_moment_they_are_stored(lea):
    items = made(140)
    send(lea, items)
    found = lea.get(URL)
    close(found["total"], summed(items))
    for name in ("system_version", "model", "user_ref"):
        values = {each["value"]: each for each in found["by"][name]}
        assert set(values) == {each[name] for each in items}
        for value, figures in values.items():
            close(figures, summed([each for each in items if each[name] == value]))
    assert [each["value"] for each in found["by"]["prompt_version"]] == [None]
    assert [day["day"] for day in found["days"]] == [f"2026-11-{day:02}" for day in range(1, 15)]
    close(found["days"][3], summed([each for each in items if each["occurred_at"].startswith("2026-11-04")]))
    (check,) = found["check_failures"]
    assert (check["check"], check["asked"], check["failed"]) == ("valid_json", 140, summed(items)["check_failures"])
    assert (found["first_day"], found["last_day"], found["warnings"]) == ("2026-11-01", "2026-11-14", [])


def test_windows_filters_and_segments(lea):
    items = made(140)
    send(lea, items)
    week = lea.get(f"{URL}?from=2026-11-08T00:00:00Z&to=2026-11-15T00:00:00Z&segment=model")
    close(week["total"], summed(items[70:]))
    assert [each["value"] for each in week["segments"]] == ["large"]
    noon = lea.get(f"{URL}?from=2026-11-08T12:00:00Z&to=2026-11-09T12:00:00Z&segment=metadata.language")
    within = [each for each in items if "2026-11-08T12" <= each["occurred_at"] < "2026-11-09T12"]
    close(noon["total"], summed(within))
    assert {each["value"]: each["items"] for each in noon["segments"]} == {
        value: n for value in ("de", "en") if (n := sum(each["metadata"]["language"] == value for each in within))
    }
    where = quote(orjson.dumps({"latency_ms": {"gt": 2000}}).decode())
    slow = [each for each in items if each["latency_ms"] > 2000]
    found = lea.get(f"{URL}?where={where}")
    close(found["total"], summed(slow))
    assert found["first_day"] == min(each["occurred_at"] for each in slow)[:10]
    assert found["movers"] == []
    assert lea.get(f"{URL}?segment=no", status=422)["error"]["fields"][0]["path"] == "segment"


def test_what_moved_is_told_and_what_is_chance_is_not(lea):
    send(lea, made(800))
    found = lea.get(f"{URL}?from=2026-11-08T00:00:00Z&to=2026-11-15T00:00:00Z")["movers"]
    whole = {each["metric"]: each for each in found if each["field"] is None}
    assert set(whole) == {"error_rate", "check_failure_rate", "latency_p50_ms", "latency_p90_ms", "cost_per_item_usd"}
    assert whole["error_rate"]["after"] > whole["error_rate"]["before"]
    assert whole["cost_per_item_usd"]["after"] == pytest.approx(0.002)
    assert all(each["adjusted_p"] <= 0.05 for each in whole.values())
    assert {(each["value"], each["metric"]) for each in found if each["field"] == "model"} == {
        ("small", "items"),
        ("large", "items"),
    }
    same = lea.get(f"{URL}?from=2026-11-04T00:00:00Z&to=2026-11-07T00:00:00Z")["movers"]
    assert same == []


def test_what_a_sampler_upstream_left_out_is_said(lea):
    send(
        lea, [item("a", sampling_probability=0.1), item("b", output=None), item("c", metadata={"error": {"type": "x"}})]
    )
    found = lea.get(URL)
    assert "1 of the items came through a sampler upstream" in found["warnings"][0]
    assert (found["total"]["errors"], found["total"]["latency_p50_ms"]) == (2, None)


def test_nothing_there_is_nothing_and_no_zero(lea):
    found = lea.get(URL)
    assert (found["total"]["items"], found["total"]["error_rate"], found["days"]) == (0, None, [])


@pytest.fixture
def counted(project):
    """Items with ids far in the past, so that no mark is younger."""

    def store(first, n):
        Item.objects.bulk_create(
            Item(
                id=number,
                project=project,
                external_id=f"i{number}",
                input="Hi",
                output=f"out {number}",
                received_at=START + timedelta(hours=number),
                latency_ms=float(number),
                model="m",
                user_ref=f"u{number % 3}",
                checks={"short": "fail" if number % 4 == 0 else "pass"},
            )
            for number in range(first, first + n)
        )

    return store


@pytest.mark.django_db(transaction=True)
def test_counting_is_incremental_stops_at_the_oldest_transaction_and_can_be_made_anew(
    cast, project, counted, monkeypatch, actor_of
):
    monkeypatch.setattr(roll_up, "SLICE", 100)
    monkeypatch.setattr(roll_up, "DAY_SAMPLE", 5)
    counted(1, 250)
    now = timezone.now()
    assert plan_counting(now) == 1
    assert Intent.objects.filter(kind="count_items").count() == 1
    job = {"project_id": project.pk}
    count_items(job, now)
    assert OperationsState.objects.get().cursor == 0  # only marked: nobody knows yet who is still writing
    other = connection.copy()
    try:
        with other.cursor() as writing:
            writing.execute("BEGIN")
            writing.execute("UPDATE accounts_project SET name = name")  # has a number from here on, older than the mark
            OperationsState.objects.update(mark_xid=None)
            count_items(job, now)
            count_items(job, now)
            assert OperationsState.objects.get().cursor == 0
            writing.execute("COMMIT")
    finally:
        other.close()
    _count_all(job, now)
    rows = {(row.field, row.value): row.items for row in OperationsDay.objects.filter(day="2026-11-02")}
    assert rows == {
        ("", ""): 24,
        ("model", "m"): 24,
        ("system_version", ""): 24,
        ("prompt_version", ""): 24,
        **{("user_ref", f"u{n}"): 8 for n in range(3)},
    }
    kept = OperationsSample.objects.filter(day="2026-11-02")
    assert kept.count() == 5
    before = _everything(project)
    counts = Counts(project.pk)
    whole = counts.read("", counts.span())
    assert sum(tally.items for tally in whole.days.values()) == 250
    access = type("Access", (), {"project": project, "actor": actor_of(cast.lea), "may": lambda self, action: True})()
    count_anew(access, now=now)
    assert not OperationsDay.objects.exists()
    assert Counts(project.pk).read("", counts.span()).days.keys() == whole.days.keys()  # read from the items
    _count_all(job, now)
    assert _everything(project) == before


def _count_all(job, now):
    """Count with the mark reached: other tests that write on the same server are not waited for."""
    OperationsState.objects.update(mark_xid=1, mark_id=1000)
    count_items(job, now)
    assert OperationsState.objects.get().cursor == 1000


def _everything(project):
    samples = list(OperationsSample.objects.order_by("day", "u").values_list("day", "item_id"))
    rows = OperationsDay.objects.order_by("field", "day", "value")
    return samples, [
        (row.field, row.day, row.value, row.items, row.checked, row.failed, row.checks, bytes(row.latency))
        for row in rows
    ]
