"""Freezing through the API: what a recipe chooses, and that a version never changes; worked out beside."""

import hashlib
from collections import Counter

import orjson
import pytest
from django.db import DatabaseError, transaction

from annotations.datasets.duplicates import clusters_of_similar
from annotations.datasets.freeze import freeze_in_background, freeze_version
from annotations.datasets.read import get_dataset
from annotations.given_up import end_given_up
from annotations.judges.pairs import SHARES, SPLITS
from annotations.models import DatasetRow, DatasetVersion
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.audit.models import AuditEvent
from reviewapp.jobs.models import Intent
from reviewapp.stats.sampling.splits import hash_split
from sampling.draws.numbers import purpose_salt
from tests.conftest import NOW
from tests.datasets.world import NDJSON, URL, bring, conversations, export, freeze
from tests.sampling.lines import ndjson


@pytest.fixture
def lea(cast, project, api_of):
    client = api_of(cast.lea)
    client.post(f"{URL}/datasets", {"name": "evals"}, status=201)
    return client


def rows_of(data):
    return {row["external_id"]: row for row in map(orjson.loads, data.splitlines())}


def test_a_version_holds_the_canonical_rows_and_its_hash_is_that_of_its_lines(lea, cast):
    items = conversations(4, session_ref="s-1", metadata={"intent": "track"}, context=["Parcels take a day."])
    bring(lea, items, {"q-000": ["pass"], "q-001": ["pass", "pass", "fail"], "q-002": ["fail", "pass"]})
    made = freeze(lea, resolution="majority", splits={}, tags=["smoke"])
    data = export(lea)
    assert made == {"version": 1, "sha256": hashlib.sha256(data).hexdigest(), "rows": 2, "state": "frozen"}
    assert orjson.loads(data.splitlines()[1]) == {
        "external_id": "q-001",
        "input": "Question number 1 about parcel 1?",
        "output": "On its way.",
        "context": ["Parcels take a day."],
        "metadata": {"intent": "track"},
        "expected": "pass",
        "answers": {"verdict": "pass"},
        "split": None,
        "n_labels": 3,
        "agreement": 0.666667,
        "weight": 1.0,
    }
    assert rows_of(data)["q-000"]["agreement"] is None
    told = lea.get(f"{URL}/datasets/evals/versions/smoke")
    assert told["manifest"]["figures"]["dropped"] == {"unresolved": 1}
    # One row with three labels, of which one pair of three agrees: no interval from a single row.
    agreement = told["manifest"]["figures"]["agreement"]
    assert (agreement["n_items"], agreement["mean"], agreement["percent"]["value"]) == (
        1,
        0.666667,
        pytest.approx(1 / 3),
    )
    assert (told["version"], told["erased"], told["manifest"]["frozen_by"]) == (1, 0, "lea")
    row = DatasetRow.objects.get(external_id="q-001")
    assert row.provenance["people"] == ["zoe", "yan", "xia"]
    assert row.provenance["soft_labels"] == {"verdict": {"fail": 0.333333, "pass": 0.666667}}
    exported = AuditEvent.objects.get(action="dataset.exported")
    assert (exported.detail["rows"], exported.detail["sha256"]) == (2, made["sha256"])
    for change in (
        lambda: DatasetRow.objects.filter(pk=row.pk).update(row="{}"),
        lambda: DatasetRow.objects.filter(pk=row.pk).delete(),
        lambda: DatasetVersion.objects.update(sha256="0" * 64),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_rules_choose_and_say_what_they_left_out(lea, cast, project, api_of):
    bring(
        lea,
        conversations(5),
        {"q-000": ["pass"], "q-001": ["pass"] * 3 + ["fail"], "q-002": ["pass", "pass", "fail"], "q-003": ["fail"] * 2},
    )
    both = freeze(lea, resolution="majority", min_labels=3, min_agreement=0.7)
    assert list(rows_of(export(lea))) == ["q-001"]
    figures = lea.get(f"{URL}/datasets/evals/versions/1")["manifest"]["figures"]
    assert (both["rows"], figures["dropped"]) == (1, {"few_labels": 2, "low_agreement": 1})
    assert freeze(lea, resolution="agreed")["rows"] == 2
    lea.post("/items/q-002/resolve", {"project": "helpdesk", "answers": {"verdict": "fail"}})
    assert freeze(lea, resolution="adjudicated")["rows"] == 1
    assert rows_of(export(lea, version=3))["q-002"]["expected"] == "fail"
    picked = freeze(lea, where={"external_id": {"eq": "q-000"}}, also=["q-003"])
    origins = lea.get(f"{URL}/datasets/evals/versions/4")["manifest"]["figures"]["origins"]
    assert (picked["rows"], origins) == (2, {"chosen": 1, "sampled": 1})
    assert rows_of(export(lea, version=4))["q-003"]["weight"] is None


def test_groups_stay_together_and_the_same_recipe_gives_the_same_bytes(lea):
    items = [{**each, "session_ref": f"s-{k // 4}"} for k, each in enumerate(conversations(80))]
    bring(lea, items, {each["external_id"]: ["pass"] for each in items})
    shares = {"train": 0.5, "test": 0.5}
    first = freeze(lea, splits=shares)
    assert freeze(lea, splits=shares)["sha256"] == first["sha256"]
    rows = rows_of(export(lea))
    sides = Counter((k // 4, rows[f"q-{k:03}"]["split"]) for k in range(80))
    assert set(sides.values()) == {4}
    assert len(rows_of(export(lea, split="test"))) + len(rows_of(export(lea, split="train"))) == 80
    assert (
        lea.get(f"{URL}/datasets/evals/versions/1/export?split=dev", status=422)["error"]["fields"][0]["path"]
        == "split"
    )


def test_a_limit_is_spread_over_strata_and_weights_put_it_right(lea):
    """8 of each stratum: a row stands for as many candidates as there were for each, and twice, drawn at one half."""
    lea.put(f"{URL}/plan", {"base_rate": 0.5, "rules": []})
    items = [{**each, "metadata": {"intent": "lost" if k % 4 else "late"}} for k, each in enumerate(conversations(160))]
    bring(lea, items, {each["external_id"]: ["pass"] for each in items})
    freeze(lea, limit=16, stratify_by="metadata.intent", where={"metadata.intent": {"in": ["lost", "late"]}})
    rows = rows_of(export(lea))
    taken = Counter(row["metadata"]["intent"] for row in rows.values())
    assert taken == {"lost": 8, "late": 8}
    drawn = {row["external_id"] for row in lea.get(f"{URL}/resolutions?limit=500")["results"] if row["probability"]}
    population = Counter(each["metadata"]["intent"] for each in items if each["external_id"] in drawn)
    for row in rows.values():
        expected = 2 * population[row["metadata"]["intent"]] / 8
        assert row["weight"] == pytest.approx(expected)


def test_duplicates_fall_together_and_carry_their_weight(lea):
    long = "Please tell me where my parcel with the blue ribbon is, I have waited for nine whole days now"
    texts = ["Same?", "Same?", long, f"{long}!!", f"{long} and I am angry", "Another thing altogether, thanks"]
    items = [{**each, "input": text} for each, text in zip(conversations(6), texts, strict=True)]
    bring(lea, items, {each["external_id"]: ["pass"] for each in items})
    assert freeze(lea, dedupe="exact")["rows"] == 5
    assert freeze(lea, dedupe="near", near=0.8)["rows"] == 3
    weights = sorted(row["weight"] for row in rows_of(export(lea, version=2)).values())
    assert weights == [1, 2, 3]
    # Of 16 runs of three words in the long one, 13 + 3 are in both: 17/20 alike.
    assert clusters_of_similar([long, f"{long} and I am angry"], threshold=0.9) == [0, 1]
    assert clusters_of_similar(["", "", "!"], threshold=0.5) == [0, 1, 2]


@pytest.mark.parametrize(
    ("recipe", "path"),
    [
        ({"splits": {"train": 0.5}}, "splits"),
        ({"splits": {"all": 1.0}}, "splits.all"),
        ({"stratify_by": "nonsense"}, "stratify_by"),
        ({"limit": 0}, "limit"),
        ({"where": {"nonsense": {"eq": 1}}}, "where.nonsense"),
        ({"exclude_judge_train": ["nobody"]}, "exclude_judge_train"),
        ({"tags": ["7"]}, "tags"),
    ],
)
def test_a_recipe_that_breaks_a_rule_is_refused_with_its_place(lea, recipe, path):
    assert freeze(lea, status=422, **recipe)["error"]["fields"][0]["path"] == path


def test_with_nothing_to_freeze_there_is_a_reason(lea):
    assert "no item that has a label" in freeze(lea, status=409)["error"]["message"]
    bring(lea, conversations(1), {"q-000": ["pass"]})
    assert "1 few labels" in freeze(lea, status=409, min_labels=2)["error"]["message"]
    assert lea.get(f"{URL}/datasets/evals/versions/latest", status=404)["error"]["code"] == "not_found"
    assert lea.post(f"{URL}/datasets", {"name": "evals"}, status=409)["error"]["code"] == "name_taken"
    assert lea.post(f"{URL}/datasets", {"name": "a@1"}, status=422)["error"]["fields"][0]["path"] == "name"


def test_very_many_items_are_frozen_in_the_background(lea, cast, project, actor_of):
    bring(lea, conversations(2), {"q-000": ["pass"], "q-001": ["pass"]})
    access = authorize(actor_of(cast.lea), "helpdesk", Action.EDIT_DATASETS)
    dataset = get_dataset(project, "evals")
    for body in ({"min_labels": 1}, {"min_labels": 2}):
        later = freeze_version(access, dataset, body=body, now=NOW, at_once=1, tags=["gold"])
        assert (later.state, later.sha256) == ("freezing", "")
        export_refused = lea.get(f"{URL}/datasets/evals/versions/{later.version}/export", status=409)
        assert export_refused["error"]["code"] == "not_frozen"
        for _ in range(2):  # a second ringing changes nothing
            freeze_in_background({"version_id": later.pk}, NOW)
    assert rows_of(export(lea)).keys() == {"q-000", "q-001"}
    failed = lea.get(f"{URL}/datasets/evals/versions/2")
    assert (failed["state"], failed["rows"]) == ("failed", None)
    assert "2 few labels" in failed["problem"]
    # A job that broke off at every attempt says so, too.
    broken = freeze_version(access, dataset, body={}, now=NOW, at_once=1)
    assert end_given_up(NOW) == 0
    Intent.objects.filter(kind="freeze_dataset", dedupe_key=broken.pk).update(
        failed_at=NOW, last_error="ValueError: oh"
    )
    assert end_given_up(NOW) == 1
    assert "ValueError: o" in lea.get(f"{URL}/datasets/evals/versions/3/export", status=409)["error"]["message"]
    # A tag names one version: the newest that was frozen with it, and no other has it any longer.
    assert lea.get(f"{URL}/datasets/evals/versions/gold")["version"] == 1
    freeze(lea, tags=["gold", "new"])
    assert lea.get(f"{URL}/datasets/evals/versions/gold")["version"] == 4
    assert [lea.get(f"{URL}/datasets/evals/versions/{n}")["tags"] for n in (1, 2)] == [[], []]
    lea.get(f"{URL}/datasets/evals/versions/%C2%B2", status=404)  # a digit, and no number


def test_what_a_judge_is_tuned_on_stays_out(lea, project):
    names = [f"q-{k:03}" for k in range(40)]
    bring(lea, conversations(40), {name: ["pass"] for name in names})
    verdicts = [{"external_id": "q-000", "judge": "strict", "judge_version": "1", "answers": {"verdict": "pass"}}]
    lea.post(f"{URL}/verdicts/import", ndjson(*verdicts), **NDJSON)
    freeze(lea, exclude_judge_train=["strict"])
    keyed = purpose_salt(project.sampling_salt, SPLITS)
    assert rows_of(export(lea)).keys() == {name for name in names if hash_split(keyed, name, SHARES) != "train"}
