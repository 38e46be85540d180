"""Items found: a page of 50 of a million, by filters and words, from the newest and from far back; and what it costs to
make items searchable.

`ITEMS` says how many (1,000,000). Each figure is the median and the slowest of several answers of the page in one
process, from the request to the last byte: session, rights, search, rows, HTML. Beside it the plainest page there is:
the newest items, unfiltered.
"""

import json
import os
import re
import statistics
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

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
        from django.conf import settings
        from django.test import override_settings

        plain_files = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        with override_settings(
            STORAGES={**settings.STORAGES, "staticfiles": plain_files}, ALLOWED_HOSTS=["testserver"]
        ):
            return _measure()


def _measure() -> list[Row]:
    from django.test import Client

    project, user = _fill()
    rows = [_index()]
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    plain, _ = _times(client, _address("", {}))
    for what, words, where in CASES:
        rows.append(_row(what, *_times(client, _address(words, where)), plain=plain))
    for what, words, where in CASES[:3]:
        rows.append(
            _row(f"{what}, from behind 900,000 items", *_times(client, _behind(project, words, where)), plain=plain)
        )
    for what, words, where in (CASES[0], CASES[1], CASES[11], CASES[13]):
        rows.append(_counted(what, client, _address(words, where).replace("/items", "/item-count")))
    return rows


def _address(words: str, where: dict[str, Any], **more: str) -> str:
    asked = {"q": words, "where": json.dumps(where) if where else "", **more}
    return f"/p/bench/items?{urlencode({name: value for name, value in asked.items() if value})}"


def _behind(project: Any, words: str, where: dict[str, Any]) -> str:
    """Return the address of a page that begins behind nine tenths of the items."""
    from django.db import connection

    from reviewapp.http.paging import write_cursor

    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM sampling_item ORDER BY id DESC OFFSET %s LIMIT 1", [ITEMS * 9 // 10])
        (behind,) = cursor.fetchone()
    asked = json.dumps(where) if where else ""
    cursor_text = write_cursor([behind, 0], of=f"items-page:{project.pk}:{asked}:{words}")
    return _address(words, where, cursor=cursor_text)


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
    return project, user


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


def _times(client: Any, address: str) -> tuple[list[float], str]:
    """Return the seconds of each answer, and what the page says it found."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        response = client.get(address)
        times.append(time.perf_counter() - started)
        assert response.status_code == 200, response.content
    text = response.content.decode()
    looked = re.search(r"Looked at ([\d,]+) items", text)
    return times, f"{text.count('data-item>')} found" + (f" in {looked[1]} looked at, goes on" if looked else "")


def _row(what: str, times: list[float], found: str, *, plain: list[float]) -> Row:
    return Row(
        f"{what}: {found}",
        f"{statistics.median(times) * 1e3:,.0f} ms, slowest {max(times) * 1e3:,.0f} ms",
        f"unfiltered {statistics.median(plain) * 1e3:,.0f} ms",
        "≤ 300 ms",
    )


def _counted(what: str, client: Any, address: str) -> Row:
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        words = client.get(address).json()["words"]
        times.append(time.perf_counter() - started)
    return Row(f"counting {what}: {words}", f"{statistics.median(times) * 1e3:,.0f} ms", target="–")
