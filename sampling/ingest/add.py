"""Items in: lines of any source, in batches, each line counted as accepted, duplicate or refused."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from reviewapp.accounts.access import Actor
from reviewapp.accounts.models import Project
from reviewapp.http.lines import Line
from sampling.ingest.fields import ItemIn
from sampling.ingest.parse import Problem, parse_line
from sampling.ingest.prepare import prepare_item
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


def add_items(*, project: Project, lines: Iterable[Line], actor: Actor | None, now: datetime) -> IngestResult:
    """Store the items of the lines; the first of an external id wins, here and against what is stored.

    Each batch is a transaction of its own: where the source breaks off, the batches before stay, and sending all of it
    again finds them as duplicates.
    """
    result = IngestResult()
    for items in _batches(lines, project, result):
        stored = store_batch(project=project, items=items, actor=actor, now=now)
        result.accepted += stored.accepted
        result.duplicates += len(items) - stored.accepted
        result.drawn += stored.drawn
    return result


def _batches(lines: Iterable[Line], project: Project, result: IngestResult) -> Iterator[list[ItemIn]]:
    """Yield items with differing ids, so many that a batch is neither long nor heavy."""
    batch: dict[str, ItemIn] = {}
    size = 0
    for line in lines:
        parsed = parse_line(line)
        if isinstance(parsed, Problem):
            result.refuse(parsed)
        elif parsed.external_id in batch:
            result.duplicates += 1
        else:
            batch[parsed.external_id] = prepare_item(parsed, project=project)
            size += len(line.data if isinstance(line.data, bytes) else orjson.dumps(line.data))
            if len(batch) >= BATCH_LINES or size >= BATCH_BYTES:
                yield list(batch.values())
                batch, size = {}, 0
    if batch:
        yield list(batch.values())
