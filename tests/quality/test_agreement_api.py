"""Agreement over the API, from labels as they come in to the figures; expected values are worked out beside them."""

import pytest

from reviewapp.http.lines import Line
from sampling.ingest.add import add_items
from tests.conftest import NOW
from tests.sampling.lines import item, ndjson
from tests.stats.reference import vector

URL = "/projects/helpdesk/agreement"
QUESTIONS = [
    {
        "key": "verdict",
        "kind": "choice",
        "title": "Is it right?",
        "options": [{"value": "pass", "label": "Yes"}, {"value": "fail", "label": "No"}],
        "positive": ["pass"],
        "required": False,
    },
    {"key": "tone", "kind": "rating", "title": "Tone", "min": 1, "max": 4, "required": False},
    {
        "key": "claims",
        "kind": "spans",
        "title": "Claims",
        "target": "output",
        "tags": [{"value": "wrong", "label": "Wrong"}, {"value": "vague", "label": "Vague"}],
        "required": False,
    },
    {
        "key": "topics",
        "kind": "multi_choice",
        "title": "Topics",
        "options": [{"value": "price", "label": "Price"}, {"value": "time", "label": "Time"}],
        "required": False,
    },
    {"key": "why", "kind": "text", "title": "Why", "required": False},
]


@pytest.fixture
def lea(cast, project, api_of):
    client = api_of(cast.lea)
    client.put("/projects/helpdesk/rubric", {"questions": QUESTIONS})
    return client


def give(client, rows, key="verdict", **fields):
    """Send items named like the rows' keys, and the labels of each row by reviewer."""
    client.post("/projects/helpdesk/items", {"items": [item(name, **fields) for name in rows]})
    labels = [
        {"external_id": name, "reviewer": reviewer, "answers": {key: answer}}
        for name, answers in rows.items()
        for reviewer, answer in answers.items()
    ]
    result = client.post("/projects/helpdesk/labels/import", ndjson(*labels), content_type="application/x-ndjson")
    assert result["rejected"] == 0, result


def test_two_reviewers_by_hand(lea):
    """Eight items, 6 agree (4 pass, 2 fail), 2 differ: p_a = 6/8.

    Marginals: 10 pass, 6 fail of 16. Alpha: D_o = 4/16, D_e = 2·10·6/(16·15) = .5, so 1 - .25/.5 = .5.
    AC1: p_e = 2 · 10/16 · 6/16 = .46875, (.75 - .46875)/.53125 = .5294. Scott's pi (Fleiss of two):
    p_e = .390625 + .140625 = .53125, (.75 - .53125)/.46875 = .4667. Kappa: a passes 6, b 4 of 8: p_e =
    .375 + .125 = .5 and (.75 - .5)/.5 = .5.
    """
    pairs = ["pp", "pp", "pp", "pp", "ff", "ff", "pf", "pf"]
    word = {"p": "pass", "f": "fail"}
    give(lea, {f"i{n}": {"ann": word[pair[0]], "bob": word[pair[1]]} for n, pair in enumerate(pairs)})
    found = lea.get(URL)
    assert (found["n_items"], found["n_items_multi"], found["n_labels"], found["n_reviewers"]) == (8, 8, 16, 2)
    assert found["percent"]["value"] == pytest.approx(0.75)
    assert found["krippendorff_alpha"]["value"] == pytest.approx(0.5)
    assert found["gwet_ac"]["value"] == pytest.approx(0.5294, abs=1e-4)
    assert found["fleiss_kappa"]["value"] == pytest.approx(0.4667, abs=1e-4)
    assert found["prevalence"]["pass"]["value"] == pytest.approx(10 / 16)
    assert found["per_category"]["fail"]["value"] == pytest.approx(4 / 6)
    (pair,) = found["pairs"]
    assert (pair["a"], pair["b"], pair["n"]) == ("ann", "bob", 8)
    assert (pair["percent"]["value"], pair["cohen_kappa"]["value"]) == (pytest.approx(0.75), pytest.approx(0.5))
    assert [(each["reviewer"], each["n"]) for each in found["reviewers"]] == [("ann", 8), ("bob", 8)]
    assert found["krippendorff_alpha"]["low"] < 0.5 < found["krippendorff_alpha"]["high"]


def test_without_a_second_label_there_is_a_reason_and_no_number(lea):
    found = lea.get(URL)
    assert (found["n_items"], found["krippendorff_alpha"]["value"]) == (0, None)
    give(lea, {"a": {"ann": "pass"}, "b": {"bob": "fail"}})
    found = lea.get(URL)
    assert (found["n_items"], found["n_items_multi"]) == (2, 0)
    assert (found["krippendorff_alpha"]["value"], found["krippendorff_alpha"]["undefined"]) == (None, "no_pairs")
    assert found["pairs"] == []


def test_a_rating_is_ordinal_and_interval_on_request(lea):
    """Two items (1, 2) and (4, 4). Values 1, 2, 4, 4; n = 4.

    Interval: o = (1·1 + 1·1) for the pair (1,2): Σ o d = 2 · 1 = 2, D_o = 2/4. D_e = Σ_{c<k} 2 n_c n_k d² / (4·3) =
    2(1 + 2·9 + 2·4)/12 = 54/12, alpha = 1 - .5/4.5 = .8889.
    """
    give(lea, {"a": {"ann": 1, "bob": 2}, "b": {"ann": 4, "bob": 4}}, key="tone")
    assert lea.get(f"{URL}?question=tone")["level"] == "ordinal"
    found = lea.get(f"{URL}?question=tone&level=interval")
    assert (found["level"], found["krippendorff_alpha"]["value"]) == ("interval", pytest.approx(8 / 9))
    refused = lea.get(f"{URL}?question=verdict&level=interval", status=422)
    assert refused["error"]["fields"][0]["path"] == "level"


def test_spans_by_f1_and_characters(lea):
    """One text: ann marks [0, 4) and [5, 10), bob [0, 4) and [6, 10) with the same tag: of two spans each, one exact
    match (2·1/4) and two overlaps, as 4/5 ≥ ½ (2·2/4)."""
    one = [{"start": 0, "end": 4, "tag": "wrong"}, {"start": 5, "end": 10, "tag": "wrong"}]
    other = [{"start": 0, "end": 4, "tag": "wrong"}, {"start": 6, "end": 10, "tag": "wrong"}]
    give(lea, {"a": {"ann": one, "bob": other}}, key="claims", output="Gold is blue")
    found = lea.get(f"{URL}?question=claims")
    assert (found["f1_exact"]["value"], found["f1_overlap"]["value"]) == (pytest.approx(0.5), pytest.approx(1))
    assert found["spans"]["f1_exact"] == found["f1_exact"]
    # Twelve characters, two labels each: 22 coincide, and one differs both ways; 17 wrong, 7 outside.
    assert found["character_alpha"]["value"] == pytest.approx(1 - (2 / 24) / (2 * 17 * 7 / (24 * 23)))
    assert (found["krippendorff_alpha"], found["level"]) == (None, None)


def test_the_order_of_several_options_says_nothing(lea):
    give(lea, {"a": {"ann": ["price", "time"], "bob": ["time", "price"]}, "b": {"ann": [], "bob": []}}, key="topics")
    assert lea.get(f"{URL}?question=topics")["percent"]["value"] == 1


def test_segments_windows_and_filters_narrow_the_items(lea):
    agreed, differing = {"ann": "pass", "bob": "pass"}, {"ann": "pass", "bob": "fail"}
    give(lea, {"a": agreed, "b": differing}, system_version="v1")
    give(lea, {"c": agreed, "d": agreed}, system_version="v2")
    give(lea, {"e": differing})
    found = lea.get(f"{URL}?segment=system_version")
    assert [(each["value"], each["n_items"], each["percent"]["value"]) for each in found["segments"]] == [
        ("v1", 2, 0.5),
        ("v2", 2, 1),
        (None, 1, 0),
    ]
    only = lea.get(URL + '?where={"system_version":{"eq":"v2"}}')
    assert (only["n_items"], only["n_labels"]) == (2, 4)
    assert lea.get(f"{URL}?from=2099-01-01T00:00:00Z")["n_items"] == 0
    assert lea.get(f"{URL}?from=2099-01-01")["n_items"] == 0
    assert lea.get(f"{URL}?to=2099-01-01T00:00:00Z")["n_items"] == 5
    assert lea.get(f"{URL}?segment=colour", status=422)["error"]["fields"][0]["path"] == "segment"


def test_weighted_speaks_of_drawn_items_only(lea):
    rule = {"name": "risky", "when": {"metadata.risk": {"eq": "high"}}, "rate": 1}
    lea.put("/projects/helpdesk/plan", {"base_rate": 0, "rules": [rule]})
    give(lea, {"a": {"ann": "pass", "bob": "pass"}}, metadata={"risk": "high"})
    give(lea, {"b": {"ann": "pass", "bob": "fail"}}, metadata={"risk": "low"})
    assert lea.get(URL)["n_items"] == 2
    found = lea.get(f"{URL}?weighted=true&segment=metadata.risk")
    assert (found["weighted"], found["n_items"], found["segments"][0]["value"]) == (True, 1, "high")


def test_withdrawn_and_superseded_labels_are_out(lea):
    give(lea, {"a": {"ann": "pass", "bob": "fail"}})
    again = [{"external_id": "a", "reviewer": "bob", "answers": {"verdict": "pass"}}]
    lea.post("/projects/helpdesk/labels/import", again)
    assert lea.get(URL)["percent"]["value"] == 1


def test_unknown_questions_and_too_many_answers_are_refused(lea, monkeypatch):
    assert lea.get(f"{URL}?question=nope", status=422)["error"]["fields"][0]["path"] == "question"
    monkeypatch.setattr("annotations.quality.agreement.MAX_CATEGORIES", 2)
    give(lea, {name: {"ann": name} for name in "abc"}, key="why")
    assert lea.get(f"{URL}?question=why", status=422)["error"]["code"] == "too_many_categories"


def test_a_sampler_upstream_that_is_known_of_some_items_only_is_left_out_of_all(lea, project):
    """People agree on a, of which a sampler kept a tenth, and not on b: 10 of 11. Of a third nobody knows."""
    give(lea, {"a": {"ann": "pass", "bob": "pass"}}, sampling_probability=0.1)
    give(lea, {"b": {"ann": "pass", "bob": "fail"}})
    assert lea.get(f"{URL}?weighted=true")["percent"]["value"] == pytest.approx(10 / 11)
    add_items(project=project, lines=[Line(1, item("c"))], actor=None, now=NOW, sampling_probability=None)
    rows = [{"external_id": "c", "reviewer": who, "answers": {"verdict": "pass"}} for who in ("ann", "bob")]
    lea.post("/projects/helpdesk/labels/import", rows)
    assert lea.get(f"{URL}?weighted=true")["percent"]["value"] == pytest.approx(2 / 3)


def test_versions_weeks_confusions_and_disputed_items(lea):
    """a: pass, pass, fail (disagreement 1 - 1/3); b: pass, fail (1 - 0); c: pass, pass.

    Of the three pairs that differ all are pass/fail, in two items. What was said under the second rubric is c only.
    """
    give(lea, {"a": {"ann": "pass", "bob": "pass", "cy": "fail"}, "b": {"ann": "pass", "bob": "fail"}})
    lea.put("/projects/helpdesk/rubric", {"questions": QUESTIONS})
    lea.post("/projects/helpdesk/items", {"items": [item("c")]})
    late = [
        {"external_id": "c", "reviewer": name, "answers": {"verdict": "pass"}, "created_at": "2026-01-11T23:59:59.600Z"}
        for name in ("ann", "bob")
    ]
    lea.post("/projects/helpdesk/labels/import", late)
    found = lea.get(URL)
    assert [(each["rubric_version"], each["n_items"], each["percent"]["value"]) for each in found["versions"]] == [
        (3, 1, 1),
        (2, 2, pytest.approx((1 / 3 + 0) / 2)),
    ]
    assert (found["weeks"][0]["week"], found["weeks"][0]["n_items"]) == ("2026-01-05", 1)
    assert found["weeks"][1]["n_items"] == 2
    assert found["confused"] == [{"a": "pass", "b": "fail", "n_items": 2, "n_pairs": 3, "share": 1}]
    disputed = [(each["external_id"], each["n_labels"], each["disagreement"]) for each in found["disagreements"]]
    assert disputed == [("b", 2, 1), ("a", 3, pytest.approx(2 / 3))]
    assert found["disagreements"][1]["answers"] == [{"answer": "pass", "n": 2}, {"answer": "fail", "n": 1}]
    assert found["as_of"]
    give(lea, {"d": {"ann": 1, "bob": 4}, "e": {"ann": 2, "bob": 3}}, key="tone")
    ratings = lea.get(f"{URL}?question=tone")["disagreements"]
    assert [(each["external_id"], each["disagreement"]) for each in ratings] == [("d", 1), ("e", pytest.approx(1 / 9))]


CODES = [{"value": str(code), "label": str(code)} for code in range(1, 6)]


@pytest.mark.parametrize(
    ("name", "field", "question", "query"),
    [
        ("krippendorff_alpha_4x12_nominal", "krippendorff_alpha", "code", ""),
        ("krippendorff_alpha_4x12_ordinal", "krippendorff_alpha", "stars", ""),
        ("krippendorff_alpha_4x12_interval", "krippendorff_alpha", "stars", "&level=interval"),
        ("fleiss_1971_30x6", "fleiss_kappa", "code", ""),
        ("cohen_2x2_textbook", "cohen_kappa", "code", ""),
    ],
)
def test_published_figures_through_the_api(cast, project, api_of, name, field, question, query):
    client = api_of(cast.lea)
    questions = [
        {"key": "code", "kind": "choice", "title": "Code", "options": CODES, "required": False},
        {"key": "stars", "kind": "rating", "title": "Stars", "min": 1, "max": 5, "required": False},
    ]
    client.put("/projects/helpdesk/rubric", {"questions": questions})
    inputs, expected = vector(name)["inputs"], vector(name)["expected"]
    if "ratings_observer_by_unit" in inputs:
        units = list(zip(*inputs["ratings_observer_by_unit"], strict=True))
    elif "counts_subject_by_category" in inputs:
        units = [
            [code for code, n in enumerate(row, start=1) for _ in range(n)]
            for row in inputs["counts_subject_by_category"]
        ]
    else:
        table = inputs["table_rater1_rows_rater2_cols"]
        units = [(a + 1, b + 1) for a in range(2) for b in range(2) for _ in range(table[a][b])]
    rows = {
        f"u{index:02}": {
            f"r{rater}": str(code) if question == "code" else code
            for rater, code in enumerate(unit)
            if code is not None
        }
        for index, unit in enumerate(units)
    }
    give(client, rows, key=question)
    found = client.get(f"{URL}?question={question}{query}")
    value = found["pairs"][0]["cohen_kappa"] if field == "cohen_kappa" else found[field]
    assert value["value"] == pytest.approx(_expected(expected), abs=1e-4)


def _expected(expected):
    return next(value for key, value in expected.items() if key in {"alpha", "fleiss_kappa", "kappa"})
