"""Have the verdicts of judges changed: versions that scored nearly all sampled items of both windows.

A judge that saw only items which the review plan drew, or a part that somebody chose, says as much about the choice as
about the traffic; it is left out.
"""

from typing import Any

import orjson
from django.db import connection

from annotations.rubrics.publish import find_rubric
from reviewapp.accounts.models import Project
from sampling.drift.measure import Measured, measure_categories
from sampling.drift.windows import Sample, Windows

SCORED_SHARE = 0.9
UNPARSED = "unparsed"
MOST_VERSIONS = 5

_VERDICTS = """
SELECT v.item_id, j.name, jv.id, jv.version, v.answers FROM annotations_verdict v
JOIN annotations_judgeversion jv ON jv.id = v.judge_version_id JOIN annotations_judge j ON j.id = jv.judge_id
WHERE v.item_id = ANY(%s) AND v.project_id = %s AND v.superseded_by_id IS NULL
"""


def measure_verdicts(project: Project, windows: Windows, sample: Sample, *, seed: int) -> list[Measured]:  # noqa: ARG001
    """Compare the answers of each judge version, question by question."""
    rubric = find_rubric(project.pk)
    if rubric is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_VERDICTS, [[*sample.before, *sample.after], project.pk])
        rows = cursor.fetchall()
    versions: dict[int, tuple[str, str, dict[int, Any]]] = {}
    for item_id, judge, version_id, version, answers in rows:
        given = versions.setdefault(version_id, (judge, version, {}))[2]
        given[item_id] = None if answers is None else orjson.loads(answers)
    questions = [question for question in rubric.questions if question["kind"] in {"choice", "rating", "pairwise"}]
    found = []
    for _, (judge, version, given) in sorted(versions.items(), reverse=True)[:MOST_VERSIONS]:
        if min(_share(given, sample.before), _share(given, sample.after)) < SCORED_SHARE:
            continue
        for question in questions:
            key = question["key"]
            windows_of = [[_answer(given[each], key) for each in ids if each in given] for ids in _both(sample)]
            if any(value is not None for values in windows_of for value in values):
                found.append(
                    _named(measure_categories(f"verdict.{judge}.{key}", *windows_of, seed=seed), judge, version)
                )
    return found


def _both(sample: Sample) -> tuple[list[int], list[int]]:
    return sample.before, sample.after


def _share(given: dict[int, Any], ids: list[int]) -> float:
    return sum(each in given for each in ids) / len(ids)


def _answer(answers: Any, key: str) -> Any:
    if answers is None:
        return UNPARSED
    answer = answers.get(key)
    return answer if isinstance(answer, str | int | float | bool) else None


def _named(measured: Measured, judge: str, version: str) -> Measured:
    """Return the same under a name that tells versions apart, with examples only where they have a fact."""
    value = measured.examples.get(measured.feature, {}).get("eq")
    examples = measured.examples if value not in {None, UNPARSED} else {}
    sentence = measured.sentence.replace(f"{measured.feature}:", f"Verdicts of {judge} {version}:", 1)
    return Measured(
        f"{measured.feature} ({version})",
        measured.kind,
        measured.effect,
        measured.p_value,
        sentence,
        examples,
        measured.detail,
    )
