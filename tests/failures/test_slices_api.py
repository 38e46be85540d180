"""Where it fails, through the API and the page, against a computation of its own in this file."""

import json
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotations.failures import kept
from reviewapp.stats.multiple_testing import benjamini_hochberg
from reviewapp.stats.pass_rate.labels_only import labels_only
from reviewapp.stats.pass_rate.sample import labelled_sample
from reviewapp.stats.sampling.hash_numbers import hash_number
from tests.failures.test_failure_modes_api import NDJSON, label
from tests.sampling.lines import item, ndjson

URL, PAGE = "/projects/helpdesk/slices", "/p/helpdesk/quality/slices"


def facts_of(n):
    """German items of version 2 fail; version 2 always runs model m2; one item in ten has no topic; ids are many."""
    topic = {} if n % 10 == 0 else {"topic": ("billing", "shipping")[n // 2 % 2]}
    version = 1 + n % 2
    return {
        "system_version": f"v{version}",
        "model": f"m{version}",
        "metadata": {"language": ("de", "en", "en")[n % 3], **topic, "id": n, "tags": ["x"], "vip": n % 2 == 0},
    }


def fails(n):
    return (n % 2 == 1 and n % 3 == 0) or n % 17 == 0


@pytest.fixture
def drawn(cast, project, api_of):
    """Two hundred items; German ones are drawn with 1, others with ½; those drawn are labelled."""
    client = api_of(cast.lea)
    rule = {"name": "German", "when": {"metadata.language": {"eq": "de"}}, "rate": 1}
    client.put("/projects/helpdesk/plan", {"base_rate": 0.5, "rules": [rule]})
    client.post("/projects/helpdesk/items", ndjson(*(item(f"i{n}", **facts_of(n)) for n in range(200))), **NDJSON)
    chosen = [n for n in range(200) if hash_number(project.sampling_salt, f"i{n}") < chance(n)]
    label(client, {f"i{n}": {"verdict": "fail" if fails(n) else "pass"} for n in chosen})
    return chosen


def chance(n):
    return 1 if n % 3 == 0 else 0.5


def read(found):
    return {tuple((each["fact"], each["value"]) for each in row["conditions"]): row for row in found["slices"]}


def test_slices_are_weighted_ranked_tested_and_lead_to_their_items(cast, drawn, api_of):
    client = api_of(cast.lea)
    found = client.get(URL)
    assert found["facts"] == ["system_version", "model", "metadata.language", "metadata.topic", "metadata.vip"]
    rows = read(found)
    weight = {n: 1 / chance(n) for n in drawn}

    def rate(ids):
        return sum(weight[n] for n in ids if fails(n)) / sum(weight[n] for n in ids)

    inside = [n for n in drawn if n % 6 == 3]
    rest = [n for n in drawn if n % 6 != 3]
    worst = (rows["system_version", "v2"],) = (rows[("system_version", "v2"), ("metadata.language", "de")],)
    worst = rows[("system_version", "v2"), ("metadata.language", "de")]
    assert worst["failure_rate"]["value"] == rate(inside) == 1
    assert worst["share"] == pytest.approx(sum(weight[n] for n in inside) / sum(weight.values()))
    assert worst["explained"] == pytest.approx(rate(drawn) - rate(rest))
    assert worst["rest_rate"] == pytest.approx(rate(rest))
    assert (worst["found"], worst["kind"], worst["n"], worst["n_fails"]) == (True, "pair", len(inside), len(inside))
    assert worst["where"] == {"system_version": {"eq": "v2"}, "metadata.language": {"eq": "de"}}
    assert all(fails(int(name[1:])) for name in worst["examples"])
    single = rows[(("system_version", "v2"),)]
    assert single["same_as"] == [{"fact": "model", "value": "m2"}, {"fact": "metadata.vip", "value": False}]
    odd = [n for n in drawn if n % 2]
    own = labels_only(labelled_sample([fails(n) for n in odd], [chance(n) for n in odd]), population="process")
    shown = [single["failure_rate"][name] for name in ("value", "low", "high")]
    assert shown == pytest.approx([own.value, own.low, own.high])
    assert single["shrunken"]["warnings"]
    assert [row["explained"] for row in found["slices"]] == sorted(
        (r["explained"] for r in found["slices"]), reverse=True
    )
    unknown = rows.get((("metadata.topic", None),))
    assert unknown is None or unknown["where"] == {"metadata.topic": {"exists": False}}

    alone = client.get(f"{URL}?pairs=false")
    assert {row["kind"] for row in alone["slices"]} == {"value"}
    assert alone["n_tested"] < found["n_tested"]
    # Every single slice that was tested, adjusted again here: its p-values are those of the whole family only.
    p = np.array([row["p_value"] for row in alone["slices"]])
    padded = np.concatenate([p, np.ones(alone["n_tested"] - p.size)])
    adjusted = benjamini_hochberg(padded).adjusted[: p.size]
    first = int(np.argmin(p))
    assert alone["slices"][first]["adjusted"] <= adjusted[first] + 1e-12
    items = client.get("/projects/helpdesk/items", data={"where": json.dumps(worst["where"]), "limit": 500})
    assert {row["external_id"] for row in items["results"]} == {f"i{n}" for n in range(200) if n % 6 == 3}
    assert client.get(f"{URL}?question=note", status=422)["error"]["code"] == "not_pass_fail"


def test_the_page_leads_to_a_drafted_rule_and_to_a_dataset(cast, drawn, api_of, browser_of):
    client = api_of(cast.lea)
    client.post("/projects/helpdesk/failure-modes", {"name": "Tone"}, status=201)
    lea = browser_of(cast.lea)
    page = lea.get(PAGE).content.decode()
    for words in (
        "system_version is “v2” and metadata.language is “de”",
        "fails more",
        "the same items: model is “m2”",
        "Tone",
    ):
        assert words in page
    links = [urlsplit(part.split('"')[0].replace("&amp;", "&")) for part in page.split('href="')[1:]]
    when = {"system_version": {"eq": "v2"}, "metadata.language": {"eq": "de"}}
    plans = [link for link in links if link.path == "/p/helpdesk/plan" and link.query]
    plan = next(link for link in plans if json.loads(parse_qs(link.query)["when"][0]) == when)
    datasets = [link for link in links if link.path == "/p/helpdesk/datasets" and link.query]
    assert when in [json.loads(parse_qs(link.query)["where"][0]) for link in datasets]
    drafted = lea.get(f"{plan.path}?{plan.query}").content.decode()
    assert "system_version is “v2” and metadata.language is “de”" in drafted
    assert 'name="rules-1-rate" inputmode="decimal" autocomplete="off" value="50"' in drafted
    for nonsense in ("when=nonsense", "when={}&rate=x", "when=%7B%7D&rate=7"):
        assert "rules-1-rate" not in lea.get(f"{plan.path}?{nonsense}").content.decode()
    vic = browser_of(cast.vic).get(PAGE).content.decode()
    assert "Sample this more" not in vic
    assert "Make a dataset of it" in vic


def test_empty_pages_say_what_is_missing_and_who_may_see_them(cast, project, api_of, browser_of):
    assert "Nothing is labelled yet" in browser_of(cast.vic).get(PAGE).content.decode()
    client = api_of(cast.lea)
    client.post("/projects/helpdesk/items", ndjson(item("a"), item("b")), **NDJSON)
    label(client, {"a": {"verdict": "pass"}, "b": {"verdict": "pass"}})
    assert "No fact tells the labelled items apart" in browser_of(cast.vic).get(PAGE).content.decode()
    client.put("/projects/helpdesk/rubric", {"questions": [{"key": "note", "kind": "text", "title": "Note"}]})
    assert "Nothing can fail here" in browser_of(cast.vic).get(PAGE).content.decode()
    assert browser_of(cast.rui).get(PAGE).status_code == 403
    assert browser_of(cast.stan).get(PAGE).status_code == 404


def test_slices_of_many_labels_are_kept_for_a_minute(cast, drawn, api_of, monkeypatch):
    client = api_of(cast.lea)
    before = client.get(URL)
    monkeypatch.setattr(kept, "MANY", 10)
    first, again = client.get(URL), client.get(URL)
    assert first == again
    assert first["as_of"] > before["as_of"]
    assert client.get(f"{URL}?pairs=false")["as_of"] > first["as_of"]


def test_it_asks_the_database_the_same_at_any_size(cast, project, api_of, browser_of):
    client, counts = api_of(cast.lea), []
    for n in (3, 300):
        client.post("/projects/helpdesk/items", ndjson(*(item(f"i{k}", **facts_of(k)) for k in range(n))), **NDJSON)
        label(client, {f"i{k}": {"verdict": "fail" if fails(k) else "pass", "note": f"wrong {k}"} for k in range(n)})
        with CaptureQueriesContext(connection) as asked:
            browser_of(cast.vic).get(PAGE)
        with CaptureQueriesContext(connection) as read:
            assert browser_of(cast.vic).get("/p/helpdesk/quality/errors").status_code == 200
        counts.append((len(asked), len(read)))
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 38
