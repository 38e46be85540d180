"""Which judge's verdicts a rate may use, and whether they were given regardless of the review draw."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from math import sqrt

from django.db import connection

from annotations.estimates.grading import Grading
from annotations.estimates.rows import DrawnItem, TrafficRows
from annotations.models import JudgeFlag, JudgeProvider, JudgeVersion
from annotations.models.judge_runs import ProviderKind
from annotations.quality.asked import Window
from reviewapp.http.errors import FieldError, InvalidError

# Beyond this many standard errors it is no chance that drawn items were judged more often, or less.
_TOO_FAR = 4.0

_MOST_USED = """
SELECT v.judge_version_id FROM annotations_verdict v JOIN sampling_item i ON i.id = v.item_id
WHERE v.judge_version_id = ANY(%s) AND v.superseded_by_id IS NULL AND (v.answers IS NULL OR v.answers ? %s)
    AND {condition}
GROUP BY v.judge_version_id ORDER BY count(*) DESC, v.judge_version_id DESC LIMIT 1
"""


def find_judge(window: Window, question: str, *, judge: str | None, version: str | None) -> JudgeVersion | None:
    """Return the named judge version, the newest of a named judge, or the one with most verdicts; None without any.

    Versions that ask a simulated provider are for trying things out: they help no rate unless they are named.
    Raises InvalidError for a judge that is none.
    """
    versions = JudgeVersion.objects.select_related("judge").filter(judge__project_id=window.project_id)
    if judge is None:
        if version is not None:
            message = "Name the judge of this version, too."
            raise InvalidError(message, fields=(FieldError("judge", message),))
        simulated = simulated_providers(window.project_id)
        there = [each for each in versions if not is_simulated(each, simulated)]
        if len(there) < 2:
            return there[0] if there else None
        return _most_used(window, question, there)
    named = versions.filter(judge__name=judge)
    found = (named.filter(version=version) if version is not None else named.order_by("-created_at", "-pk")).first()
    if found is None:
        message = f"The project has no judge {judge[:60]!r}" + (f" of version {version[:60]!r}." if version else ".")
        raise InvalidError(message, fields=(FieldError("judge" if version is None else "judge_version", message),))
    return found


def simulated_providers(project_id: int) -> frozenset[str]:
    """Return the names of the project's providers that ask no model."""
    found = JudgeProvider.objects.filter(project_id=project_id, kind=ProviderKind.SIMULATED)
    return frozenset(found.values_list("name", flat=True))


def is_simulated(version: JudgeVersion, names: frozenset[str]) -> bool:
    """Tell whether a version asks one of them."""
    return version.spec is not None and version.spec["first"]["provider"] in names


def _most_used(window: Window, question: str, versions: list[JudgeVersion]) -> JudgeVersion | None:
    condition = window.condition()
    with connection.cursor() as cursor:
        cursor.execute(
            _MOST_USED.format(condition=condition.sql), [[each.pk for each in versions], question, *condition.params]
        )
        row = cursor.fetchone()
    return next((each for each in versions if row and each.pk == row[0]), None)


def find_flag(version: JudgeVersion, question: str) -> JudgeFlag | None:
    """Return the flag that stands on a version: its errors left their band, so its verdicts enter no rate."""
    return JudgeFlag.objects.filter(judge_version=version, question=question, over_at=None).first()


def depends_on_draw(rows: TrafficRows, drawn: list[DrawnItem], grading: Grading) -> bool:
    """Tell whether drawn or answered items were judged more or less often than chance allows.

    If a judge ran regardless of the draw, the judged items that were drawn, each counted 1/π, are an unbiased estimate
    (Horvitz & Thompson 1952) of how many were judged. If it ran regardless of the answers, too, the judged ones among
    the drawn of an hour are answered as often as all of them, with the variance of a hypergeometric count.
    """
    judged = sum(each.n for each in rows.hours if each.verdict != grading.unscored)
    if not judged:
        return False
    weights = [1 / each.probability for each in drawn if each.verdict != grading.unscored]
    variance = sum(weight * weight - weight for weight in weights)
    if abs(sum(weights) - judged) > _TOO_FAR * sqrt(max(variance, judged)):
        return True
    beyond, variance = 0.0, 0.0
    for n, n_judged, n_answered, both in _by_hour(drawn, grading):
        rate = n_answered / n
        beyond += both - n_judged * rate
        if n > 1:
            variance += n_judged * rate * (1 - rate) * (n - n_judged) / (n - 1)
    return abs(beyond) > _TOO_FAR * sqrt(max(variance, 1.0))


def _by_hour(drawn: list[DrawnItem], grading: Grading) -> Iterable[list[int]]:
    """Return of each hour the drawn items, the judged and the answered of them, and those that are both."""
    found: dict[datetime, list[int]] = {}
    for each in drawn:
        is_judged, is_answered = each.verdict != grading.unscored, each.outcome is not None
        counts = found.setdefault(each.hour, [0, 0, 0, 0])
        for index, counted in enumerate((True, is_judged, is_answered, is_judged and is_answered)):
            counts[index] += counted
    return found.values()


def without_verdicts(
    rows: TrafficRows, drawn: list[DrawnItem], grading: Grading
) -> tuple[TrafficRows, list[DrawnItem]]:
    """Return the same as if the judge had said nothing."""
    hours = [each._replace(verdict=grading.unscored) for each in rows.hours]
    return replace(rows, hours=hours), [each._replace(verdict=grading.unscored) for each in drawn]
