"""Targets, uncertainty and the daily target, solved from past volume; each figure against a direct computation."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from annotations.models import Task
from reviewapp.audit.models import AuditEvent
from reviewapp.http.errors import ConflictError
from reviewapp.stats.sampling.uncertainty import uncertainty_probabilities
from sampling.draws.top_up import count_top_up, top_up_slice
from sampling.ingest.facts import NewFact, record_facts
from sampling.models import Draw, Item, PlanVersion, TopUp
from sampling.plans.preview_counts import Window, count_draws
from sampling.plans.publish import body_of, parse_plan, publish_plan
from sampling.plans.revise import plan_revisions, revise_plan
from sampling.plans.solution import Solution
from tests.sampling.lines import item

URL = "/projects/helpdesk/plan"
BY = "metadata.language"
NAMED_ALIKE = {"name": "uncertainty", "when": {}, "rate": 1}
GERMAN = {"name": "german", "when": {BY: {"eq": "de"}}, "rate": 0.6, "overlap": 3}
LANGUAGES = {"en": 70, "de": 20, "fr": 5, None: 3}


@pytest.fixture
def lea(cast, api_of):
    return api_of(cast.lea)


def send(lea, *items):
    lea.post("/projects/helpdesk/items", {"items": list(items)})


def send_languages(lea, prefix="a", **more):
    send(
        lea,
        *(
            item(f"{prefix}-{language}-{n}", metadata={**({"language": language} if language else {}), **more})
            for language, many in LANGUAGES.items()
            for n in range(many)
        ),
    )


def strata(preview):
    return {each["value"]: each for each in preview["targets"][0]["strata"]}


def test_a_target_is_solved_into_rates_by_neyman_allocation_with_its_minimum(lea):
    send_languages(lea)
    plan = {"base_rate": 0, "targets": [{"by": BY, "labels_per_week": 10}]}
    # Within an hour 98 items came, which counts as a day: 490, 140, 35 and 21 a week.
    found = strata(lea.post(f"{URL}/preview", plan))
    assert {value: each["items_per_week"] for value, each in found.items()} == {
        "en": 490,
        "de": 140,
        "fr": 35,
        None: 21,
    }
    for value, size in (("en", 490), ("de", 140), ("fr", 35), (None, 21)):
        assert found[value]["labels_per_week"] == 10
        assert 0 <= found[value]["rate"] - 10 / size < 1e-6
    # Of 60 in all: shares 42.9, 12.2, 3.1, 1.8; the two below 10 take 20, and of 40 de would get 8.9: so 30 and 10.
    plan["targets"][0]["total_per_week"] = 60
    found = strata(lea.post(f"{URL}/preview", plan))
    assert found["en"]["labels_per_week"] == pytest.approx(30)
    assert [found[value]["labels_per_week"] for value in ("de", "fr", None)] == pytest.approx([10, 10, 10])
    # An item needs two labels: half as many items for as many labels. And there are no more items than there are.
    pairs = strata(lea.post(f"{URL}/preview", {**plan, "overlap": 2, "targets": [{"by": BY, "labels_per_week": 50}]}))
    assert pairs["en"]["rate"] == pytest.approx(25 / 490, abs=1e-6)
    assert (pairs[None]["rate"], pairs[None]["labels_per_week"]) == (1, 42)
    # What labels told: en always passes, so its deviation falls to sqrt(p(1-p)), p = 21/22, and fr gets what it loses.
    told = lea.post(f"{URL}/preview", {"base_rate": 0, "targets": [{"by": "metadata.nothing", "labels_per_week": 5}]})
    assert [each["kind"] for each in told["targets"][0]["strata"]] == ["missing"]


def test_labels_of_the_past_say_where_more_labels_teach(lea, cast, api_of):
    send_languages(lea)
    rows = [
        {"external_id": f"a-{language}-{n}", "reviewer": "eve", "answers": {"verdict": verdict}}
        for language in ("en", "de")
        for n, verdict in enumerate(["pass"] * 20 if language == "en" else ["pass", "fail"] * 10)
    ]
    lea.post("/projects/helpdesk/labels/import", {"labels": rows})
    plan = {"base_rate": 0, "targets": [{"by": BY, "labels_per_week": 1, "total_per_week": 100}]}
    found = strata(lea.post(f"{URL}/preview", plan))
    p = 21 / 22
    assert found["en"]["deviation"] == pytest.approx((p * (1 - p)) ** 0.5)
    assert found["de"]["deviation"] == found["fr"]["deviation"] == 0.5
    shares = {"en": 490 * (p * (1 - p)) ** 0.5, "de": 70, "fr": 17.5, None: 10.5}
    for value, share in shares.items():
        assert found[value]["labels_per_week"] == pytest.approx(100 * share / sum(shares.values()))


def test_items_are_drawn_by_what_was_solved_and_the_database_says_the_same(lea, project):
    send_languages(lea, p=0.5)
    plan = {
        "base_rate": 0.02,
        "rules": [{"name": "odd", "when": {"metadata.p": {"eq": 0.9}}, "rate": 0.3, "overlap": 2}],
        "targets": [{"by": BY, "labels_per_week": 100}],
        "uncertainty": {"fact": "metadata.p", "labels_per_day": 20, "floor": 0.25},
    }
    assert lea.put(URL, plan) == {"version": 1}
    version = PlanVersion.objects.get(version=1)
    solution = Solution.of_json(version.solved)
    assert Solution.of_json(solution.as_json()) == solution
    rates = {"en": 100 / 490, "de": 100 / 140, "fr": 1, None: 1}
    started = timezone.now()
    known = [0.5, 0.9, 0.1, 0, 1, None, "x", True, 7]
    send(
        lea,
        *(
            item(f"b{n}", metadata={"language": language, "p": known[n % 9]})
            for n, language in enumerate(["en", "de", "fr", "xx", True, 3, None, ["de"], 2.5] * 18)
        ),
    )
    draws = Draw.objects.filter(plan_version=version).select_related("item")
    assert len(draws) == 162
    # All of the past week had p = ½: so π(½) = 20/98, the sure ones get the floor, and unseen values no target.
    half = float(uncertainty_probabilities([0.5] * 98, 20, floor=0.25)[0])
    assert half == pytest.approx(20 / 98)
    for draw in draws:
        language, p = (draw.item.metadata.get(name) for name in ("language", "p"))
        sure = p if isinstance(p, float | int) and p is not True and 0 <= p <= 1 else 0
        doubt = half * (0.25 + 0.75 * (sure * (1 - sure)) ** 0.5 / 0.5)
        if isinstance(language, list | float):
            language = None
        target = 0 if language in {"xx", True, 3} and language is not None else rates[language]
        expected = max(0.02, target, doubt, 0.3 if p == 0.9 else 0)
        assert draw.probability == pytest.approx(expected, abs=1e-6), (language, p)
        assert draw.selected == (draw.u < draw.probability)
        named = {"odd": p == 0.9, f"target {BY}": draw.u < target, "uncertainty": draw.u < doubt, "base": draw.u < 0.02}
        assert set(draw.reasons) == {name for name, holds in named.items() if holds}
    counted, *_ = count_draws(
        project.pk, body_of(version), Window(started, timezone.now()), overlap=1, solution=solution
    )
    assert counted.drawn == sum(draw.selected for draw in draws)
    assert counted.expected == pytest.approx(sum(draw.probability for draw in draws))


def test_what_the_judge_says_later_only_ever_raises(lea, project):
    send_languages(lea, p=0.5)
    plan = parse_plan({"base_rate": 0, "uncertainty": {"fact": "hint.judge", "labels_per_day": 10, "floor": 0.2}})
    publish_plan(project=project, plan=plan, actor=None, now=timezone.now())
    send(lea, *(item(f"b{n}") for n in range(60)))
    silent = 10 / 98  # no hint is known of the past week: the budget is spent evenly, and the floor is all of it
    offered = Draw.objects.filter(plan_version__version=1)
    assert [draw.probability for draw in offered] == pytest.approx([silent] * 60)
    lea.post(
        "/projects/helpdesk/verdicts/import",
        {
            "verdicts": [
                {
                    "external_id": "b0",
                    "judge": "judge",
                    "judge_version": "1",
                    "answers": {"verdict": "pass"},
                    "score": 0.5,
                }
            ]
        },
    )
    first, second = Draw.objects.filter(item__external_id="b0").order_by("pk")
    assert second.probability == pytest.approx(silent * (0.2 + 0.8) / 0.2)
    assert second.u == first.u


def test_each_midnight_the_daily_target_is_followed_by_past_volume_and_by_nothing_else(lea, cast, project):
    send_languages(lea)
    rules = [
        {"name": "always", "when": {BY: {"eq": "fr"}}, "rate": 1},
        {"name": "german", "when": {BY: {"eq": "de"}}, "rate": 0.2, "overlap": 2},
    ]
    written = {"base_rate": 0.1, "rules": rules, "daily_target": 45}
    lea.put(URL, written)
    assert lea.get(URL)["base_rate"] == 0.1  # what a person writes holds until the midnight
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=1, microsecond=0)
    assert plan_revisions(tomorrow - timedelta(seconds=2)) == 0
    assert plan_revisions(tomorrow) == 1
    assert plan_revisions(tomorrow) == 0
    revise_plan({"project_id": project.pk}, tomorrow)
    read = lea.get(URL)
    # 5 always, 73 at c/10, and 20 with two labels each at c/5: 5 + 7.3 c + 8 c = 45.
    factor = 40 / 15.3
    assert read["solved"]["steering"]["factor"] == pytest.approx(factor, rel=1e-3)
    assert read["solved"]["steering"]["labels_per_day"] == pytest.approx(45, rel=1e-3)
    assert (read["version"], read["revises"], read["daily_target"]) == (2, 1, 45)
    assert read["base_rate"] == pytest.approx(0.1 * factor, rel=1e-3)
    assert [rule["rate"] for rule in read["rules"]] == [1, pytest.approx(0.2 * factor, rel=1e-3)]
    assert read["solved"]["end"] == tomorrow.replace(second=0).isoformat()
    assert AuditEvent.objects.get(action="plan.revised").detail["revises"] == 1
    # The same again is no revision, and the same written once more is the same.
    revise_plan({"project_id": project.pk}, tomorrow)
    assert PlanVersion.objects.count() == 3
    with pytest.raises(ConflictError, match="what version 1 says"):
        publish_plan(project=project, plan=parse_plan(written), actor=None, now=tomorrow, based_on=1)
    later = tomorrow + timedelta(hours=1)
    publish_plan(project=project, plan=parse_plan({**written, "base_rate": 0.3}), actor=None, now=later, based_on=1)
    assert lea.get(URL)["base_rate"] == 0.3
    # Without any volume in the week before, the day keeps what held.
    much_later = tomorrow + timedelta(days=30)
    revise_plan({"project_id": project.pk}, much_later)
    assert lea.get(URL)["version"] == 3


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"targets": [{"by": "latency_ms", "labels_per_week": 5}]}, "targets.0.by"),
        ({"targets": [{"by": BY, "labels_per_week": 0}]}, "targets.0.labels_per_week"),
        ({"targets": [{"by": BY, "labels_per_week": 5}] * 2}, "rules"),
        ({"uncertainty": {"fact": "system_version", "labels_per_day": 5}}, "uncertainty.fact"),
        ({"uncertainty": {"fact": "hint.j", "labels_per_day": 5, "floor": 0.1}}, "uncertainty.floor"),
        (
            {
                "uncertainty": {"fact": "hint.j", "labels_per_day": 5},
                "rules": [{"name": "uncertainty", "when": {}, "rate": 1}],
            },
            "rules",
        ),
    ],
)
def test_what_can_be_no_target_is_refused_with_its_place(lea, change, path):
    refused = lea.put(URL, {"base_rate": 0.1, **change}, status=422)["error"]
    assert (refused["code"], refused["fields"][0]["path"]) == ("plan_invalid", path)


def test_a_top_up_draws_what_the_higher_rate_would_have_drawn(lea, cast, api_of, project):
    lea.put(URL, {"base_rate": 0.1, "settle_hours": 24})
    send_languages(lea)
    lea.put(
        URL, {"base_rate": 0.05, "rules": [{"name": "german", "when": {BY: {"eq": "de"}}, "rate": 0.6, "overlap": 3}]}
    )
    leaked = Item.objects.get(external_id="a-en-0")
    record_facts([NewFact(leaked.pk, "hint.seen", 1, caused_by_draw=True)], now=timezone.now())
    seen = {"name": "seen", "when": {"hint.seen": {"eq": 1}}, "rate": 1}
    lea.put(URL, {"base_rate": 0.05, "rules": [GERMAN, seen]})
    numbers = dict(Draw.objects.filter(item__metadata__language="de").values_list("item_id", "u"))
    new = {item_id for item_id, u in numbers.items() if 0.1 <= u < 0.6}
    would = {"items": 98, "raised": 20, "selected": len(new), "labels": 3 * len(new)}
    assert lea.get(f"{URL}/top-up") == {"would": would, "newest": None}
    started = lea.post(f"{URL}/top-up", status=202)
    assert (started["state"], started["total"], started["plan_version"]) == ("running", 98, 3)
    assert lea.post(f"{URL}/top-up", status=409)["error"]["code"] == "conflict"
    top_up_slice({"run_id": started["id"]}, timezone.now())
    done = lea.get(f"{URL}/top-up")["newest"]
    assert (done["state"], done["done"], done["raised"], done["selected"]) == ("done", 98, 20, len(new))
    further = Draw.objects.filter(raised_from=0.1)
    assert {(draw.item_id, draw.u, draw.probability) for draw in further} == {(i, u, 0.6) for i, u in numbers.items()}
    assert {draw.item_id for draw in further if draw.selected} == {i for i, u in numbers.items() if u < 0.6}
    for task in Task.objects.filter(item_id__in=new):
        assert (task.rank, task.need) == (numbers[task.item_id] / 0.6, 3)
    again = TopUp.objects.get()
    top_up_slice({"run_id": again.pk}, timezone.now())  # a doorbell that rings twice
    assert lea.get(f"{URL}/top-up")["would"]["raised"] == 0
    lea.put(URL, {"base_rate": 1, "settle_hours": 0})
    # The window must be open by the version that drew the item and by the one that tops up.
    arrived = leaked.received_at.replace(minute=0, second=0, microsecond=0)
    assert count_top_up(project, now=arrived + timedelta(minutes=59, seconds=59)).raised == 98
    assert count_top_up(project, now=arrived + timedelta(hours=1)).items == 0
