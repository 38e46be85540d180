"""Items found: a page of 50 of a million, by filters and words, from the newest and from far back; and what it costs to
make items searchable.

`ITEMS` says how many (1,000,000). Each figure is the median and the slowest of several runs, as the list's page asks:
finding the ids and reading what its rows show. Beside it the plainest page there is: the newest items, unfiltered.
"""

import os
import statistics
import time
from datetime import UTC, datetime
from typing import Any

from tests.benchmarks.rows import Row
from tests.benchmarks.serving import prepared_database

ITEMS = int(os.environ.get("ITEMS", "1000000"))
RUNS = 7

# Sentences of a vocabulary in which few words are frequent and most are rare, as in any language.
SENTENCES = """
CREATE TEMPORARY TABLE sentence AS
SELECT id, string_agg('w' || floor(20000 * power(random(), 5))::int, ' ') AS words
FROM generate_series(1, 20000) id CROSS JOIN generate_series(1, 12) word GROUP BY id
"""
FILL = """
INSERT INTO sampling_item (id, project_id, external_id, input, output, received_at, system_version, latency_ms,
    user_ref, session_ref, trace_id, feedback, metadata)
SELECT next_item_id(), %(project)s, 'item-' || n, to_jsonb(a.words || ' order ' || n),
    to_jsonb(b.words || ' ' || c.words), now() - (%(items)s - n) * interval '1 second', 'v' || n %% 3,
    200 + 3000 * random(), 'u' || n / 25, 's' || n / 4,
    md5(n::text), CASE WHEN n %% 20 = 0 THEN -1 END,
    jsonb_build_object('tier', (ARRAY['gold', 'silver', 'basic'])[1 + n %% 3], 'topic', 't' || n %% 50, 'order', n,
        'month', n * 12 / %(items)s)
FROM generate_series(%(from)s, %(to)s) s (n)
JOIN sentence a ON a.id = 1 + (hashint4(s.n) & 16383)
JOIN sentence b ON b.id = 1 + (hashint4(s.n + 1) & 16383)
JOIN sentence c ON c.id = 1 + (hashint4(s.n + 2) & 16383)
ORDER BY s.n
"""
FACTS = """
INSERT INTO sampling_itemfact (item_id, name, value, recorded_at)
SELECT id, 'checks.json', CASE WHEN id % 97 = 0 THEN '"fail"' ELSE '"pass"' END::jsonb, now() FROM sampling_item
"""
CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("no filter", "", {}),
    ("a frequent word", "w1", {}),
    ("two words of middling frequency", "w700 w90", {}),
    ("a rare word", "w19870", {}),
    ("a number that occurs once", "777777", {}),
    ("a word that occurs nowhere", "zebra", {}),
    ("a phrase", '"w5 w17"', {}),
    ("the beginning of many words", "w1 w2 w3 w19", {}),
    ("one user of 40,000", "", {"user_ref": {"eq": "u777"}}),
    ("one value of metadata, in one item", "", {"metadata.order": {"eq": 4321}}),
    ("a value only old items have", "", {"metadata.month": {"eq": 1}}),
    ("a value and a range", "", {"metadata.tier": {"eq": "gold"}, "latency_ms": {"gt": 3150}}),
    ("a failed check (1 %)", "", {"checks.json": {"eq": "fail"}}),
    ("a range that nothing is in", "", {"latency_ms": {"gt": 99999}}),
    ("a part of a text that occurs nowhere", "", {"output": {"contains": "zebra"}}),
    ("a word and a value", "w19870", {"metadata.tier": {"eq": "gold"}}),
]


def measure() -> list[Row]:
    """Return the rows of the table."""
    with prepared_database():
        project = _fill()
        rows = [_index()]
        plain, _ = _times("", {}, project)
        rows += [_row(what, *_times(words, where, project), plain=plain) for what, words, where in CASES]
        return rows


def _fill() -> Any:
    from django.db import connection

    from annotations.projects import create_project
    from reviewapp.accounts.models import User
    from reviewapp.accounts.projects import ProjectSpec

    user = User.objects.create(username="olga")
    spec = ProjectSpec(slug="bench", name="Bench")
    project = create_project(owner=user, spec=spec, rubric=None, actor=None, now=datetime.now(UTC))
    with connection.cursor() as cursor:
        cursor.execute(SENTENCES)
        for start in range(1, ITEMS + 1, 10_000):
            end = min(start + 9_999, ITEMS)
            cursor.execute(FILL, {"project": project.pk, "items": ITEMS, "from": start, "to": end})
        cursor.execute(FACTS)
        cursor.execute("VACUUM ANALYZE sampling_item, sampling_itemfact, sampling_searchdue")
    return project


def _index() -> Row:
    from django.db import connection

    from sampling.items.text_index import index_due_items

    started, done = time.perf_counter(), 0
    while (count := index_due_items()) is not None:
        done += count
    seconds = time.perf_counter() - started
    assert done == ITEMS
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE sampling_itemtext")
        cursor.execute(
            "SELECT pg_table_size('sampling_itemtext'), pg_relation_size('item_words'), pg_table_size('sampling_item')"
        )
        text, index, items = cursor.fetchone()
    return Row(
        f"making {ITEMS:,} items searchable",
        f"{ITEMS / seconds:,.0f} items/s; texts {text / 1e6:,.0f} MB, index {index / 1e6:,.0f} MB",
        f"the items themselves {items / 1e6:,.0f} MB",
    )


def _times(words: str, where: dict[str, Any], project: Any) -> tuple[list[float], Any]:
    from sampling.items.find import Search, find_items
    from sampling.items.read import list_items
    from sampling.items.text_query import parse_text
    from sampling.plans.filters import parse_filter

    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        search = Search(project.pk, where=parse_filter(where), text=parse_text(words))
        found = find_items(search, limit=50)
        list_items(found.ids)
        times.append(time.perf_counter() - started)
    return times, found


def _row(what: str, times: list[float], found: Any, *, plain: list[float]) -> Row:
    how = f"{len(found.ids)} found" + ("" if found.full else f" in the newest {found.searched:,}, goes on")
    return Row(
        f"{what}: {how}",
        f"{statistics.median(times) * 1e3:,.0f} ms, slowest {max(times) * 1e3:,.0f} ms",
        f"unfiltered {statistics.median(plain) * 1e3:,.0f} ms",
        "≤ 300 ms",
    )
