"""Twenty-five projects over 1,200 real labels and a stub judge of known errors: what covers the truth, what does not.

`HALUEVAL=FILE` names the file (answers with a label of pass or fail); without it this is passed over. The plan draws
four times as many of what the judge fails, so that labels counted as they lie tell of the queue and not of the judge.
"""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from reviewapp.stats.sampling.hash_numbers import hash_number
from tests.sampling.lines import item, ndjson

FILE = os.environ.get("HALUEVAL", "")
RIGHT = {"pass": 0.96, "fail": 0.5}
OTHER = {"pass": "fail", "fail": "pass"}
NDJSON = {"content_type": "application/x-ndjson"}
RUNS = 25

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not FILE, reason="HALUEVAL does not name the file")]


def share(rows):
    """Return how many of these are true."""
    found = list(rows)
    return sum(found) / len(found)


def test_calibration_and_corrected_rate_cover_the_truth_and_the_raw_rate_does_not(cast, project, api_of):
    lea = api_of(cast.lea)
    rows = [json.loads(line) for line in Path(FILE).read_text(encoding="utf-8").splitlines()]
    truth = {row["id"]: row["gold"] for row in rows}
    passing = share(gold == "pass" for gold in truth.values())
    doubtful = {"name": "the judge fails it", "when": {"verdict.stub.verdict": {"eq": "fail"}}, "rate": 0.6}
    lea.put("/projects/helpdesk/plan", {"base_rate": 0.15, "rules": [doubtful]})
    covered = Counter()
    for run in range(RUNS):
        said = {
            name: gold if hash_number(f"stub {run}", name) < RIGHT[gold] else OTHER[gold]
            for name, gold in truth.items()
        }
        tpr = share(said[name] == "pass" for name, gold in truth.items() if gold == "pass")
        tnr = share(said[name] == "fail" for name, gold in truth.items() if gold == "fail")
        names = {name: f"{run}/{name}" for name in truth}
        sent = [
            item(names[row["id"]], input=row["input"], output=row["output"], system_version=f"run {run}")
            for row in rows
        ]
        lea.post("/projects/helpdesk/items", ndjson(*sent), **NDJSON)
        version = {"judge": "stub", "judge_version": str(run)}
        verdicts = [{**version, "external_id": names[name], "answers": {"verdict": said[name]}} for name in truth]
        lea.post("/projects/helpdesk/verdicts/import", ndjson(*verdicts), **NDJSON)
        labels = [
            {"external_id": names[name], "reviewer": "zoe", "answers": {"verdict": gold}}
            for name, gold in truth.items()
            if hash_number("salt", names[name]) < (0.6 if said[name] == "fail" else 0.15)
        ]
        lea.post("/projects/helpdesk/labels/import", ndjson(*labels), **NDJSON)
        where = json.dumps({"system_version": {"eq": f"run {run}"}})
        found = lea.get(f"/projects/helpdesk/judges/stub/versions/{run}/calibration?where={where}")
        assert found["weighted"]
        confusion = found["confusion"]
        queue = confusion["tp"] / (confusion["tp"] + confusion["fn"])
        corrected = found["corrected"]
        assert corrected["applies"]["rate"] == "post_stratified"

        def holds(estimate, value):
            return estimate["low"] <= value <= estimate["high"]

        covered["tpr"] += holds(found["tpr"], tpr)
        covered["tnr"] += holds(found["tnr"], tnr)
        covered["tpr counted as it lies"] += holds(found["tpr"], queue)
        for name in ("post_stratified", "rogan_gladen", "ppi", "labels_only", "judge_only"):
            covered[name] += holds(corrected[name], passing)
        covered["labels"] += len(labels)
    print("of", RUNS, "projects:", dict(covered))  # noqa: T201
    for name in ("tpr", "tnr", "post_stratified"):
        assert covered[name] >= RUNS - 3, name  # 95 %: four misses or more of 25 have a chance of 3.4 %
    assert covered["judge_only"] <= 1
    assert covered["tpr counted as it lies"] <= RUNS // 2
