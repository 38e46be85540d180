"""Which judge's verdicts a rate may use, and whether they were given regardless of the review draw."""

from math import sqrt
from typing import NamedTuple

from django.db import connection

from annotations.models import JudgeVersion
from annotations.quality.asked import Window
from reviewapp.http.errors import FieldError, InvalidError

# Beyond this many standard errors it is no chance that drawn items were judged more often, or less.
_TOO_FAR = 4.0

_MOST_USED = """
SELECT v.judge_version_id FROM annotations_verdict v JOIN sampling_item i ON i.id = v.item_id
WHERE v.project_id = %s AND v.superseded_by_id IS NULL AND (v.answers IS NULL OR v.answers ? %s) AND {condition}
GROUP BY v.judge_version_id ORDER BY count(*) DESC, v.judge_version_id DESC LIMIT 1
"""
# The number of judged items, and the same estimated from the drawn ones among them: each stands for 1/π.
_BY_DRAW = """
SELECT count(*), COALESCE(sum(1 / d.probability) FILTER (WHERE d.selected), 0),
    COALESCE(sum((1 - d.probability) / d.probability ^ 2) FILTER (WHERE d.selected), 0),
    count(*) FILTER (WHERE NOT d.selected)
FROM annotations_verdict v
JOIN sampling_item i ON i.id = v.item_id
JOIN LATERAL (SELECT d.probability, d.selected FROM sampling_draw d WHERE d.item_id = i.id ORDER BY d.id DESC LIMIT 1) d
    ON d.probability > 0
WHERE v.judge_version_id = %s AND v.superseded_by_id IS NULL AND {condition}
"""


class Judged(NamedTuple):
    """A judge version whose verdicts a rate uses; `by_draw` says that they depend on the draw and cannot be used."""

    version: JudgeVersion
    by_draw: bool


def find_judge(window: Window, question: str, *, judge: str | None, version: str | None) -> Judged | None:
    """Return the named judge version, the newest of a named judge, or the one with most verdicts; None without any.

    Raises InvalidError for a judge that is none.
    """
    versions = JudgeVersion.objects.select_related("judge").filter(judge__project_id=window.project_id)
    condition = window.condition()
    if judge is None:
        if version is not None:
            message = "Name the judge of this version, too."
            raise InvalidError(message, fields=(FieldError("judge", message),))
        with connection.cursor() as cursor:
            cursor.execute(_MOST_USED.format(condition=condition.sql), [window.project_id, question, *condition.params])
            row = cursor.fetchone()
        found = versions.get(pk=row[0]) if row else None
    else:
        named = versions.filter(judge__name=judge)
        found = (named.filter(version=version) if version is not None else named.order_by("-created_at", "-pk")).first()
        if found is None:
            message = f"The project has no judge {judge[:60]!r}" + (
                f" of version {version[:60]!r}." if version else "."
            )
            raise InvalidError(message, fields=(FieldError("judge" if version is None else "judge_version", message),))
    return None if found is None else Judged(found, _depends_on_draw(window, found.pk))


def _depends_on_draw(window: Window, version_id: int) -> bool:
    """Tell whether drawn items were judged more or less often than chance allows.

    If a judge ran regardless of the draw, the judged items that were drawn, each counted 1/π, are an unbiased estimate
    (Horvitz & Thompson 1952) of how many were judged.
    """
    condition = window.condition()
    with connection.cursor() as cursor:
        cursor.execute(_BY_DRAW.format(condition=condition.sql), [version_id, *condition.params])
        judged, expanded, variance, undrawn = cursor.fetchone()
    if not judged or (not variance and not undrawn and expanded == judged):
        return False
    return bool(abs(expanded - judged) > _TOO_FAR * sqrt(max(variance, judged)))
