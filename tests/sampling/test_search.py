"""Searching items: what words find, that the index never hides anything, and that nothing takes long."""

import itertools
import random

import pytest
from django.db import connection
from django.utils import timezone

from reviewapp.http.lines import cut_lines
from reviewapp.jobs.models import Intent
from sampling.ingest.add import add_items
from sampling.ingest.facts import NewFact, record_facts
from sampling.items import find
from sampling.items.find import Budget, Search, find_items, iterate_items
from sampling.items.text_index import index_due_items, index_items, plan_indexing
from sampling.items.text_query import parse_text
from sampling.models import Item, ItemText, SearchDue
from sampling.plans.filters import EVERYTHING, parse_filter
from tests.conftest import NOW
from tests.sampling.lines import item, ndjson

URL = "/projects/helpdesk/items"


@pytest.fixture
def search(project):
    """`search("words", {filter})`: the external ids that are found, by looking and by the index alike."""

    def ask(words="", where=None, **arguments):
        meant = Search(
            project.pk, where=parse_filter(where) if where else EVERYTHING, text=parse_text(words) if words else None
        )
        found = find_items(meant, limit=arguments.pop("limit", 1000), **arguments)
        return names(found.ids)

    return ask


def names(ids):
    by_id = dict(Item.objects.filter(pk__in=ids).values_list("pk", "external_id"))
    return [by_id[each] for each in ids]


def index_everything():
    while index_due_items() is not None:
        pass


@pytest.fixture(params=["looked at", "indexed"])
def settle(request, monkeypatch):
    """Call it before a search: the items are looked at one by one, or found in the index only."""
    if request.param == "looked at":
        return lambda: None

    def use_the_index():
        index_everything()
        monkeypatch.setattr(find, "_FIRST_STEP", 1)  # one is looked at, the index is asked for the others

    return use_the_index


WORDS = [
    # words, text, whether they are found in it
    ("parcel", "Where is my parcel?", True),
    ("PARCEL", "Where is my parcel?", True),
    ("parc", "Where is my parcel?", True),
    ("arcel", "Where is my parcel?", False),
    ("my parcel", "The parcel is not my problem", True),
    ("my parcel", "Where is the parcel?", False),
    ('"my parcel"', "Where is my parcel?", True),
    ('"my parcel"', "The parcel is not my problem", False),
    ('"my parc"', "Where is my parcel?", False),
    ("parcel -my", "Where is my parcel?", False),
    ("parcel -your", "Where is my parcel?", True),
    ("-your", "Where is my parcel?", True),
    ('-"my parcel"', "Where is my parcel?", False),
    ("123", "Order AB-123 is late", True),
    ("AB-123", "Order AB-123 is late", True),
    ("ab 123", "Order AB-123 is late", True),
    ("order_id", "the order_id is missing", True),
    ("example.org", "Write to help@example.org today", True),
    ("help", "Write to help@example.org today", True),
    ("docs", "See https://example.org/docs/returns", True),
    ("String", "a List<String> of things", True),
    ("größe", "Welche GRÖSSE? Welche Größe?", True),
    ("手机", "我的苹果手机坏了", True),
    ("机手", "我的苹果手机坏了", False),
    ("ไทย", "ภาษาไทยง่าย", True),
    ("[EMAIL_1]", "Reach me at [EMAIL_1].", True),
    ("it's", "I think it's late", True),
    ("late\\", "I think it's late", True),
    ("'late'", "I think it's late", True),
    ("the", "THE END", True),
    ("\U0001f600 parcel", "parcel", True),
]


@pytest.mark.parametrize(("words", "text", "found"), WORDS, ids=[f"{words} in {text}" for words, text, _ in WORDS])
def test_what_words_find(store, search, settle, words, text, found):
    store(item("a", input="x", output=text), item("b", input="x", output="nothing of the kind"))
    settle()
    expected = ["a"] if found else []
    assert [name for name in search(words) if name == "a"] == expected


def test_words_are_found_in_every_part_and_kind_of_content(store, search, settle):
    store(
        item("text", input="a walrus"),
        item("messages", input=[{"role": "user", "content": "my walrus"}]),
        item("parts", input=[{"role": "user", "content": [{"type": "text", "text": "the walrus"}]}]),
        item("object", output={"animal": {"names": ["walrus"]}}),
        item("context", context=["seal", {"deep": "walrus"}]),
        item("number", output={"n": 77}),
        item("key", output={"walrus": "seal"}),
        item("role", input=[{"role": "walrus", "content": "seal"}]),
    )
    settle()
    assert sorted(search("walrus")) == ["context", "messages", "object", "parts", "text"]
    assert search("77") == ["number"]


def test_marks_alone_ask_for_nothing():
    assert parse_text("") is None
    assert parse_text(' ?! - "" ') is None


def test_a_long_text_is_searched_in_its_first_part(store, search, settle):
    store(item("a", output="begin " + "filler " * 20_000 + "finish"))
    settle()
    assert search("begin") == ["a"]
    assert search("finish") == []


def test_the_heaviest_item_there_can_be_is_searchable(store, search):
    different = " ".join(chr(0x4E00 + n % 20_000) + chr(0x10400 + n % 40) + str(n) for n in range(60_000))
    store(item("a", input=different, metadata={str(n): n for n in range(2001)}))
    index_everything()
    assert ItemText.objects.count() == 1
    assert search(where={"metadata.7": {"eq": 7}}) == ["a"]
    assert search(where={"metadata.7": {"eq": 8}}) == []


FILTERS = [
    {"user_ref": {"eq": "u1"}},
    {"user_ref": {"in": ["u1", "u2"]}},
    {"metadata.tier": {"eq": "gold"}},
    {"metadata.tier": {"in": ["gold", 1, True]}},
    {"metadata.n": {"eq": 1}},
    {"metadata.tier": {"ne": "gold"}},
    {"any": [{"user_ref": {"eq": "u1"}}, {"metadata.tier": {"eq": "gold"}}]},
    {"any": [{"user_ref": {"eq": "u1"}}, {"latency_ms": {"gt": 5}}]},
    {"all": [{"user_ref": {"eq": "u1"}}, {"latency_ms": {"gt": 5}}, {"not": {"metadata.n": {"eq": 2}}}]},
    {"decision": {"eq": "refund"}},
    {"decision.kind": {"eq": "refund"}},
    {"decision": {"eq": True}},
    {"metadata.deep.er": {"eq": 1}},
    {"metadata.a\\.b": {"eq": "x"}},
    {"checks.json": {"eq": "fail"}},
    {"external_id": {"in": ["i3", "i4", "nope"]}, "latency_ms": {"gt": 3}},
    {"metadata.list": {"contains": "x"}},
]


@pytest.fixture
def mixture(store, project):
    """Items of many sorts."""
    choose = random.Random(4)
    words = ["late", "parcel", "refund", "bike", "later"]
    store(
        *(
            item(
                f"i{number}",
                input=" ".join(choose.choices(words, k=2)),
                user_ref=choose.choice(["u1", "u2", "u3", None]),
                latency_ms=number % 11,
                decision=choose.choice(["refund", True, {"kind": "refund"}, None]),
                metadata={
                    "tier": choose.choice(["gold", "basic", 1, True, ["gold"], None]),
                    "n": choose.choice([1, 1.0, 2, "1"]),
                    "deep": {"er": choose.choice([1, 2])},
                    "a.b": "x",
                    "list": choose.choice([["x"], "xy", []]),
                },
            )
            for number in range(60)
        )
    )
    ids = Item.objects.order_by("id").values_list("pk", flat=True)
    record_facts([NewFact(each, "checks.json", "fail") for each in ids[::3]], now=NOW)


@pytest.mark.parametrize("words", ["", "late", "late refund", "-late"])
def test_the_index_finds_what_looking_finds(mixture, search, monkeypatch, words):
    looked = [search(words, where) for where in FILTERS]
    assert any(looked)
    index_everything()
    assert [search(words, where) for where in FILTERS] == looked
    monkeypatch.setattr(find, "_FIRST_STEP", 1)
    assert [search(words, where) for where in FILTERS] == looked
    assert [search(words, where, upwards=True) for where in FILTERS] == [found[::-1] for found in looked]


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("where", [None, {"metadata.n": {"eq": 1}}, {"latency_ms": {"gte": 5}}])
@pytest.mark.parametrize("words", ["", "late"])
def test_pages_meet_without_gap_or_overlap(mixture, project, search, monkeypatch, indexed, where, words):
    if indexed:
        index_everything()
    monkeypatch.setattr(find, "_FIRST_STEP", 4)
    whole = search(words, where)
    assert len(whole) > 10
    meant = Search(
        project.pk, where=parse_filter(where) if where else EVERYTHING, text=parse_text(words) if words else None
    )
    for upwards in (False, True):
        paged, behind = [], None
        while True:
            found = find_items(meant, behind=behind, limit=7, upwards=upwards, budget=Budget(items=1, seconds=0))
            paged += found.ids
            if found.next is None:
                break
            behind = found.next
        assert names(paged) == (whole[::-1] if upwards else whole)
    assert names(list(itertools.chain.from_iterable(iterate_items(meant, batch=7)))) == whole


def test_a_page_that_looked_far_enough_says_so_and_goes_on(mixture, project, monkeypatch):
    monkeypatch.setattr(find, "_FIRST_STEP", 10)
    meant = Search(project.pk, where=parse_filter({"external_id": {"contains": "i0"}}))
    first = find_items(meant, limit=5, budget=Budget(items=20, seconds=0))
    assert (first.ids, first.searched, first.full) == ([], 20, False)
    found = find_items(meant, behind=first.next, limit=5)
    assert names(found.ids) == ["i0"]
    assert found.next is None


def test_where_the_index_would_take_too_long_the_search_looks_on(mixture, search, monkeypatch):
    index_everything()
    whole = search("late", {"latency_ms": {"gt": 4}})
    monkeypatch.setattr(find, "_FIRST_STEP", 1)
    slow = find.indexed_query

    def sleeping(meant):
        query = slow(meant)
        return query._replace(sql=f"(SELECT {query.sql} FROM pg_sleep(30))")

    monkeypatch.setattr(find, "indexed_query", sleeping)
    monkeypatch.setattr(find, "_INDEX_MS", 20)
    assert search("late", {"latency_ms": {"gt": 4}}) == whole
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_what_is_in_very_many_items_is_not_asked_of_the_index(mixture, search, monkeypatch):
    index_everything()
    whole = search("late", {"latency_ms": {"gt": 4}})
    monkeypatch.setattr(find, "_FIRST_STEP", 1)
    monkeypatch.setattr(find, "_MANY", -1)
    monkeypatch.setattr(find, "within_time", None)
    assert search("late", {"latency_ms": {"gt": 4}}) == whole


def test_what_has_just_arrived_is_found_before_it_is_indexed(store, search, monkeypatch):
    store(item("old", output="walrus"))
    index_everything()
    store(item("new", output="walrus"))
    monkeypatch.setattr(find, "_FIRST_STEP", 1)
    assert search("walrus") == ["new", "old"]


def test_an_item_that_commits_late_with_an_early_id_is_due_all_the_same(store, project, search):
    with connection.cursor() as cursor:
        cursor.execute("SELECT next_item_id()")
        (early,) = cursor.fetchone()
    store(item("first", output="walrus"))
    index_everything()
    Item.objects.create(pk=early, project=project, external_id="late", input="walrus", output="x", received_at=NOW)
    assert SearchDue.objects.get().first_id == early
    index_everything()
    assert ItemText.objects.filter(pk=early).exists()
    assert search("walrus") == ["first", "late"]


def test_a_job_indexes_and_asks_for_more_where_more_is_left(store, monkeypatch):
    monkeypatch.setattr("sampling.items.text_index.PORTION", 1)
    monkeypatch.setattr("sampling.items.text_index.PORTIONS_PER_JOB", 2)
    for number in range(3):
        store(item(f"i{number}"))
    assert plan_indexing(NOW) == 1
    intent = Intent.objects.get(kind="index_items")
    intent.delete()
    index_items({}, timezone.now())
    assert ItemText.objects.count() == 2
    assert Intent.objects.filter(kind="index_items", done_at=None).count() == 1
    index_items({}, timezone.now())
    assert ItemText.objects.count() == 3
    assert SearchDue.objects.count() == 0
    assert plan_indexing(NOW) == 0


def test_other_projects_are_not_searched(store, search, project, cast):
    from annotations.projects import create_project
    from reviewapp.accounts.projects import ProjectSpec

    other = create_project(owner=cast.lea, spec=ProjectSpec(slug="sales", name="S"), rubric=None, actor=None, now=NOW)
    lines = cut_lines([ndjson(item("theirs", output="walrus"))])
    add_items(project=other, lines=lines, actor=None, now=NOW)
    store(item("ours", output="walrus"))
    assert search("walrus") == ["ours"]
    index_everything()
    assert search("walrus") == ["ours"]
    assert search("walrus", {"external_id": {"eq": "theirs"}}) == []
