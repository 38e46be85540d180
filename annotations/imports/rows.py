"""Rows of any file of labels into the project: the items they are about first, where those are to be made, then them.

Items made here come with no sampling probability: nobody knows how those that were labelled elsewhere were chosen, so
estimates then speak of the traffic received.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from annotations.imports.columns import LabelMap
from annotations.imports.files import Shape, row_of
from annotations.imports.labels import import_labels
from annotations.imports.records import BATCH, Run
from annotations.rubrics.publish import find_rubric, no_rubric
from reviewapp.accounts.access import Actor
from reviewapp.accounts.models import Project
from reviewapp.http.lines import Line
from sampling.ingest.add import MAX_ERRORS, IngestResult, add_items
from sampling.ingest.parse import Problem
from sampling.items.keys import find_item_ids


def import_rows(
    *, project: Project, rows: Iterable[Line], shape: Shape, mapping: LabelMap, actor: Actor | None, now: datetime
) -> IngestResult:
    """Store the labels that the rows are by this map; `drawn` counts the items that were made and selected.

    Records of ours need no map; only their reviewers' names are read by it. Raises ConflictError `no_rubric`.
    """
    rubric = find_rubric(project.pk)
    if rubric is None:
        raise no_rubric()
    run = Run(project, actor, now)
    result = run.result
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        refused: dict[int, Problem] = {}
        if mapping.makes_items and shape is not Shape.OURS:
            refused = _make_items(run, batch, mapping)
        lines: Iterable[Line] = (line for line in batch if line.number not in refused)
        if shape is Shape.OURS:
            lines = _renamed(lines, mapping.reviewers)
        else:
            lines = mapping.records(lines, rubric.questions, shape)
        _merge(result, import_labels(project=project, lines=lines, actor=actor, now=now))
        for line in batch:
            if line.number in refused:
                result.refuse(refused[line.number])
    return result


def _make_items(run: Run, batch: Sequence[Line], mapping: LabelMap) -> dict[int, Problem]:
    """Store the items of rows that speak of none; return the lines whose item was refused, with the reason."""
    named = {line.number: external_id for line in batch if (external_id := mapping.external_id(line))}
    known = find_item_ids(run.project.pk, named.values())
    missing: dict[str, Line] = {}
    for line in batch:
        external_id = named.get(line.number)
        if external_id is not None and external_id not in known:
            missing.setdefault(external_id, line)
    lines = mapping.items(missing.values())
    made = add_items(project=run.project, lines=lines, actor=run.actor, now=run.now, sampling_probability=None)
    run.result.drawn += made.drawn
    problems = {problem.line: problem for problem in made.errors}
    by_id = {external_id: problems[line.number] for external_id, line in missing.items() if line.number in problems}
    return {number: by_id[name]._replace(line=number) for number, name in named.items() if name in by_id}


def _renamed(lines: Iterable[Line], reviewers: Mapping[str, str]) -> Iterator[Line]:
    """Yield our own records with their reviewers' names as they are here."""
    for line in lines:
        record = row_of(line) if reviewers else {}
        who = record.get("reviewer")
        if isinstance(who, str) and who.strip() in reviewers:
            yield Line(line.number, {**record, "reviewer": reviewers[who.strip()]})
        else:
            yield line


def _merge(result: IngestResult, more: IngestResult) -> None:
    result.accepted += more.accepted
    result.duplicates += more.duplicates
    result.rejected += more.rejected
    result.errors += more.errors[: MAX_ERRORS - len(result.errors)]
