"""The playground: a prompt tried on a few labelled items of the dev split, at once; nothing of it becomes a verdict.

Items of the test split are never shown here: a prompt that was written beside them would no longer be tested by them.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection, transaction

from annotations.estimates.grading import CELLS, PASS, UNPARSED, UNSCORED, Grading, pass_grading_of
from annotations.judges.asking import ask_at_once
from annotations.judges.bodies import read_body
from annotations.judges.cells import excerpt
from annotations.judges.examples import read_materials
from annotations.judges.pairs import SHARES, SPLITS
from annotations.judges.prepare import Preparation
from annotations.judges.prompt import Material
from annotations.judges.reply import read_reply
from annotations.judges.spending import settle_without_run, spend_without_run
from annotations.judges.targets import Asked
from annotations.judges.template import PromptTooLongError
from annotations.judges.transport import MAX_ANSWER_BYTES, ProviderError, TerminalError
from annotations.judges.versions import Spec
from annotations.models.judge_runs import NUSD
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.errors import ConflictError
from reviewapp.http.outgoing import Outgoing
from reviewapp.stats.sampling.splits import hash_split
from sampling.draws.numbers import purpose_salt

ITEMS = 12
SECONDS = 25.0
_BESIDE = 6
_LOOKED_AT = 2000

_LABELLED = """
SELECT i.id, i.external_id, i.session_ref,
    ARRAY(SELECT (b.answers -> %(key)s)::text FROM annotations_label b WHERE b.item_id = i.id
          AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL AND NOT b.surplus AND b.source <> 'gold'
          AND b.answers ? %(key)s ORDER BY b.id),
    (SELECT a.answers -> %(key)s FROM annotations_adjudication a WHERE a.item_id = i.id AND a.superseded_by_id IS NULL)
FROM sampling_item i
WHERE i.project_id = %(project)s AND i.erased_at IS NULL AND i.id IN (
    SELECT item_id FROM annotations_label WHERE project_id = %(project)s ORDER BY id DESC LIMIT %(most)s)
ORDER BY i.id
"""


class _DevItem(NamedTuple):
    item_id: int
    external_id: str
    outcome: int


class TrialRow(NamedTuple):
    """One item: people's answer and the judge's, what it wrote, and what went wrong with the call."""

    external_id: str
    excerpt: str
    outcome: str
    verdict: str
    rationale: str
    problem: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """A prompt on dev items, those on which it differs from people first; counts by people's answer and its own."""

    rows: list[TrialRow]
    tp: int
    fn: int
    fp: int
    tn: int
    unparsed: int
    cost_usd: float
    seconds: float
    problem: str

    @property
    def n(self) -> int:
        """How many could be compared."""
        return self.tp + self.fn + self.fp + self.tn

    @property
    def agreed(self) -> int:
        """On how many it says what people say."""
        return self.tp + self.tn


def try_prompt(access: Access, spec: Spec, *, now: datetime, items: int = ITEMS) -> Trial:
    """Ask a model about dev items, passes and fails alike, within a budget and 25 seconds.

    Raises ConflictError without labelled dev items, without money, and where the provider is of no use.
    """
    require(access, Action.EDIT_JUDGES)
    question = spec.primary
    if question is None:
        raise ConflictError("The judge has no question.", code="no_question")
    grading, project = pass_grading_of(question), access.project
    chosen = _dev_items(access, grading, items)
    if not chosen:
        raise ConflictError("No item of the dev split has an answer of record yet.", code="no_dev_items")
    asked = Asked(project.pk, spec.first)
    most = len(chosen) * asked.most_nusd(6000, spec.params.max_tokens)
    why = asked.dead or spend_without_run(project.pk, most_nusd=most, now=now)
    if why or asked.target is None:
        raise ConflictError(why or "The provider is of no use.", code="provider_refused")
    began, cost = time.monotonic(), 0
    try:
        said, cost, problem = _ask_all(access, spec, asked, chosen)
    finally:
        settle_without_run(project.pk, most_nusd=most, cost_nusd=cost, day=now.date())
    with transaction.atomic():
        record(
            "judge.prompt_tried",
            now=now,
            actor=access.actor,
            project_id=project.pk,
            object_kind="project",
            object_id=project.pk,
            detail={"items": len(chosen), "model": spec.first.model, "cost_nusd": cost},
        )
    return _compared(chosen, said, grading, cost=cost, seconds=time.monotonic() - began, problem=problem)


class _Said(NamedTuple):
    excerpt: str
    answers: dict[str, Any] | None
    rationale: str
    problem: str


def _dev_items(access: Access, grading: Grading, items: int) -> list[_DevItem]:
    """Return settled dev items, half of them fails where there are so many, in the order of a number of their own."""
    project, key = access.project, grading.question["key"]
    with connection.cursor() as cursor:
        cursor.execute(_LABELLED, {"key": key, "project": project.pk, "most": _LOOKED_AT})
        rows = cursor.fetchall()
    salt = purpose_salt(project.sampling_salt, SPLITS)
    found: dict[int, list[_DevItem]] = {0: [], 1: []}
    for item_id, name, session, labels, decided in rows:
        outcome = grading.outcome([decided] if decided is not None else labels)
        if outcome is not None and hash_split(salt, session or name, SHARES) == "dev":
            found[int(outcome)].append(_DevItem(item_id, name, int(outcome)))
    fails = found[0][: max(items // 2, items - len(found[1]))]
    return [*fails, *found[1][: items - len(fails)]]


def _ask_all(access: Access, spec: Spec, asked: Asked, chosen: Sequence[_DevItem]) -> tuple[dict[int, _Said], int, str]:
    preparation = Preparation(access.project, spec, version_id=0)
    materials = read_materials(access.project.pk, [each.item_id for each in chosen])
    deadline = time.monotonic() + SECONDS

    def one(item: _DevItem, material: Material) -> tuple[int, _Said, int, str]:
        shown, target = excerpt(material.input), asked.target
        if target is None or time.monotonic() > deadline:
            return item.item_id, _Said(shown, None, "", "There was no time left."), 0, ""
        try:
            messages = preparation.messages(material)
        except PromptTooLongError:
            return item.item_id, _Said(shown, None, "", "The prompt is too long with this item."), 0, ""

        try:
            made = ask_at_once(outgoing, asked, spec, messages, deadline=deadline)
        except TerminalError as error:
            return item.item_id, _Said(shown, None, "", error.message), 0, error.message
        except ProviderError as error:
            return item.item_id, _Said(shown, None, "", error.message), 0, ""
        body = read_body(target.kind, made.body)
        read = read_reply(body.text, spec.questions)
        cost = target.cost_nusd(body.input_tokens or 0, body.output_tokens or 0)
        return item.item_id, _Said(shown, read.answers, read.rationale, read.problem), cost, ""

    with (
        Outgoing(connections=_BESIDE, max_answer_bytes=MAX_ANSWER_BYTES) as outgoing,
        ThreadPoolExecutor(min(_BESIDE, spec.params.concurrency)) as pool,
    ):
        there = [item for item in chosen if item.item_id in materials]
        found = list(pool.map(lambda item: one(item, materials[item.item_id]), there))
    problem = next((why for _, _, _, why in found if why), "")
    return {item_id: said for item_id, said, _, _ in found}, sum(cost for _, _, cost, _ in found), problem


def _compared(
    chosen: Sequence[_DevItem], said: dict[int, _Said], grading: Grading, *, cost: int, seconds: float, problem: str
) -> Trial:
    rows, counts = [], {(outcome, cell): 0 for outcome in (0, 1) for cell in range(len(CELLS))}
    for item in chosen:
        each = said.get(item.item_id)
        if each is None:
            continue
        cell = _cell(grading, each.answers)
        counts[item.outcome, cell] += 1
        differs = cell not in {UNPARSED, UNSCORED} and (cell == PASS) != bool(item.outcome)
        outcome = "pass" if item.outcome else "fail"
        verdict = "unparsed" if cell in {UNPARSED, UNSCORED} else CELLS[cell]
        rows.append(TrialRow(item.external_id, each.excerpt, outcome, verdict, each.rationale, each.problem, differs))
    rows.sort(key=lambda row: (not row.differs, row.verdict != "unparsed"))
    return Trial(
        rows=rows,
        tp=counts[1, PASS],
        fn=counts[1, PASS + 1],
        fp=counts[0, PASS],
        tn=counts[0, PASS + 1],
        unparsed=sum(counts[outcome, cell] for outcome in (0, 1) for cell in (UNPARSED, UNSCORED)),
        cost_usd=cost / NUSD,
        seconds=seconds,
        problem=problem,
    )


def _cell(grading: Grading, answers: dict[str, Any] | None) -> int:
    key = grading.question["key"]
    if answers is None or key not in answers:
        return UNPARSED
    return grading.code(orjson.dumps(answers[key]).decode(), parsed=True, scored=True)
