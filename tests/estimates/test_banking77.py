"""Forty projects over 500 real predictions whose truth is known: intervals hold it as often as they say.

`BANKING77=FILE` names the file (predictions of models for bank customers' intents); without it this is passed over.
"""

import json
import os
from pathlib import Path

import pytest

from reviewapp.stats.sampling.hash_numbers import hash_number
from tests.estimates.designs import report
from tests.sampling.lines import item, ndjson

FILE = os.environ.get("BANKING77", "")
SYSTEM, SECOND = ("gpt-5.2", "plain"), ("claude-4.5-sonnet", "plain")
NDJSON = {"content_type": "application/x-ndjson"}
RATE, ALIKE = 0.6, 0.2

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not FILE, reason="BANKING77 does not name the file")]


def read_predictions():
    """Return name, whether a second model says the same (the judge), and whether the prediction is right."""
    found = []
    for line in Path(FILE).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        said = {(each["model"], each["prompt_version"]): each["value"] for each in row["predictions"]}
        found.append((row["id"], said[SYSTEM] == said[SECOND], said[SYSTEM] == row["gold"]))
    return found


def test_the_intervals_of_forty_projects_hold_the_truth(cast, project, api_of):
    lea = api_of(cast.lea)
    rows = read_predictions()
    truth = sum(right for _, _, right in rows) / len(rows)
    lea.put(
        "/projects/helpdesk/plan",
        {"base_rate": ALIKE, "rules": [{"name": "differ", "when": {"metadata.same": {"eq": False}}, "rate": RATE}]},
    )
    covered = {"estimate": 0, "labels_only": 0, "judge_only": 0, "unweighted": 0}
    for number in range(40):
        project.sampling_salt = f"banking {number}"
        project.save()
        names = {name: f"{number}/{name}" for name, _, _ in rows}
        sent = [item(names[n], metadata={"same": same}, system_version=f"run {number}") for n, same, _ in rows]
        lea.post("/projects/helpdesk/items", ndjson(*sent), **NDJSON)
        verdicts = [
            {
                "external_id": names[name],
                "judge": "second",
                "judge_version": "1",
                "answers": {"verdict": "pass" if same else "fail"},
            }
            for name, same, _ in rows
        ]
        lea.post("/projects/helpdesk/verdicts/import", ndjson(*verdicts), **NDJSON)
        labels = [
            {"external_id": names[name], "reviewer": "zoe", "answers": {"verdict": "pass" if right else "fail"}}
            for name, same, right in rows
            if hash_number(project.sampling_salt, names[name]) < (ALIKE if same else RATE)
        ]
        lea.post("/projects/helpdesk/labels/import", ndjson(*labels), **NDJSON)
        found = lea.get(f'/projects/helpdesk/pass-rate?where={{"system_version":{{"eq":"run {number}"}}}}')
        for name in covered:
            covered[name] += found[name]["low"] <= truth <= found[name]["high"]
    report(f"banking77: truth {truth}, covered {covered}")
    assert covered["estimate"] >= 34  # 95 % of 40, less three standard errors
    assert covered["labels_only"] >= 34
    assert covered["unweighted"] <= 10
