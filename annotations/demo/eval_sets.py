"""The demo's eval sets: what was labelled, and cases written by hand, on which both versions are evaluated."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from annotations.datasets.cases import add_case
from annotations.datasets.create import create_dataset
from annotations.datasets.freeze import freeze_version
from annotations.demo.story import CONTENT
from annotations.evaluations.collect import Given
from annotations.evaluations.spec import Spec
from annotations.evaluations.start import start_evaluation
from reviewapp.accounts.access import Access

LABELLED, ROUTING = "answers-labelled", "routing-edge-cases"
_VERSIONS = ("assistant-1.4", "assistant-2.0")


def freeze_and_evaluate(access: Access, *, now: datetime) -> None:
    """Freeze what was labelled, and cases written by hand; evaluate both versions on these, the older as baseline."""
    labelled = create_dataset(
        access, name=LABELLED, description="What people said about answers in production, with its weight.", now=now
    )
    freeze_version(access, labelled, body={"resolution": "majority", "stratify_by": "metadata.topic"}, now=now)
    routing = create_dataset(
        access, name=ROUTING, description="Hard cases, written by hand: which team should take over?", now=now
    )
    cases = list(_routing())
    for case in cases:
        content = {
            "input": case["input"],
            "expected": case["expected"],
            "metadata": {"topic": case["expected"]},
        }
        add_case(access, routing, external_id=case["external_id"], content=content, note=case["note"], now=now)
    only_cases = {"where": {"external_id": {"eq": ""}}}
    freeze_version(access, routing, body=only_cases, tags=("edge-cases",), note="The first two dozen.", now=now)
    baseline = None
    for version in _VERSIONS:
        evaluation = start_evaluation(
            access.project,
            dataset=ROUTING,
            version=None,
            system_version=version,
            spec=Spec(),
            outputs=[Given(case["external_id"], case["outputs"][version]) for case in cases],
            baseline=baseline,
            actor=access.actor,
            now=now,
        )
        baseline = evaluation.pk


def _routing() -> Iterator[dict[str, Any]]:
    for line in (CONTENT / "routing.jsonl").read_text(encoding="utf-8").splitlines():
        yield json.loads(line)
