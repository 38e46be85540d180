"""The page of checks: defined by kind, tried on stored items before they are saved, asked of stored items."""

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.errors import ConflictError
from reviewapp.http.lines import Line
from reviewapp.jobs.models import Intent
from reviewapp.jobs.run import run_intent
from sampling.checks import trial
from sampling.checks.body import KINDS
from sampling.checks.publish import list_checks, parse_check, parse_checks, publish_checks, spec_of
from sampling.checks.trial import try_check
from sampling.ingest import recheck
from sampling.ingest.add import add_items
from sampling.ingest.recheck import find_recheck, recheck_slice, start_recheck, stop_recheck
from sampling.models import CheckRun, Draw, Item, ItemFact
from sampling.plans.publish import parse_plan, publish_plan
from sampling.plans.stored_facts import read_facts
from sampling.views.check_form import FORM_OF, read_check_form, typed_values
from sampling.views.check_words import check_words
from tests.sampling.lines import item

URL = "/p/helpdesk/settings/checks"
JSON_FORM = {"kind": "json", "name": "valid_json", "target": "output", "type": "object"}
SPECS = [
    ({"kind": "json", "type": "array", "fences": True}, "is a JSON list"),
    ({"kind": "json", "target": "input", "required": True, "when": {"system": {"eq": "a"}}}, "is JSON"),
    ({"kind": "json_schema", "schema": {"type": "object"}}, "meets a JSON Schema"),
    ({"kind": "pattern", "pattern": r"^\d+$", "ignore_case": True}, r"matches ^\d+$"),
    ({"kind": "pattern", "pattern": "x", "match": False}, "does not match x"),
    ({"kind": "length", "min": 2, "max": 3000, "unit": "words"}, "has at least 2 and at most 3,000 words"),
    ({"kind": "contains", "values": ["a", "b"]}, "contains “a” and “b”"),
    ({"kind": "contains", "values": ["a b", "c", "d", "e"], "how_many": "any"}, "contains “a b”, “c”, “d” or 1 more"),
    ({"kind": "not_contains", "values": ["a"]}, "does not contain “a”"),
    ({"kind": "allowed_values", "values": ["yes", 3, True, "4"]}, "is “yes”, “3”, “True” or 1 more"),
    ({"kind": "numeric_range", "min": 0.5, "max": 2500.0}, "is at least 0.5 and at most 2,500"),
    ({"kind": "citation", "min_words": 5, "at_least": 1}, "quotes and cites what is in its sources"),
]  # fmt: skip


@pytest.fixture
def lea(project, cast, browser_of):
    return browser_of(cast.lea)


@pytest.fixture
def access(project, cast, actor_of):
    return authorize(actor_of(cast.lea), "helpdesk", Action.EDIT_PROJECT)


def store(project, *items, now=None):
    lines = [Line(number, each) for number, each in enumerate(items, start=1)]
    return add_items(project=project, lines=lines, actor=None, now=now or timezone.now())


def publish(project, *specs):
    publish_checks(project=project, checks=parse_checks(list(specs)), actor=None, now=timezone.now())


def work():
    while intents := list(Intent.objects.filter(kind="recheck_items", done_at=None, failed_at=None)):
        for intent in intents:
            run_intent(intent.pk)


@pytest.mark.parametrize("name", ["rui", "ada", "pat", "vic", "stan"])
def test_only_those_who_edit_the_project_define_checks(project, cast, browser_of, name):
    browser = browser_of(getattr(cast, name))
    expected = 404 if name == "stan" else 403
    assert {browser.get(URL).status_code, browser.get(f"{URL}/stored").status_code} == {expected}
    forms = ("try", "save", "remove", "stored")
    assert {browser.post(f"{URL}/{form}", JSON_FORM).status_code for form in forms} == {expected}


def test_every_kind_can_be_defined_here():
    assert list(FORM_OF) == list(KINDS)


@pytest.mark.parametrize(("spec", "words"), SPECS)
def test_a_check_comes_back_from_its_form_as_it_was_and_is_said_in_words(spec, words):
    spec = spec_of(parse_check({"name": "c", **spec}, path="check"))
    typed = typed_values(spec)
    posted = QueryDict(mutable=True)
    posted.update({"kind": spec["kind"], **{name: "on" if value is True else value for name, value in typed.items()
                                           if value is not False}})  # fmt: skip
    assert spec_of(parse_check(read_check_form(posted), path="check")) == spec
    assert check_words(spec) == words


def test_an_empty_project_is_shown_the_kinds_and_what_to_do(lea):
    page = lea.get(URL).content.decode()
    assert "There are no checks yet" in page
    assert page.count('class="kind"') == len(KINDS)


def test_a_check_is_tried_on_stored_items_and_nothing_is_kept(project, lea):
    store(project, item("good", output='{"a": 1}'), item("bad", output="<b>no JSON</b>"), item("none", output=None))
    shown = lea.post(f"{URL}/try", {**JSON_FORM, "name": ""}).content.decode()
    for part in ("newest 3 items", "<dd>1</dd>", "fails", "bad", "Not JSON", "&lt;b&gt;no JSON", "There is no output."):
        assert part in shown
    assert not ItemFact.objects.exists()
    assert list_checks(project.pk) == []


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"kind": "contains"}, "Fill in the form"),
        ({"kind": "pattern", "pattern": "(", "match": "yes"}, "Not an RE2 pattern"),
        ({"kind": "length", "max": "many"}, "Write a number"),
        ({"kind": "json_schema", "schema": "{"}, "Not JSON: "),
        ({"kind": "json", "target": "colour"}, "Name a field"),
        ({"kind": "tea"}, "no such kind"),
        ({"kind": "json"}, "no items yet"),
    ],
)
def test_while_a_check_is_not_finished_that_is_said_instead(lea, form, said):
    assert said in lea.post(f"{URL}/try", form).content.decode()


def test_a_trial_ends_in_time_and_tells_what_broke_down(project, monkeypatch):
    store(project, *(item(f"i{number}") for number in range(30)))
    check = parse_check({"name": "c", "kind": "length", "max": 5}, path="check")
    assert (try_check(project.pk, check).asked, try_check(project.pk, check, items=7).asked) == (30, 7)
    monkeypatch.setattr(trial, "SECONDS", -1)
    assert try_check(project.pk, check).asked == 0
    monkeypatch.setattr(trial, "SECONDS", 9)

    def broken(value, facts):
        raise RecursionError

    monkeypatch.setattr("sampling.checks.compile._QUESTIONS", {"length": lambda check: broken})
    found = try_check(project.pk, check)
    assert (found.unanswered, found.examples[0].reason) == (30, "The check breaks down on this item (RecursionError).")


def test_a_check_is_added_changed_and_removed(project, lea):
    store(project, item("before", output="{"))
    said = lea.post(f"{URL}/save", JSON_FORM, follow=True).content.decode()
    assert "valid_json is saved. It is asked of items that arrive from now on." in said
    assert "not asked of any of them yet" in said
    store(project, item("after", output="["))
    page = lea.get(URL).content.decode()
    assert '<strong class="failed">1</strong>' in page
    form = lea.get(f"{URL}?name=valid_json").content.decode()
    assert '<option value="object" selected>' in form
    lea.post(f"{URL}/save", {**JSON_FORM, "name": "any_json", "type": "", "replaces": "valid_json"})
    assert list_checks(project.pk) == [{"name": "any_json", "kind": "json"}]
    assert "no longer asked" in lea.post(f"{URL}/remove", {"name": "any_json"}, follow=True).content.decode()
    assert list_checks(project.pk) == []
    assert lea.get(f"{URL}?name=any_json").status_code == 404


def test_what_cannot_be_saved_is_told_at_its_place_and_what_was_typed_stays(project, lea):
    lea.post(f"{URL}/save", JSON_FORM)
    twice = lea.post(f"{URL}/save", {**JSON_FORM, "target": "context"})
    assert twice.status_code == 422
    assert b"<code>name</code>" in twice.content
    assert b'value="context"' in twice.content
    gone = lea.post(f"{URL}/save", {**JSON_FORM, "replaces": "other"})
    assert (gone.status_code, b"Somebody removed this check" in gone.content) == (409, True)
    empty = lea.post(f"{URL}/save", {"kind": "contains", "name": "a", "values": " "})
    assert b"<code>values</code> This is needed." in empty.content
    crossed = lea.post(f"{URL}/save", {"kind": "numeric_range", "name": "a", "min": "10", "max": "5"})
    assert (crossed.status_code, b"<code>check</code>" in crossed.content) == (422, True)
    assert b'value="10"' in crossed.content


def test_stored_items_are_asked_in_the_background_and_only_what_differs_becomes_a_fact(project, lea, monkeypatch):
    monkeypatch.setattr(recheck, "SLICE_SECONDS", -1)
    monkeypatch.setattr(recheck, "BATCH", 2)
    store(project, *(item(f"old{number}", output="{") for number in range(3)))
    publish(project, {"name": "valid_json", "kind": "json"})
    store(project, item("new", output="{"))
    page = lea.post(f"{URL}/stored", {}, follow=True).content.decode()
    assert f'data-poll="{URL}/stored"' in page
    assert "0 of 4" in page
    recheck_slice({"run_id": CheckRun.objects.get().pk}, timezone.now())
    assert "2 of 4" in lea.get(f"{URL}/stored").content.decode()
    work()
    done = lea.get(f"{URL}/stored").content.decode()
    assert "data-poll-end" in done
    assert "4 items asked, 3 outcomes new or changed" in done
    assert set(ItemFact.objects.values_list("item__external_id", "name", "value")) == {
        (f"old{number}", "checks.valid_json", "fail") for number in range(3)
    }
    assert [row.checks for row in Item.objects.order_by("pk")] == [None, None, None, {"valid_json": "fail"}]


def test_asking_again_may_draw_what_is_in_its_window_and_changes_no_settled_draw(project, access):
    rule = {"name": "broken", "when": {"checks.valid_json": {"eq": "fail"}}, "rate": 1}
    body = parse_plan({"base_rate": 0, "rules": [rule], "settle_hours": 1})
    publish_plan(project=project, plan=body, actor=None, now=timezone.now())
    now = timezone.now()
    store(project, item("settled", output="{"), now=now - timezone.timedelta(hours=5))
    store(project, item("open", output="{"), now=now)
    publish(project, {"name": "valid_json", "kind": "json"})
    start_recheck(access, now=now)
    work()
    drawn = Draw.objects.filter(selected=True).values_list("item__external_id", "reasons", "raised_from")
    assert list(drawn) == [("open", ["broken"], 0)]
    run = find_recheck(project.pk)
    assert (run.state, run.changed, run.raised) == ("done", 2, 1)
    facts = read_facts(list(Item.objects.values_list("pk", flat=True)))
    assert {found["checks.valid_json"] for found in facts.values()} == {"fail"}


def test_one_run_at_a_time_which_may_be_stopped_and_ends_when_the_checks_change(project, access, lea):
    with pytest.raises(ConflictError, match="no checks"):
        start_recheck(access, now=timezone.now())
    store(project, item("a"))
    publish(project, {"name": "valid_json", "kind": "json"})
    start_recheck(access, now=timezone.now())
    assert b"being checked already" in lea.post(f"{URL}/stored", {}, follow=True).content
    assert b"given up" not in lea.get(f"{URL}/stored").content
    Intent.objects.update(failed_at=timezone.now())
    assert b"given up" in lea.get(f"{URL}/stored").content
    lea.post(f"{URL}/stored", {"what": "stop"})
    stop_recheck(access, now=timezone.now())
    first = find_recheck(project.pk)
    recheck_slice({"run_id": first.pk}, timezone.now())
    assert (first.state, ItemFact.objects.exists()) == ("stopped", False)
    start_recheck(access, now=timezone.now())
    publish(project, {"name": "other", "kind": "json"})
    work()
    assert (find_recheck(project.pk).state, ItemFact.objects.exists()) == ("stopped", False)


def test_the_page_needs_no_more_statements_for_300_items_than_for_3(project, lea):
    publish(project, {"name": "valid_json", "kind": "json"}, {"name": "short", "kind": "length", "max": 3})
    counts = []
    for prefix, many in (("a", 3), ("b", 300)):
        store(project, *(item(f"{prefix}{number}") for number in range(many)))
        with CaptureQueriesContext(connection) as queries:
            lea.get(URL)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12
