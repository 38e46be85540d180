"""The judge's tier: verdicts that came with the outputs or were asked for, and the pass rate with errors taken out.

A judge's errors are known from the items of production that it and people both answered. They are assumed to carry over
to this system's outputs, and the scores say so.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson
from django.db import connection

from annotations.estimates.grading import FAIL, PASS, UNPARSED, UNSCORED, pass_grading_of
from annotations.evaluations.spec import JudgeChoice
from annotations.judges.pairs import read_pairs
from annotations.models import Evaluation, JudgeVersion
from annotations.quality.asked import Window, get_question
from reviewapp.http.errors import FieldError, InvalidError, RefusalError
from reviewapp.stats.contingency import weighted_table
from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.estimate import Estimate
from reviewapp.stats.grouped import BY_GROUP, mean_rate
from reviewapp.stats.pass_rate.rogan_gladen import lang_reiczigel

ASSUMED = "the judge's errors on items of production are taken to hold for these outputs, too"

_VERDICTS = """
SELECT verdicts, marks->>'group' FROM annotations_evaluationoutput
WHERE evaluation_id = %s AND verdicts ? %s AND status = 'answered' AND nth = 1 AND erased_at IS NULL
"""
_NAMES = """
SELECT DISTINCT jsonb_object_keys(verdicts) FROM annotations_evaluationoutput
WHERE evaluation_id = %s AND verdicts IS NOT NULL
"""


def find_judges(evaluation: Evaluation, chosen: Sequence[JudgeChoice]) -> list[JudgeVersion]:
    """Return the judge versions whose verdicts came with the outputs; InvalidError for a judge that is none."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMES, [evaluation.pk])
        names = sorted(row[0] for row in cursor.fetchall())
    wanted = {choice.name: choice.version for choice in chosen}
    found = []
    for name in sorted({*names, *wanted}):
        versions = JudgeVersion.objects.select_related("judge").filter(
            judge__project_id=evaluation.project_id, judge__name=name
        )
        version = wanted.get(name)
        row = (versions.filter(version=version) if version else versions.order_by("-created_at", "-pk")).first()
        if row is None:
            message = f"The project has no judge {name[:60]!r}" + (f" of version {version[:60]!r}." if version else ".")
            raise InvalidError(message, fields=(FieldError("judges", message),))
        found.append(row)
    return found


def score_judge(evaluation: Evaluation, version: JudgeVersion) -> tuple[dict[str, Any], dict[str, Estimate]]:
    """Return what a judge says of the outputs: its counts, and the estimates by their names in the registry."""
    name = version.judge.name
    try:
        question = get_question(evaluation.project_id, None)
        grading = pass_grading_of(question)
    except RefusalError as refusal:
        return {"name": name, "version": version.version, "problem": refusal.message}, {}
    with connection.cursor() as cursor:
        cursor.execute(_VERDICTS, [evaluation.pk, name])
        rows = cursor.fetchall()
    given = [(orjson.loads(verdicts)[name], group) for verdicts, group in rows]
    codes = [
        grading.code(_answer(verdict, question["key"]), parsed=isinstance(verdict, dict), scored=True)
        for verdict, _ in given
    ]
    groups = [group for _, group in given]
    cells: Counter[int] = Counter(codes)
    passes, parsed = cells[PASS], cells[PASS] + cells[FAIL]
    pairs = read_pairs(
        Window(evaluation.project_id), question, version, salt=evaluation.project.sampling_salt, split=None
    )
    usable = [pair for pair in pairs if pair.outcome is not None and pair.verdict not in {UNPARSED, UNSCORED}]
    weighted = all(pair.probability is not None for pair in usable)
    table = weighted_table(
        [pair.outcome or 0 for pair in usable],
        [int(pair.verdict == PASS) for pair in usable],
        2,
        probability=[pair.probability or 1.0 for pair in usable] if weighted else None,
    )
    raw = mean_rate([{PASS: 1.0, FAIL: 0.0}.get(code) for code in codes], groups)
    # What the verdicts are worth where outputs share groups; their share of passes is the same.
    grouped = raw.method.endswith(BY_GROUP) and raw.n_effective is not None
    worth = float(raw.n_effective or parsed) if grouped else float(parsed)
    passed = passes / parsed * worth if parsed else 0.0  # in this order never more than it is a share of
    corrected = lang_reiczigel(table, passed, worth)
    metrics = {
        f"judge.{name}.pass_rate": corrected,
        f"judge.{name}.raw_pass_rate": wilson_rate(
            passed,
            worth,
            method=f"judge_only{BY_GROUP}" if grouped else "judge_only",
            labels=parsed,
            undefined="no_verdicts",
        ),
        f"judge.{name}.unparsed_rate": mean_rate(
            [{PASS: 0.0, FAIL: 0.0, UNPARSED: 1.0}.get(code) for code in codes], groups
        ),
    }
    said = {
        "name": name,
        "version": version.version,
        "question": question["key"],
        "passed": passes,
        "failed": cells[FAIL],
        "unparsed": cells[UNPARSED],
        "calibrated_on": table.n,
        "assumption": ASSUMED,
        "corrected": asdict(corrected),
    }
    return said, metrics


def _answer(verdict: Any, key: str) -> str | None:
    answer = verdict.get(key) if isinstance(verdict, dict) else None
    return None if answer is None else orjson.dumps(answer).decode()
