"""The plan's page tries a plan out: what a day of it would be, before it is published."""

from datetime import UTC, datetime, timedelta

from annotations.models import Label, RubricVersion
from reviewapp.accounts.models import Project
from sampling.models import Item
from sampling.plans import outlook
from tests.pages.plan.plans import send
from tests.sampling.lines import item


def test_without_items_it_says_what_to_do(project, cast, get):
    assert "No item came" in get(cast.vic)[1]


def test_a_day_is_reckoned_from_what_came_and_from_what_people_did(project, cast, get):
    send(project, *(item(f"a{n}", latency_ms=3000, system_version="v2") for n in range(10)))
    send(project, *(item(f"b{n}", latency_ms=10, system_version="v1") for n in range(30)))
    rubric, now = RubricVersion.objects.get(), datetime.now(UTC)
    Project.objects.update(created_at=now - timedelta(hours=1))  # so this is its first day
    stored = Item.objects.order_by("pk").first()
    common = {"project": project, "item": stored, "rubric": rubric, "answers": {}, "created_at": now}
    Label.objects.create(reviewer_name="rui", duration_ms=30_000, **common)
    Label.objects.create(reviewer_name="bea", duration_ms=10**9, **common)  # went to lunch: cut at the lease
    Label.objects.create(reviewer_name="ada", duration_ms=None, **common)
    Label.objects.create(reviewer_name="zoe", duration_ms=10**6, source="import", **common)
    page = get(cast.vic)[1]
    assert ">40 <span" in page  # everything is drawn
    mean = (30 + project.lease_seconds) / 2
    assert f"gave 3 labels a day, {mean / 60:.0f} min each (mean of 2)" in page
    assert f"{40 * mean / 3600:.1f} h".replace(".0 h", " h") in page
    assert "It asks for 40 labels a day where people gave 3." in page
    assert '<th scope="row">v1</th><td class="number">30</td>' in page


def test_hours_are_not_told_where_nobody_was_timed(project, cast, get):
    send(project, item("a"))
    page = get(cast.vic)[1]
    assert "Nobody has labelled lately." in page
    assert "<dt>Reviewing a day</dt><dd>–</dd>" in page


def test_what_can_never_be_drawn_is_told(project, cast, post):
    send(project, *(item(f"a{n}") for n in range(20)))
    status, page = post(cast.lea, base_rate="0")
    assert status == 200
    assert "About 20 items a day can never be drawn" in page
    assert "<dt>Pass rate within</dt><dd>– " in page


def test_a_window_is_chosen_and_an_empty_one_gives_way_to_all_unless_it_was(project, cast, get):
    send(project, *(item(f"a{n}") for n in range(40)), days=20)
    page = get(cast.vic)[1]
    assert "A day is the mean of the last 20 days." in page
    assert '<option value="all" selected>' in page
    assert "No item came" in get(cast.vic, "?window=7")[1]
    assert "the last 20 days" in get(cast.vic, "?window=30")[1]  # there were no more
    assert "No item came" in get(cast.vic, "?window=moon")[1]


def test_of_many_items_a_share_is_looked_at(project, cast, get, monkeypatch):
    monkeypatch.setattr(outlook, "LOOKED_AT", 10)
    send(project, *(item(f"a{n}") for n in range(40)))
    assert "of whose items one in 4 was looked at" in get(cast.vic)[1]


def test_the_fragment_is_what_the_page_holds(project, cast, post):
    send(project, *(item(f"a{n}", latency_ms=3000) for n in range(10)))
    status, fragment = post(cast.lea, door="preview")
    assert status == 200
    assert "<html" not in fragment
    assert 'data-outlook-summary="5 of 10 items drawn a day, 10 labels."' in fragment
    assert "The aim is 40 labels a day." in fragment
    assert "Base rate:</span> <del>100 %</del> → <ins>5 %</ins>" in fragment
    assert "(new)" in fragment


def test_the_fragment_says_what_is_missing(project, cast, post):
    wrong = {"base_rate": "x", "daily_target": "few", "rules-0-name": " ", "rules-0-rate": "200"}
    fragment = post(cast.lea, door="preview", **wrong)[1]
    for line in (
        "Base rate: Write a percentage from 0 to 100.",
        "Labels a day to aim at: Write a whole number.",
        "Rule 1: Give the rule a name.",
        "Rule 1: Write a percentage from 0 to 100.",
    ):
        assert line in fragment
    twice = post(cast.lea, door="preview", **{"rules-1-name": "slow", "rules-1-rate": "1"})[1]
    assert "two rules are named" in twice
