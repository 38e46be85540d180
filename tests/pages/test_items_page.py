"""The list of items: rows, filters, words, pages, and who may see it."""

import re
from html import unescape
from urllib.parse import quote

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotations.models import Task
from annotations.models.queue import Lane, Stage
from reviewapp.http.lines import cut_lines
from sampling.ingest.add import add_items
from sampling.ingest.facts import NewFact, record_facts
from sampling.items import find
from sampling.items.columns import number_words
from sampling.items.find import Budget
from sampling.models import Item
from sampling.views import items as page
from tests.conftest import NOW
from tests.sampling.lines import item, ndjson

URL = "/p/helpdesk/items"


@pytest.fixture
def store(project):
    """`store(item, …)`: the items are stored."""
    return lambda *items: add_items(project=project, lines=cut_lines([ndjson(*items)]), actor=None, now=NOW)


@pytest.fixture
def get(cast, browser_of):
    """`get("?q=…")`: the page's text for Vic, tags and all."""

    browsers = {}

    def ask(query="", *, person=cast.vic, status=200, path=URL):
        response = (browsers.get(person) or browsers.setdefault(person, browser_of(person))).get(path + query)
        assert response.status_code == status
        return response.content.decode()

    return ask


def where(**condition):
    return f"where={quote(orjson.dumps(condition).decode())}"


def shown(text):
    return re.findall(r'class="mono muted" dir="auto">([^<]*)<', text)


def link(text, words):
    (found,) = re.findall(rf'<a [^>]*href="([^"]*)"[^>]*>(?:<svg.*?</svg>)?\s*{words}', text)
    return unescape(found)


@pytest.mark.parametrize(("name", "status"), [("olga", 200), ("ada", 200), ("pat", 200), ("rui", 403), ("stan", 404)])
@pytest.mark.parametrize("path", [URL, "/p/helpdesk/item-count"])
def test_who_may_see_the_list(project, cast, get, name, status, path):
    get(person=getattr(cast, name), status=status, path=path)


def test_reviewers_have_no_way_there_in_the_navigation(project, cast, get):
    assert URL not in get(person=cast.rui, path="/p/helpdesk/")
    assert URL in get(path="/p/helpdesk/")


def test_an_empty_project_says_what_to_do(project, cast, get):
    assert "ingest" in get(person=cast.lea)
    assert "as production sends them" in get()


def test_a_row_says_what_was_asked_and_answered_and_what_is_known(store, project, get):
    talk = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]
    store(
        item(
            "a",
            input=[*talk, {"role": "user", "content": "Where is my <b>parcel</b>?"}],
            output={"answer": "On its way", "sure": True},
            system_version="v7",
            feedback=-1,
            steps=[{"name": "search", "kind": "tool", "error": "timeout"}],
        ),
        item("b", output=None, latency_ms=1234.5, feedback=1),
    )
    text = get("?columns=latency_ms,system_version,metadata.x")
    assert "Where is my &lt;b&gt;parcel&lt;/b&gt;?" in text
    assert "sure: true · answer: On its way" in text
    for part in ("v7", "thumbs down", "thumbs up", "a step failed", "no output", "1,234.5", "to review", "2 items"):
        assert part in text
    assert 'data-label="metadata.x"' in text


def test_what_nobody_sees_cannot_turn_a_line_around(store, get):
    store(item("a", output="pay \u202e001 now\u200b"))
    assert "pay \ufffd001 now\ufffd" in get()


def test_words_are_marked_where_they_occur(store, get):
    store(
        item("far", output="filler " * 100 + "the walrus is here"),
        item("turn", input=[{"role": "user", "content": "a walrus"}, {"role": "user", "content": "more"}]),
        item("context", context="only the walrus of the context"),
        item("other"),
    )
    text = get("?q=walr")
    assert shown(text) == ["context", "turn", "far"]
    assert text.count("<mark>walrus</mark>") == 3
    assert "…filler" in text
    assert "in the context:" in text


def test_an_id_pasted_into_the_search_leads_to_its_item(store, get):
    store(item("order/7?x"), item("b"))
    assert "/p/helpdesk/items/order%2F7%3Fx?q=order" in link(get("?q=order/7?x"), '<span class="mono"')


def test_a_filter_is_shown_in_words_and_each_part_can_be_taken_out(store, get):
    store(item("a", latency_ms=5, metadata={"tier": "gold"}), item("b", latency_ms=5), item("c"))
    text = get(f"?{where(latency_ms={'gt': 3}, **{'metadata.tier': {'eq': 'gold'}})}&columns=model")
    assert shown(text) == ["a"]
    assert "metadata.tier is “gold”" in text
    (without,) = re.findall(r'href="([^"]*)" aria-label="Without: metadata.tier', text)
    assert shown(get(unescape(without).removeprefix(URL))) == ["b", "a"]
    assert "columns=model" in without


def test_parts_of_a_list_of_conditions_can_be_taken_out_too(store, get):
    store(item("a", latency_ms=5), item("b", latency_ms=50))
    text = get(f"?{where(all=[{'latency_ms': {'gt': 3}}, {'latency_ms': {'lt': 9}}, {'latency_ms': {'ne': 7}}])}")
    (without,) = re.findall(r'href="([^"]*)" aria-label="Without: latency_ms &lt; 9', text)
    assert shown(get(unescape(without).removeprefix(URL))) == ["b", "a"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?where=slow", "Not JSON"),
        (f"?{where(latency_ms={'gt': 'x'})}", "where.latency_ms.gt: Expected a number"),
        ("?where=[]", "Expected an object"),
    ],
)
def test_a_filter_that_is_none_is_kept_and_said_to_be_wrong(store, get, query, said):
    store(item("a"))
    text = get(query, status=422)
    assert said in text
    assert 'aria-invalid="true"' in text
    assert shown(text) == []


def test_pages_go_on_and_back_to_the_newest(store, get, monkeypatch):
    monkeypatch.setattr(page, "ROWS", 2)
    store(*(item(f"i{n}", latency_ms=n) for n in range(5)))
    first = get("?q=parcel")
    second = get(link(first, "Older").removeprefix(URL))
    last = get(link(second, "Older").removeprefix(URL))
    assert shown(first) + shown(second) + shown(last) == ["i4", "i3", "i2", "i1", "i0"]
    assert "Older" not in last
    assert shown(get(link(last, "Newest").removeprefix(URL))) == ["i4", "i3"]


def test_a_cursor_of_another_list_leads_to_the_first_page(store, cast, browser_of, get, monkeypatch):
    monkeypatch.setattr(page, "ROWS", 1)
    store(item("a"), item("b"))
    cursor = link(get(), "Older").partition("cursor=")[2]
    response = browser_of(cast.vic).get(f"{URL}?q=x&cursor={cursor}")
    assert (response.status_code, response["Location"]) == (302, f"{URL}?q=x")


def test_a_search_that_takes_too_long_says_how_far_it_looked_and_goes_on(store, get, monkeypatch):
    monkeypatch.setattr(find, "_FIRST_STEP", 4)
    monkeypatch.setattr(page.find_items, "__kwdefaults__", {**find.find_items.__kwdefaults__, "budget": Budget(8, 0)})
    store(*(item(f"i{n}") for n in range(20)))
    rare = where(external_id={"contains": "i1"}, input={"contains": "parcel"}, latency_ms={"exists": False})
    texts = [get(f"?{where(output={'contains': 'never'})}")]
    for _ in range(2):
        texts.append(get(link(texts[-1], "Look further").removeprefix(URL)))
    assert "Looked at 8 items in a row and found none" in texts[0]
    assert "Looked at 16 items in a row" in texts[1]
    assert "nothing older" in texts[2]
    assert shown(get(f"?{rare}"))[0] == "i19"


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (1234.5, "1,234.5"), (0.000029, "0.000029"), (12345678.9, "12,345,679"), (0.25, "0.25"), (-3, "-3")],
)
def test_numbers_are_written_as_they_are_read(value, words):
    assert number_words(value) == words


def test_columns_are_facts_each_once_and_others_are_left_out(store, get):
    store(item("a", model="m1", decision="refund", metadata={"a": {"b": [1, 2]}, "n": 7, "t": "x" * 500}, feedback=1))
    text = get("?columns=model&columns=model,nonsense,decision&columns=metadata.a.b,metadata.n,metadata.t,feedback")
    assert re.findall(r'class="cell">([^<]*)<', text)[:6] == [
        "model",
        "decision",
        "metadata.a.b",
        "metadata.n",
        "metadata.t",
        "feedback",
    ]
    for value in ("m1", "refund", "[1, 2]", "7", "xxx", ">1<"):
        assert value in text


def test_facts_of_every_place_can_be_columns(store, project, get):
    store(item("a"), item("b"))
    first, second = Item.objects.order_by("pk").values_list("pk", flat=True)
    record_facts(
        [NewFact(first, "hint.doubt", 0.25), NewFact(first, "checks.json", "fail"), NewFact(second, "hint.doubt", "x")],
        now=NOW,
    )
    text = get("?columns=hint.doubt,checks.json")
    for cell in ('cell number" data-label="hint.doubt"><span dir="auto">0.25<', ">x<", ">fail<", "json failed"):
        assert cell in text


def test_contents_too_long_to_read_whole_and_of_odd_shapes_have_a_line(store, get):
    store(
        item("long", output={"text": "word " * 6000}),
        item("parts", input=[{"role": "user", "content": [{"type": "text", "text": "in parts"}, 7, None]}]),
        item("empty", output={}),
    )
    text = get("?q=-absent")
    for line in ("word word", "in parts 7"):
        assert line in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "to review"),
        ({"lane": Lane.CHOSEN}, "sent to review"),
        ({"n_leases": 1}, "in review"),
        ({"need": 2, "n_labels": 1}, "1 of 2 labels"),
        ({"n_labels": 1}, "reviewed"),
        ({"closed_reason": "horizon"}, "given up"),
        ({"closed_reason": "other"}, "closed"),
        ({"stage": Stage.ADJUDICATION}, "to adjudicate"),
        ({"stage": Stage.ADJUDICATION, "n_labels": 1}, "adjudicated"),
    ],
)
def test_how_far_review_has_come_is_in_the_row(store, get, changes, words):
    store(item("a"))
    Task.objects.update(**changes)
    assert re.search(rf'class="tag state \w+">{words}<', get())


class TestCount:
    @pytest.fixture
    def words(self, get):
        return lambda query="": orjson.loads(get(query, path="/p/helpdesk/item-count"))["words"]

    def test_few_are_counted(self, store, words):
        store(item("a"), item("b", latency_ms=5))
        assert words() == "2 items"
        assert words(f"?{where(latency_ms={'gt': 1})}") == "1 item"
        assert words("?q=nothing") == "0 items"

    def test_many_are_more_than_that(self, store, words, monkeypatch):
        monkeypatch.setattr(page, "COUNTED", 2)
        store(*(item(f"i{n}", latency_ms=5) for n in range(4)))
        assert words() == "more than 2 items"
        assert words(f"?{where(latency_ms={'gt': 1})}") == "more than 2 items"

    def test_where_not_all_could_be_looked_at_that_is_said(self, store, words, monkeypatch):
        monkeypatch.setattr(find, "_FIRST_STEP", 2)
        monkeypatch.setattr(page, "_COUNTING", Budget(2, 0))
        store(*(item(f"i{n}", latency_ms=5) for n in range(4)))
        assert words(f"?{where(latency_ms={'gt': 1})}") == "at least 2 items: 2 in the newest 2"


def test_a_page_takes_as_many_statements_for_300_items_as_for_3(store, get, monkeypatch):
    monkeypatch.setattr(page, "ROWS", 300)
    counts = []
    get()
    for many in (3, 300):
        store(*(item(f"i{n}", latency_ms=5) for n in range(many)))
        with CaptureQueriesContext(connection) as queries:
            assert len(shown(get(f"?q=parcel&{where(latency_ms={'gt': 1})}&columns=metadata.x"))) == many
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10
