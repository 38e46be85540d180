"""Searching items over the API."""

from urllib.parse import quote

import orjson
import pytest

from reviewapp.http.lines import cut_lines
from sampling.ingest.add import add_items
from tests.conftest import NOW
from tests.sampling.lines import item, ndjson

URL = "/projects/helpdesk/items"


@pytest.fixture
def store(project):
    """`store(item, …)`: the items are stored."""
    return lambda *items: add_items(project=project, lines=cut_lines([ndjson(*items)]), actor=None, now=NOW)


class TestApi:
    @pytest.fixture
    def vic(self, cast, api_of):
        return api_of(cast.vic, "read")

    def test_words_and_filter_narrow_the_list_together(self, store, vic):
        store(item("a", output="late"), item("b", output="late", latency_ms=5), item("c", latency_ms=5))
        where = quote(orjson.dumps({"latency_ms": {"eq": 5}}).decode())
        assert [row["external_id"] for row in vic.get(f"{URL}?q=late")["results"]] == ["b", "a"]
        assert [row["external_id"] for row in vic.get(f"{URL}?q=late&where={where}")["results"]] == ["b"]

    def test_a_cursor_belongs_to_its_words(self, store, vic):
        store(item("a", output="late"), item("b", output="late"))
        cursor = vic.get(f"{URL}?q=late&limit=1")["next"]
        assert [row["external_id"] for row in vic.get(f"{URL}?q=late&limit=1&cursor={cursor}")["results"]] == ["a"]
        assert vic.get(f"{URL}?q=early&cursor={cursor}", status=400)["error"]["code"] == "bad_cursor"

    def test_the_whole_list_streams_as_json_lines(self, store, vic):
        store(*(item(f"i{number}", output="late" if number % 2 else "x") for number in range(9)))
        lines = vic.get(f"{URL}?q=late&format=jsonl").splitlines()
        assert [orjson.loads(line)["external_id"] for line in lines] == ["i7", "i5", "i3", "i1"]
        assert vic.get(f"{URL}?q=never&format=jsonl") == b""

    def test_a_search_may_have_500_characters(self, vic):
        assert vic.get(f"{URL}?q={'x' * 501}", status=422)["error"]["fields"][0]["path"] == "q"
