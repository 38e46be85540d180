"""Anchors: items with frozen answers, which judges are asked about again to tell whether they moved.

If a judge errs more in production and still says the same of the anchors, the system moved; if it says something else
of them, the judge did (a provider may change a model under its name).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson
from django.db import connection, transaction

from annotations.estimates.grading import PASS, UNPARSED, UNSCORED, pass_grading_of
from annotations.imports.heirs import lock_imports
from annotations.judges.pairs import Pair
from annotations.models import JudgeAnchor, JudgeAnchorAnswer, JudgeVersion, Verdict
from annotations.quality.asked import get_question
from annotations.rubrics.publish import find_rubric
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.stats.signoff.paired import PairedCounts, mcnemar
from sampling.draws.numbers import draw_numbers

Moved = Literal["no_anchors", "not_asked", "judge", "not_judge"]
MANY = 40
PURPOSE = "anchors"
LEVEL = 0.05

_SAID = """
SELECT n.passes, f.passes, l.passes, l.id <> f.id
FROM annotations_judgeanchor n
JOIN LATERAL (SELECT id, passes FROM annotations_judgeanchoranswer a
              WHERE a.anchor_id = n.id AND a.judge_version_id = %(version)s ORDER BY a.id LIMIT 1) f ON TRUE
JOIN LATERAL (SELECT id, passes FROM annotations_judgeanchoranswer a
              WHERE a.anchor_id = n.id AND a.judge_version_id = %(version)s ORDER BY a.id DESC LIMIT 1) l ON TRUE
WHERE n.project_id = %(project)s AND n.question = %(question)s
"""


@dataclass(frozen=True, slots=True)
class Anchored:
    """A version on the anchors: how many there are, how many it was asked about again, and which answers changed."""

    moved: Moved
    n: int
    n_again: int
    to_wrong: int
    to_right: int
    sentence: str


def freeze_anchors(access: Access, pairs: Sequence[Pair], *, question: str, now: datetime) -> int:
    """Freeze up to forty settled items as anchors, passes and fails alike, and what every judge says of them now.

    Which ones is decided by a random number of their own. Raises InvalidError where nothing is settled.
    """
    require(access, Action.EDIT_PROJECT)
    settled = [pair for pair in pairs if pair.outcome is not None]
    numbers = draw_numbers(
        salt=access.project.sampling_salt, purpose=PURPOSE, external_ids=[pair.external_id for pair in settled]
    )
    ordered = [pair for _, pair in sorted(zip(numbers, settled, strict=True), key=lambda each: each[0])]
    chosen = [pair for outcome in (0, 1) for pair in [each for each in ordered if each.outcome == outcome][: MANY // 2]]
    if not chosen:
        message = "No judged item has an answer of record yet: label some first."
        raise InvalidError(message, fields=(FieldError("question", message),))
    with transaction.atomic():
        lock_imports(access.project.pk)  # of two who freeze at once, the second finds them frozen
        frozen = set(
            JudgeAnchor.objects.filter(project=access.project, question=question).values_list("item_id", flat=True)
        )
        made = JudgeAnchor.objects.bulk_create(
            JudgeAnchor(
                project=access.project,
                question=question,
                item_id=pair.item_id,
                passes=bool(pair.outcome),
                frozen_at=now,
                frozen_by=access.actor.user,
            )
            for pair in chosen
            if pair.item_id not in frozen
        )
        # What was said before is said once: noted again, it would pass for an answer to being asked again.
        said = Verdict.objects.filter(item_id__in=[anchor.item_id for anchor in made], superseded_by=None)
        answers = said.values_list("item_id", "judge_version_id", "answers")
        _note(access.project.pk, answers, {anchor.item_id: [anchor] for anchor in made}, now=now)
        record(
            "judge.anchors_frozen",
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="judge_anchor",
            object_id=question,
            detail={"items": len(chosen)},
        )
    return len(chosen)


def record_answers(project_id: int, said: Iterable[tuple[int, int, dict[str, Any] | None]], *, now: datetime) -> None:
    """Note what versions said of anchors, also when it is what they said before: (item, version, answers)."""
    given = list(said)
    anchors: dict[int, list[JudgeAnchor]] = {}
    for anchor in JudgeAnchor.objects.filter(project_id=project_id, item_id__in={item_id for item_id, _, _ in given}):
        anchors.setdefault(anchor.item_id, []).append(anchor)
    _note(project_id, given, anchors, now=now)


def _note(
    project_id: int,
    given: Iterable[tuple[int, int, dict[str, Any] | None]],
    anchors: Mapping[int, Sequence[JudgeAnchor]],
    *,
    now: datetime,
) -> None:
    if not anchors:
        return
    rubric = find_rubric(project_id)
    graded = {each["key"]: pass_grading_of(each) for each in _graded(rubric.questions if rubric else [])}
    rows = []
    for item_id, version_id, answers in given:
        for anchor in anchors.get(item_id, []):
            grading = graded.get(anchor.question)
            if grading is None or (answers is not None and anchor.question not in answers):
                continue
            text = None if answers is None else orjson.dumps(answers[anchor.question]).decode()
            cell = grading.code(text, parsed=answers is not None, scored=True)
            if cell != UNSCORED:
                passes = None if cell == UNPARSED else cell == PASS
                rows.append(JudgeAnchorAnswer(anchor=anchor, judge_version_id=version_id, passes=passes, at=now))
    JudgeAnchorAnswer.objects.bulk_create(rows)


def list_anchors(project_id: int, question: str) -> list[str]:
    """Return the anchors' external ids, for whoever asks a judge about them again."""
    found = JudgeAnchor.objects.filter(project_id=project_id, question=question).order_by("pk")
    return list(found.values_list("item__external_id", flat=True))


def compare_anchors(version: JudgeVersion, *, question: str | None) -> Anchored:
    """Compare what a version says of the anchors with what it said at first; a sign test over what changed."""
    project_id = version.judge.project_id
    key = get_question(project_id, question)["key"]
    n = JudgeAnchor.objects.filter(project_id=project_id, question=key).count()
    if not n:
        words = "Without anchors nobody can tell whether the judge or the system moved."
        return Anchored("no_anchors", 0, 0, 0, 0, words)
    with connection.cursor() as cursor:
        cursor.execute(_SAID, {"version": version.pk, "project": project_id, "question": key})
        rows = cursor.fetchall()
    again = [(truth == first, truth == last) for truth, first, last, asked_again in rows if asked_again]
    to_wrong = sum(before and not after for before, after in again)
    to_right = sum(after and not before for before, after in again)
    if not again:
        words = f"It was not asked about the {n} anchors again: ask, to tell whether it or the system moved."
        return Anchored("not_asked", n, 0, 0, 0, words)
    changed = f"asked about {len(again)} of {n} anchors again, it now errs on {to_wrong} it had right"
    changed += f", and is right on {to_right} it had wrong"
    if to_wrong > to_right and mcnemar(PairedCounts(0, to_wrong, to_right, 0)).mid_p < LEVEL:
        return Anchored("judge", n, len(again), to_wrong, to_right, f"The judge moved: {changed}.")
    words = f"The judge is not seen to have moved: {changed}. If its errors grow, the traffic changed."
    return Anchored("not_judge", n, len(again), to_wrong, to_right, words)


def _graded(questions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in questions if each.get("positive") is not None or each.get("positive_from") is not None]
