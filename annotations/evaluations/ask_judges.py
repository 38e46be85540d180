"""Asking a judge that runs here about the outputs of an evaluation, within the project's budget for judges.

Money is reserved before a batch of calls and settled after it, in transactions of their own: no lock is held while a
provider is waited for. A verdict that cannot be read, or does not come, is unparsed.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection, transaction

from annotations.evaluations.spec import JudgeChoice
from annotations.judges.asking import ask_at_once
from annotations.judges.bodies import read_body
from annotations.judges.prepare import Preparation
from annotations.judges.prompt import Material
from annotations.judges.reply import read_reply
from annotations.judges.spending import settle_without_run, spend_without_run
from annotations.judges.targets import Asked
from annotations.judges.template import PromptTooLongError
from annotations.judges.transport import MAX_ANSWER_BYTES, ProviderError, TerminalError
from annotations.judges.versions import Spec
from annotations.models import Evaluation, JudgeVersion
from reviewapp.http.errors import ConflictError, InvalidError, NotFoundError
from reviewapp.http.outgoing import Outgoing

BATCH, BESIDE, SECONDS = 32, 16, 50.0

_OPEN = """
SELECT o.position, o.external_id, o.output, r.row FROM annotations_evaluationoutput o
JOIN annotations_datasetrow r ON r.version_id = %s AND r.position = o.position
WHERE o.evaluation_id = %s AND o.nth = 1 AND o.status = 'answered' AND o.erased_at IS NULL AND r.erased_at IS NULL
  AND NOT COALESCE(o.verdicts ? %s, false)
ORDER BY o.position LIMIT %s
"""
_STORE = """
UPDATE annotations_evaluationoutput SET verdicts = COALESCE(verdicts, '{}') || jsonb_build_object(%s::text, %s::jsonb)
WHERE evaluation_id = %s AND position = %s AND nth = 1 AND erased_at IS NULL
"""


class _Said(NamedTuple):
    answers: dict[str, Any] | None
    cost_nusd: int
    ended: str = ""


def get_running_judge(project_id: int, choice: JudgeChoice) -> JudgeVersion:
    """Return the judge version that is to be asked; NotFoundError for none, ConflictError for an imported one."""
    versions = JudgeVersion.objects.select_related("judge__project").filter(
        judge__project_id=project_id, judge__name=choice.name
    )
    if choice.version is not None:
        versions = versions.filter(version=choice.version)
    found = versions.order_by("-created_at", "-pk").first()
    if found is None:
        raise NotFoundError(f"The project has no judge {choice.name[:60]!r} of this version.")
    Spec.of(found)
    return found


def ask_about_outputs(evaluation: Evaluation, choice: JudgeChoice, *, now: datetime) -> bool:
    """Ask about the next outputs that have no verdict; tell whether there were any. Outside of a transaction.

    Raises ConflictError where the money or the provider is at an end.
    """
    version = get_running_judge(evaluation.project_id, choice)
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [evaluation.version_id, evaluation.pk, choice.name, BATCH])
        rows = cursor.fetchall()
    if not rows:
        return False
    spec = Spec.of(version)
    asked = Asked(evaluation.project_id, spec.first)
    materials = [_material(*row[1:]) for row in rows]
    chars = sum(len(orjson.dumps([each.input, each.output, each.context])) for each in materials) // len(rows)
    most = len(rows) * asked.most_nusd(chars + len(spec.prompt) + len(spec.guidelines), spec.params.max_tokens)
    why = asked.dead or spend_without_run(evaluation.project_id, most_nusd=most, now=now)
    if why:
        raise ConflictError(f"The judge {choice.name} cannot be asked: {why}", code="judge_not_asked")
    said: list[_Said] = []
    try:
        said = _ask_all(version, spec, asked, materials)
    finally:
        cost = sum(each.cost_nusd for each in said)
        settle_without_run(evaluation.project_id, most_nusd=most, cost_nusd=cost, day=now.date())
    if ended := next((each.ended for each in said if each.ended), ""):
        raise ConflictError(f"The judge {choice.name} cannot be asked: {ended}", code="judge_not_asked")
    with transaction.atomic(), connection.cursor() as cursor:
        for row, each in zip(rows, said, strict=True):
            cursor.execute(_STORE, [choice.name, orjson.dumps(each.answers).decode(), evaluation.pk, row[0]])
    return True


def has_unjudged(evaluation: Evaluation, choice: JudgeChoice) -> bool:
    """Tell whether an output has no verdict of the judge yet."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [evaluation.version_id, evaluation.pk, choice.name, 1])
        return cursor.fetchone() is not None


def _material(external_id: str, output: str, row: str) -> Material:
    fields = orjson.loads(row)
    return Material(external_id, fields["input"], orjson.loads(output), fields["context"], [], fields["metadata"] or {})


def _ask_all(version: JudgeVersion, spec: Spec, asked: Asked, materials: Sequence[Material]) -> list[_Said]:
    preparation = Preparation(version.judge.project, spec, version_id=version.pk)
    deadline = time.monotonic() + SECONDS
    target = asked.target

    def one(material: Material) -> _Said:
        if target is None:
            return _Said(None, 0, asked.dead)
        try:
            messages = preparation.messages(material)
        except (InvalidError, PromptTooLongError):
            return _Said(None, 0)

        try:
            made = ask_at_once(outgoing, asked, spec, messages, deadline=deadline)
        except TerminalError as error:
            return _Said(None, 0, error.message)
        except ProviderError:
            return _Said(None, 0)
        body = read_body(target.kind, made.body)
        cost = target.cost_nusd(body.input_tokens or 0, body.output_tokens or 0)
        return _Said(read_reply(body.text, spec.questions).answers, cost)

    with (
        Outgoing(connections=BESIDE, max_answer_bytes=MAX_ANSWER_BYTES) as outgoing,
        ThreadPoolExecutor(BESIDE) as pool,
    ):
        return list(pool.map(one, materials))
