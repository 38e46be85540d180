"""Plans over HTTP: published, read, tried out; what is refused, and who may."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reviewapp.audit.models import AuditEvent
from reviewapp.http.errors import NotFoundError
from reviewapp.stats.proportions import wilson
from sampling.models import Item, PlanVersion
from sampling.plans.preview import preview_plan
from sampling.plans.publish import get_plan, list_plans, newest_plan_id, parse_plan, parse_preview, publish_plan
from tests.sampling.lines import item

URL = "/projects/helpdesk/plan"
SLOW = {"name": "slow", "when": {"latency_ms": {"gt": 2000}}, "rate": 0.5, "overlap": 2}
PLAN = {"name": "Spring", "base_rate": 0.05, "rules": [SLOW], "daily_target": 100, "overlap": 3}


@pytest.fixture
def lea(cast, api_of):
    return api_of(cast.lea)


def test_a_published_plan_is_read_as_it_was_sent(lea):
    assert lea.put(URL, PLAN) == {"version": 1}
    read = lea.get(URL)
    assert {name: read[name] for name in PLAN} == PLAN
    assert read["version"] == 1


def test_versions_follow_each_other_and_stay(lea, project):
    lea.put(URL, PLAN)
    assert lea.put(URL, {"base_rate": 1}) == {"version": 2}
    assert lea.get(URL)["rules"] == []
    assert lea.get(f"{URL}?version=1")["rules"] == [SLOW]
    assert lea.get(f"{URL}?version=0")["base_rate"] == 1
    assert lea.get(f"{URL}?version=3", status=404)["error"]["code"] == "not_found"
    assert [plan.version for plan in list_plans(project.pk)] == [2, 1, 0]


def test_a_version_never_changes(lea):
    lea.put(URL, PLAN)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        PlanVersion.objects.filter(version=1).update(base_rate=1)


def test_publishing_is_on_record(lea, cast):
    lea.put(URL, PLAN)
    event = AuditEvent.objects.get(action="plan.published")
    assert (event.actor_id, event.object_id, event.detail) == (cast.lea.pk, "1", {"base_rate": 0.05, "rules": 1})


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"base_rate": 1.1}, "base_rate"),
        ({"base_rate": -0.1}, "base_rate"),
        ({"base_rate": "1"}, "base_rate"),
        ({"base_rate": True}, "base_rate"),
        ({"colour": "red"}, "colour"),
        ({"name": "x" * 201}, "name"),
        ({"name": "\0"}, "name"),
        ({"daily_target": 0}, "daily_target"),
        ({"daily_target": 2**31}, "daily_target"),
        ({"overlap": 0}, "overlap"),
        ({"overlap": 51}, "overlap"),
        ({"rules": [SLOW, SLOW]}, "rules"),
        ({"rules": [{**SLOW, "name": "base"}]}, "rules"),
        ({"rules": [{**SLOW, "name": ""}]}, "rules.0.name"),
        ({"rules": [{**SLOW, "rate": 2}]}, "rules.0.rate"),
        ({"rules": [{**SLOW, "overlap": 0}]}, "rules.0.overlap"),
        ({"rules": [{**SLOW, "when": []}]}, "rules.0.when"),
        ({"rules": [{"name": "slow", "rate": 1}]}, "rules.0.when"),
        ({"rules": [SLOW, {**SLOW, "name": "b", "when": {"latency_ms": {"gt": "x"}}}]}, "rules.1.when.latency_ms.gt"),
        ({"rules": [{**SLOW, "name": str(n)} for n in range(51)]}, "rules"),
    ],
)
@pytest.mark.parametrize("door", ["plan", "preview"])
def test_what_is_no_plan_is_refused_with_its_place(lea, change, path, door):
    body = {**PLAN, **change}
    refused = (lea.put(URL, body, status=422) if door == "plan" else lea.post(f"{URL}/preview", body, status=422))[
        "error"
    ]
    assert refused["code"] in {"plan_invalid", "filter_invalid"}
    assert refused["fields"][0]["path"] == path
    assert PlanVersion.objects.count() == 1


def test_only_an_owner_sees_the_salt_and_that_is_on_record(cast, api_of):
    assert "salt" not in api_of(cast.lea).get(URL)
    assert "salt" not in api_of(cast.olga, "read").get(URL)
    assert not AuditEvent.objects.filter(action="salt.shown").exists()
    assert api_of(cast.olga, "admin").get(URL)["salt"] == "salt"
    assert AuditEvent.objects.get(action="salt.shown").actor_id == cast.olga.pk


def test_who_may_read_and_publish(cast, api_of):
    for person in (cast.ada, cast.pat, cast.vic):
        api_of(person).get(URL)
        api_of(person).put(URL, PLAN, status=403)
        api_of(person).post(f"{URL}/preview", PLAN)
    rui, stan = api_of(cast.rui), api_of(cast.stan)
    for method, path in (("get", URL), ("put", URL), ("post", f"{URL}/preview")):
        body = None if method == "get" else PLAN
        assert rui.call(method, path, body, status=403)["error"]["code"] == "forbidden"
        assert stan.call(method, path, body, status=404)["error"]["code"] == "not_found"
    assert api_of(cast.lea, "read").put(URL, PLAN, status=403)["error"]["code"] == "missing_scope"
    assert api_of(cast.lea, "ingest").get(URL, status=403)["error"]["code"] == "missing_scope"


def test_a_project_without_any_plan_says_so(db):
    for read in (get_plan, newest_plan_id):
        with pytest.raises(NotFoundError):
            read(-1)


def send(lea, *items):
    lea.post("/projects/helpdesk/items", {"items": list(items)})


def test_a_preview_tells_what_the_plan_would_have_drawn_and_what_it_would_draw_is_that(lea, project):
    send(lea, *(item(f"a{n}", latency_ms=3000, system_version="v2") for n in range(10)))
    send(lea, *(item(f"b{n}", latency_ms=10, system_version="v1") for n in range(30)))
    send(lea, item("c"))
    seen = lea.post(f"{URL}/preview", {"base_rate": 0.1, "rules": [SLOW]})
    assert seen["n_items"] == 41
    assert seen["expected"] == pytest.approx(10 * 0.5 + 31 * 0.1)
    assert seen["expected_per_day"] == seen["expected"]  # a window shorter than a day counts as one
    # 10 items at 0.5 and 31 at 0.1 are worth 41² / (10/0.5 + 31/0.1) = 1681/330 labels of equal weight.
    assert seen["n_effective"] == pytest.approx(1681 / 330)
    low, high = wilson(seen["n_effective"] / 2, seen["n_effective"])
    assert seen["half_width"] == pytest.approx((high - low) / 2)
    assert seen["labels"] == pytest.approx(10 * 0.5 * 2 + 31 * 0.1)
    (rule,) = seen["rules"]
    assert (rule["name"], rule["rate"], rule["n_items"], rule["expected"]) == ("slow", 0.5, 10, 5)
    assert [(each["system_version"], each["n_items"]) for each in seen["segments"]] == [
        ("v1", 30), ("v2", 10), (None, 1),
    ]  # fmt: skip
    assert seen["segments"][1]["expected"] == 5
    assert sum(each["drawn"] for each in seen["segments"]) == seen["drawn"]
    # The numbers are permanent: under the same salt the very same items are drawn when they arrive.
    numbers = dict(Item.objects.filter(draws__isnull=False).values_list("external_id", "draws__u"))
    assert rule["drawn"] == sum(u < 0.5 for name, u in numbers.items() if name.startswith("a"))
    assert seen["drawn"] == sum(u < (0.5 if name.startswith("a") else 0.1) for name, u in numbers.items())


def test_a_preview_counts_what_can_never_be_drawn_and_what_an_upstream_sampler_left_out(lea):
    send(lea, *(item(f"a{n}", latency_ms=3000, sampling_probability=0.5) for n in range(4)))
    send(lea, *(item(f"b{n}", latency_ms=3000) for n in range(4)), item("c"), item("d"))
    seen = lea.post(f"{URL}/preview", {"base_rate": 0, "rules": [{**SLOW, "overlap": None}], "overlap": 3})
    assert (seen["n_items"], seen["uncovered"], seen["expected"], seen["labels"]) == (10, 2, 4, 12)
    # Weights 2 and 1, each drawn with 0.5: (4·2 + 4·1)² / (4·4/0.5 + 4·1/0.5) = 144/40.
    assert seen["n_effective"] == pytest.approx(3.6)
    assert (seen["rules"][0]["labels"], seen["rules"][0]["n_effective"]) == (12, 4)
    nothing = lea.post(f"{URL}/preview", {"base_rate": 0, "rules": [{**SLOW, "rate": 0}]})
    assert (nothing["uncovered"], nothing["n_effective"], nothing["half_width"]) == (10, 0, None)
    assert nothing["rules"][0]["uncovered"] == 8


def test_of_many_items_a_share_is_looked_at_and_stands_for_all(lea, project):
    send(lea, *(item(f"a{n}") for n in range(600)))
    plan = parse_preview({"base_rate": 0.5})
    whole = preview_plan(project=project, plan=plan, now=timezone.now(), at_most=600)
    assert (whole.every, whole.total.n_items, whole.total.drawn) == (1, 600, None)
    share = preview_plan(project=project, plan=plan, now=timezone.now(), at_most=120)
    assert share.every == 5
    assert share.total.n_items % 5 == 0
    assert 350 < share.total.n_items < 850  # binomial: six standard deviations
    assert share.total.expected == share.total.n_items * 0.5 == share.total.n_effective


def test_a_preview_keeps_to_its_window(lea):
    send(lea, item("a"))
    at = Item.objects.get().received_at.isoformat()
    assert lea.post(f"{URL}/preview", {"base_rate": 1, "from": at})["n_items"] == 1
    assert lea.post(f"{URL}/preview", {"base_rate": 1, "to": at})["n_items"] == 0
    long = lea.post(f"{URL}/preview", {"base_rate": 1, "from": "2026-01-01", "to": "2026-01-11"})
    assert (long["from"], long["to"]) == ("2026-01-01T00:00:00+00:00", "2026-01-11T00:00:00+00:00")
    month = lea.post(f"{URL}/preview", {"base_rate": 1, "from": "2000-01-01", "to": "2100-01-01"})
    assert month["expected_per_day"] == pytest.approx(1 / 36525)
    refused = lea.post(f"{URL}/preview", {"base_rate": 1, "from": "soon"}, status=422)["error"]
    assert refused["fields"][0]["path"] == "from"


def test_a_preview_of_nothing_has_no_half_width(lea):
    seen = lea.post(f"{URL}/preview", PLAN)
    assert (seen["n_items"], seen["expected"], seen["half_width"], seen["from"]) == (0, 0, None, None)
    assert seen["segments"] == []
    assert seen["rules"][0]["half_width"] is None


def test_a_preview_stores_nothing(lea):
    lea.post(f"{URL}/preview", PLAN)
    assert PlanVersion.objects.count() == 1


def test_a_preview_takes_as_many_statements_for_300_items_as_for_3(lea):
    counts = []
    for prefix, many in (("a", 3), ("b", 300)):
        send(lea, *(item(f"{prefix}{n}") for n in range(many)))
        with CaptureQueriesContext(connection) as queries:
            lea.post(f"{URL}/preview", PLAN)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6


def test_the_product_itself_may_publish_a_plan(project):
    row = publish_plan(project=project, plan=parse_plan({"base_rate": 0.5}), actor=None, now=project.created_at)
    assert (row.version, row.created_by, row.rules) == (1, None, [])
