"""Items in: lines of any source, in batches, each line counted as accepted, duplicate or refused."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import orjson

from reviewapp.accounts.access import Actor
from reviewapp.accounts.models import Project
from reviewapp.http.lines import Line
from sampling.checks.compile import CompiledChecks, compiled_checks
from sampling.checks.publish import newest_checks_id
from sampling.ingest.fields import ItemIn
from sampling.ingest.parse import Problem, parse_line
from sampling.ingest.prepare import Prepared, prepare_batch
from sampling.ingest.store import store_batch

BATCH_LINES = 2000
BATCH_BYTES = 8 * 1024 * 1024
MAX_ERRORS = 100


@dataclass(slots=True)
class IngestResult:
    """What became of the lines. `errors` are the first hundred, `rejected` counts all."""

    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    drawn: int = 0
    errors: list[Problem] = field(default_factory=list)

    def refuse(self, problem: Problem) -> None:
        """Count a refused line."""
        self.rejected += 1
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(problem)


def add_items(
    *,
    project: Project,
    lines: Iterable[Line],
    actor: Actor | None,
    now: datetime,
    sampling_probability: float | None = 1.0,
) -> IngestResult:
    """Store the items of the lines; the first of an external id wins, here and against what is stored.

    `sampling_probability` holds for items that do not tell their own: 1, or None where the source may have left out
    others with a probability that nobody knows.

    Each batch is a transaction of its own: where the source breaks off, the batches before stay, and sending all of it
    again finds them as duplicates.
    """
    result = IngestResult()
    checks_id = newest_checks_id(project.pk)
    checks = None if checks_id is None else compiled_checks(checks_id)
    for batch in _one_ahead(_batches(lines, project, checks, result, sampling_probability)):
        stored = store_batch(project=project, batch=batch, actor=actor, now=now)
        result.accepted += stored.accepted
        result.duplicates += len(batch) - stored.accepted
        result.drawn += stored.drawn
    return result


class _Batch(NamedTuple):
    """Items with differing ids, ready to be stored; `last` where the source is known to have ended."""

    items: list[Prepared]
    last: bool


def _one_ahead(batches: Iterator[_Batch]) -> Iterator[list[Prepared]]:
    """Yield the batches, reading and preparing each while Postgres is busy with the one before.

    What goes wrong with a later batch is raised after the batches before it were handed out. A single batch, which is
    what most calls bring, needs no thread.
    """
    batch = next(batches, None)
    if batch is None or batch.last:
        yield from (batch.items,) if batch else ()
        return
    with ThreadPoolExecutor(1, thread_name_prefix="prepare") as ahead:
        context = copy_context()
        while batch is not None:
            following = ahead.submit(context.run, lambda: next(batches, None))
            yield batch.items
            batch = following.result()


def _batches(
    lines: Iterable[Line],
    project: Project,
    checks: CompiledChecks | None,
    result: IngestResult,
    sampling_probability: float | None,
) -> Iterator[_Batch]:
    """Yield batches that are neither long nor heavy."""
    items: dict[str, ItemIn] = {}
    size = 0
    for line in lines:
        parsed = parse_line(line)
        if isinstance(parsed, Problem):
            result.refuse(parsed)
        elif parsed.external_id in items:
            result.duplicates += 1
        else:
            items[parsed.external_id] = parsed
            if parsed.sampling_probability is None:
                parsed.sampling_probability = sampling_probability
            size += len(line.data if isinstance(line.data, bytes) else orjson.dumps(line.data))
            if len(items) >= BATCH_LINES or size >= BATCH_BYTES:
                yield _Batch(prepare_batch(list(items.values()), project=project, checks=checks), last=False)
                items, size = {}, 0
    if items:
        yield _Batch(prepare_batch(list(items.values()), project=project, checks=checks), last=True)
