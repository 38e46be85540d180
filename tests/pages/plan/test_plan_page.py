"""The plan's page, by role and without any script: read, changed, published, compared."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviewapp.audit.models import AuditEvent
from sampling.models import PlanVersion
from tests.pages.plan.plans import SLOW, URL, publish, send, versions
from tests.sampling.lines import item


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

    def test_a_rule_is_drafted_by_the_address(self, project, cast, get):
        query = '?when={"latency_ms": {"gt": 9}}&rate=0.25'
        page = get(cast.lea, query)[1]
        assert 'placeholder="its name" value="latency_ms &gt; 9"' in page
        assert 'value="25"' in page
        assert get(cast.vic, query)[0] == 200
        assert versions() == [0]
        publish(project, rules=[{"name": "latency_ms > 9", "when": {}, "rate": 1}])
        assert "two rules are named" in get(cast.lea, query)[1]


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
