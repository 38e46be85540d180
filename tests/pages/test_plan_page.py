"""The plan's page, by role and without any script: read, tried out, changed, published, compared."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotations.models import Label, RubricVersion
from reviewapp.accounts.access import Actor
from reviewapp.accounts.models import Project
from reviewapp.audit.models import AuditEvent
from reviewapp.http.lines import cut_lines
from sampling.draws.top_up import top_up_slice
from sampling.ingest.add import add_items
from sampling.models import Item, PlanVersion, TopUp
from sampling.plans import outlook
from sampling.plans.publish import parse_plan, publish_plan
from tests.sampling.lines import item, ndjson

URL = "/p/helpdesk/plan"
SLOW = {"name": "slow", "when": {"latency_ms": {"gt": 2000}}, "rate": 0.5, "overlap": 2}
TYPED = {
    "name": "Spring",
    "base_rate": "5",
    "overlap": "",
    "daily_target": "40",
    "rules-0-name": "slow",
    "rules-0-rate": "50",
    "rules-0-overlap": "2",
    "rules-0-when": '{"latency_ms": {"gt": 2000}}',
}


@pytest.fixture
def get(browser_of):
    """`get(person, query)`: status and text of the page."""

    def ask(person, query=""):
        response = browser_of(person).get(f"{URL}{query}")
        return response.status_code, response.content.decode()

    return ask


@pytest.fixture
def post(browser_of):
    """`post(person, action, **fields)`: status and text of what the form's button brings."""

    def send(person, action="preview", door="change", **fields):
        body = {"based_on": "0", **TYPED, **fields, "action": action}
        response = browser_of(person).post(f"{URL}/{door}", body, follow=True)
        return response.status_code, response.content.decode()

    return send


def publish(project, person=None, **body):
    plan = parse_plan({"base_rate": 0.05, "rules": [SLOW], **body})
    actor = Actor(user=person) if person else None
    return publish_plan(project=project, plan=plan, actor=actor, now=datetime.now(UTC))


def send(project, *items, days=0):
    now = datetime.now(UTC) - timedelta(days=days)
    add_items(project=project, lines=cut_lines([ndjson(*items)]), actor=None, now=now)


def test_an_urgent_rule_is_a_tick_and_comes_back_as_one(project, cast, get, post):
    send(project, *(item(f"i{number}", latency_ms=3000 if number < 4 else 10) for number in range(10)), days=2)
    ticked = 'name="rules-0-urgent" value="1" aria-describedby="urgent-help" checked'
    status, page = post(cast.lea, "preview", **{"rules-0-urgent": "1"})
    assert (status, "Urgent a day" in page, ticked in page) == (200, True, True)
    assert post(cast.lea, "publish", **{"rules-0-urgent": "1"})[0] == 200
    assert PlanVersion.objects.get(project=project, version=1).rules == [{**SLOW, "urgent": True}]
    assert ticked in get(cast.lea)[1]
    assert '<span class="muted">urgent</span>' in get(cast.vic)[1]
    page = post(cast.lea, "preview", based_on="1")[1]
    assert "Rule “slow”, asked first" in page
    assert ticked not in page


def versions():
    return list(PlanVersion.objects.order_by("version").values_list("version", flat=True))


class TestAccess:
    @pytest.mark.parametrize(
        ("name", "page", "edit", "salt"),
        [
            ("olga", 200, 200, 200),
            ("lea", 200, 200, 403),
            ("ada", 200, 403, 403),
            ("pat", 200, 403, 403),
            ("vic", 200, 403, 403),
            ("rui", 403, 403, 403),
            ("stan", 404, 404, 404),
        ],
    )
    def test_the_page_and_its_forms_follow_the_table_of_roles(self, project, cast, get, post, name, page, edit, salt):
        person = getattr(cast, name)
        assert get(person)[0] == page
        assert post(person)[0] == edit
        assert post(person, door="preview")[0] == page
        assert post(person, door="salt")[0] == salt
        assert post(person, "publish")[0] == edit
        assert len(versions()) == (2 if edit == 200 else 1)

    def test_who_may_not_change_the_plan_reads_it_in_words(self, project, cast, get):
        publish(project, cast.lea, name="Spring", daily_target=40, overlap=3)
        page = get(cast.vic)[1]
        for shown in ("Version 1, “Spring”,", "published by lea", "5 %", "latency_ms &gt; 2000", "needs 3 labels"):
            assert shown in page
        for hidden in ("Publish<", "Take over", "data-filter-builder", "Salt"):
            assert hidden not in page

    def test_the_navigation_leads_there(self, project, cast, browser_of):
        assert f'href="{URL}"' in browser_of(cast.vic).get("/p/helpdesk/").content.decode()
        assert f'href="{URL}"' not in browser_of(cast.rui).get("/p/helpdesk/").content.decode()


class TestOutlook:
    def test_without_items_it_says_what_to_do(self, project, cast, get):
        assert "No item came" in get(cast.vic)[1]

    def test_a_day_is_reckoned_from_what_came_and_from_what_people_did(self, project, cast, get):
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

    def test_hours_are_not_told_where_nobody_was_timed(self, project, cast, get):
        send(project, item("a"))
        page = get(cast.vic)[1]
        assert "Nobody has labelled lately." in page
        assert "<dt>Reviewing a day</dt><dd>–</dd>" in page

    def test_what_can_never_be_drawn_is_told(self, project, cast, post):
        send(project, *(item(f"a{n}") for n in range(20)))
        status, page = post(cast.lea, base_rate="0")
        assert status == 200
        assert "About 20 items a day can never be drawn" in page
        assert "<dt>Pass rate within</dt><dd>– " in page

    def test_a_window_is_chosen_and_an_empty_one_gives_way_to_all_unless_it_was(self, project, cast, get):
        send(project, *(item(f"a{n}") for n in range(40)), days=20)
        page = get(cast.vic)[1]
        assert "A day is the mean of the last 20 days." in page
        assert '<option value="all" selected>' in page
        assert "No item came" in get(cast.vic, "?window=7")[1]
        assert "the last 20 days" in get(cast.vic, "?window=30")[1]  # there were no more
        assert "No item came" in get(cast.vic, "?window=moon")[1]

    def test_of_many_items_a_share_is_looked_at(self, project, cast, get, monkeypatch):
        monkeypatch.setattr(outlook, "LOOKED_AT", 10)
        send(project, *(item(f"a{n}") for n in range(40)))
        assert "of whose items one in 4 was looked at" in get(cast.vic)[1]

    def test_the_fragment_is_what_the_page_holds(self, project, cast, post):
        send(project, *(item(f"a{n}", latency_ms=3000) for n in range(10)))
        status, fragment = post(cast.lea, door="preview")
        assert status == 200
        assert "<html" not in fragment
        assert 'data-outlook-summary="5 of 10 items drawn a day, 10 labels."' in fragment
        assert "The aim is 40 labels a day." in fragment
        assert "Base rate:</span> <del>100 %</del> → <ins>5 %</ins>" in fragment
        assert "(new)" in fragment

    def test_the_fragment_says_what_is_missing(self, project, cast, post):
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


class TestForm:
    def test_a_plan_is_published_and_becomes_the_one_in_force(self, project, cast, post, get):
        status, page = post(cast.lea, "publish")
        assert status == 200
        assert "Plan version 1 is published. It holds for items that arrive from now on." in page
        row = PlanVersion.objects.get(version=1)
        assert (row.name, row.base_rate, row.rules, row.daily_target) == ("Spring", 0.05, [SLOW], 40)
        assert row.created_by == cast.lea
        assert 'value="5"' in get(cast.lea)[1]

    @pytest.mark.parametrize(("typed", "rate"), [("12.5", 0.125), ("0,1 %", 0.001), (" 100% ", 1), ("0", 0)])
    def test_rates_are_typed_in_percent_and_kept_exactly(self, project, cast, post, get, typed, rate):
        post(cast.lea, "publish", base_rate=typed)
        assert PlanVersion.objects.get(version=1).base_rate == rate

    @pytest.mark.parametrize("typed", ["", "-1", "100.1", "NaN", "five", "1e400"])
    def test_what_is_no_rate_is_refused_at_its_place_and_what_was_typed_stays(self, project, cast, post, typed):
        status, page = post(cast.lea, "publish", base_rate=typed, **{"rules-0-name": "mine"})
        assert status == 422
        assert 'id="base-rate-problem">Write a percentage' in page
        assert 'value="mine"' in page
        assert "Press <em>Preview</em>" in page
        assert versions() == [0]

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"rules-0-name": ""}, 'id="rules-0-name-problem">Give the rule a name.'),
            ({"rules-0-rate": "x"}, 'id="rules-0-rate-problem">Write a percentage'),
            ({"rules-0-overlap": "x"}, 'id="rules-0-overlap-problem">Write a whole number.'),
            ({"rules-0-overlap": "99"}, 'id="rules-0-overlap-problem">'),
            ({"overlap": "0"}, 'id="plan-overlap-problem">'),
            ({"daily_target": "0"}, 'id="daily-target-problem">'),
            ({"settle_hours": "721"}, 'id="settle-hours-problem">'),
            ({"rules-0-when": "{"}, "line 1, column 2"),
            ({"rules-0-when": "[]"}, "Write a JSON object"),
            ({"rules-0-when": '{"latency_ms": {"gt": "x"}}'}, "Expected a number."),
            ({"rules-0-name": "base"}, "no rule can be named"),
        ],
    )
    def test_each_mistake_stands_at_its_field(self, project, cast, post, fields, said):
        status, page = post(cast.lea, "publish", **fields)
        assert status == 422
        assert said in page
        assert "Nothing is published." in page
        assert versions() == [0]

    def test_rules_come_and_go_without_a_script(self, project, cast, post):
        more = post(cast.lea, "add_rule")[1]
        assert 'name="rules-1-when"' in more
        fields = {"rules-7-name": "second", "rules-7-rate": "1", "rules-7-when": ""}
        page = post(cast.lea, "remove_rule:0", **fields)[1]
        assert 'value="second"' in page
        assert 'name="rules-0-name"' in page
        assert 'name="rules-1-name"' not in page
        assert versions() == [0]

    def test_a_rule_without_a_condition_is_about_all_items(self, project, cast, post):
        post(cast.lea, "publish", **{"rules-0-when": ""})
        assert PlanVersion.objects.get(version=1).rules[0]["when"] == {}

    def test_json_is_taken_over_into_the_form(self, project, cast, post):
        body = {"base_rate": 0.2, "rules": [{"name": "german", "when": {"metadata.lang": {"eq": "de"}}, "rate": 0.4}]}
        status, page = post(cast.lea, "json", plan=json.dumps(body))
        assert status == 200
        assert 'value="20"' in page
        assert 'value="german"' in page
        assert versions() == [0]

    @pytest.mark.parametrize(
        ("text", "said"),
        [("{", "line 1, column 2"), ("[]", "Write a JSON object"), ('{"base_rate": 2}', "less than or equal to 1")],
    )
    def test_json_that_is_no_plan_is_refused_and_kept(self, project, cast, post, text, said):
        status, page = post(cast.lea, "json", plan=text)
        assert status == 422
        assert said in page
        assert text.replace('"', "&quot;") in page

    def test_what_somebody_else_published_meanwhile_is_not_overwritten(self, project, cast, post):
        publish(project, cast.olga)
        status, page = post(cast.lea, "publish", based_on="0")
        assert status == 409
        assert "Version 1 was published in the meantime." in page
        assert post(cast.lea, "publish", based_on="1", base_rate="7")[0] == 200
        assert versions() == [0, 1, 2]

    def test_the_same_again_is_no_new_version(self, project, cast, post):
        post(cast.lea, "publish")
        status, page = post(cast.lea, "publish", based_on="1")
        assert status == 409
        assert "This is what version 1 says already." in page
        assert versions() == [0, 1]


class TestVersions:
    def test_each_version_says_who_when_and_what_changed(self, project, cast, get):
        publish(project, cast.olga)
        publish(project, cast.lea, base_rate=0.1, name="Second", overlap=2, rules=[{**SLOW, "rate": 0.25}])
        publish(project, cast.lea, base_rate=0.1, name="Second", overlap=2, rules=[], settle_hours=48)
        page = get(cast.vic)[1]
        for shown in (
            "UTC, olga",
            "<del>100 %</del> → <ins>5 %</ins>",
            "Rule “slow”:</span> <ins>50 % of: latency_ms &gt; 2000, 2 labels each</ins>",
            "Rule “slow”, rate:</span> <del>50 %</del> → <ins>25 %</ins>",
            "Labels an item needs:</span> <ins>2</ins>",
            "Settle hours:</span> <del>24</del> → <ins>48</ins>",
            '<del>25 % of: latency_ms &gt; 2000, 2 labels each</del> <span class="muted">(gone)',
            "No plan yet: every item is drawn.",
        ):
            assert shown in page

    def test_any_two_versions_can_be_compared(self, project, cast, get):
        publish(project)
        publish(project, rules=[{**SLOW, "when": {"latency_ms": {"gt": 9}}, "overlap": None}])
        publish(project, base_rate=1, rules=[])
        page = get(cast.vic, "?from=1&to=2")[1]
        assert "From version 1 to version 2" in page
        assert "<del>latency_ms &gt; 2000</del> → <ins>latency_ms &gt; 9</ins>" in page
        assert "Nothing differs." in get(cast.vic, "?from=0&to=3")[1]
        assert get(cast.vic, "?from=1&to=9")[0] == 404
        assert "From version" not in get(cast.vic, "?from=1&to=x")[1]

    def test_a_page_of_versions_leads_to_the_older_ones(self, project, cast, get):
        for number in range(12):
            publish(project, base_rate=number / 100)
        page = get(cast.vic)[1]
        assert "Version 12</strong>" in page
        assert "Version 2</strong>" not in page
        assert "?before=3#versions" in page
        older = get(cast.vic, "?before=3")[1]
        assert "Version 2</strong>" in older
        assert "Version 0</strong>" in older
        assert "?before=" not in older

    def test_a_project_s_page_asks_as_little_with_many_versions_and_items_as_with_few(self, project, cast, browser_of):
        browser = browser_of(cast.olga)
        counts = []
        for first, many in ((0, 3), (3, 300)):
            send(project, *(item(f"{first}-{n}") for n in range(many)))
            for number in range(3):
                publish(project, base_rate=(first + number) / 1000)
            browser.get(URL)
            with CaptureQueriesContext(connection) as asked:
                browser.get(URL)
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 24


class TestSalt:
    def test_an_owner_sees_it_when_asking_and_that_is_on_record(self, project, cast, get, post):
        assert ">salt<" not in get(cast.olga)[1]
        assert not AuditEvent.objects.filter(action="salt.shown").exists()
        page = post(cast.olga, door="salt")[1]
        assert 'aria-label="The salt">salt</pre>' in page
        assert AuditEvent.objects.get(action="salt.shown").actor_id == cast.olga.pk


class TestVolume:
    def test_targets_and_doubt_are_typed_tried_and_published_and_what_they_came_to_is_shown(
        self, project, cast, post, get
    ):
        send(project, *(item(f"a{n}", metadata={"language": "de" if n % 4 else "en"}) for n in range(40)))
        typed = {
            "targets-0-by": "metadata.language",
            "targets-0-labels": "21",
            "targets-1-by": "",
            "uncertainty_fact": "hint.judge",
            "uncertainty_labels": "4",
            "uncertainty_floor": "25",
        }
        fragment = post(cast.lea, door="preview", **typed)[1]
        assert '<th scope="row">en</th><td class="number">70</td><td class="number">21</td>' in fragment
        assert "From the next midnight (UTC) on" in fragment
        assert "Where hint.judge is sure, 10 % are drawn for it" in fragment
        assert "Target by metadata.language:</span> <ins>at least 21 labels a week of each" in fragment
        assert 'name="targets-1-by"' in post(cast.lea, "add_target", **typed)[1]
        post(cast.lea, "publish", **typed)
        row = PlanVersion.objects.get(version=1)
        assert row.targets == [{"by": "metadata.language", "labels_per_week": 21}]
        assert row.uncertainty == {"fact": "hint.judge", "labels_per_day": 4, "floor": 0.25}
        page = get(cast.lea)[1]
        for shown in (
            "Rates that hold now",
            '<td class="number">30 %</td>',
            'value="metadata.language"',
            "Count what it",
        ):
            assert shown in page
        assert "Rates that hold now" in get(cast.vic)[1]
        assert "Count what it" not in get(cast.vic)[1]

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"targets-0-by": " ", "targets-0-labels": "5"}, 'id="targets-0-by-problem">Name the fact'),
            ({"targets-0-by": "latency_ms", "targets-0-labels": "5"}, 'id="targets-0-by-problem">Split by a fact'),
            ({"targets-0-by": "metadata.x", "targets-0-labels": "few"}, 'id="targets-0-labels-problem">Write a whole'),
            ({"uncertainty_fact": "hint.j"}, 'id="uncertainty-labels-problem">Write a whole'),
            (
                {"uncertainty_fact": "hint.j", "uncertainty_labels": "1", "uncertainty_floor": "5"},
                "uncertainty-floor-problem",
            ),
        ],
    )
    def test_each_mistake_in_them_stands_at_its_field(self, project, cast, post, fields, said):
        status, page = post(cast.lea, "publish", **fields)
        assert status == 422
        assert said in page

    def test_a_rule_is_drafted_by_the_address(self, project, cast, get):
        query = '?when={"latency_ms": {"gt": 9}}&rate=0.25'
        page = get(cast.lea, query)[1]
        assert 'placeholder="its name" value="latency_ms &gt; 9"' in page
        assert 'value="25"' in page
        assert get(cast.vic, query)[0] == 200
        assert versions() == [0]
        publish(project, rules=[{"name": "latency_ms > 9", "when": {}, "rate": 1}])
        assert "two rules are named" in get(cast.lea, query)[1]

    def test_stored_items_are_topped_up_after_a_look_at_what_that_would_draw(self, project, cast, post, get):
        publish(project, cast.lea, base_rate=0, rules=[])
        send(project, *(item(f"a{n}") for n in range(12)))
        publish(project, cast.lea, base_rate=1, rules=[])  # a plan that asks nothing about an item
        page = post(cast.lea, door="top-up", what="count")[1]
        assert "<strong>12</strong> of these would be drawn that were not: 12 labels more." in page
        assert "12 of 12 items asked" not in post(cast.lea, door="top-up", what="start")[1]
        assert TopUp.objects.get().total == 12
        assert "topped up already" in post(cast.lea, door="top-up", what="start")[1]
        assert post(cast.vic, door="top-up", what="start")[0] == 403
        top_up_slice({"run_id": TopUp.objects.get().pk}, datetime.now(UTC))
        assert "12 items asked, 12 raised, 12 drawn." in get(cast.lea)[1]
        assert "There is nothing to top up." in post(cast.lea, door="top-up", what="count")[1]
        assert "<dt>Labels that wait</dt><dd>12</dd>" in get(cast.vic)[1]
