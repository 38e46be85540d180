"""What a line of each import holds, and lines cut into batches of checked records."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, NamedTuple

from pydantic import ConfigDict, Field, StringConstraints, field_validator

from reviewapp.accounts.access import Actor
from reviewapp.accounts.models import Project
from reviewapp.http.lines import Line
from reviewapp.http.nulls import NullsAreDefaults
from sampling.ingest.add import IngestResult
from sampling.ingest.fields import MAX_EXTERNAL_ID, Number, Time
from sampling.ingest.parse import Problem, Record, parse_record

BATCH = 1000
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_EXTERNAL_ID)]
Milliseconds = Annotated[int, Field(ge=0, le=2**53)]
LongText = Annotated[str, StringConstraints(max_length=200_000)]


class _Record(NullsAreDefaults):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    external_id: ExternalId


class LabelRecord(_Record):
    """A label that somebody made elsewhere. What our own export holds beside it is read past."""

    reviewer: Annotated[str, StringConstraints(min_length=1, max_length=150, strip_whitespace=True)]
    answers: dict[str, Any]
    created_at: Time | None = None
    comment: Annotated[str, StringConstraints(max_length=20_000)] = ""
    duration_ms: Milliseconds | None = None
    id: Any = None
    rubric_version: Any = None
    details: Any = None
    source: Any = None
    surplus: Any = None
    superseded_by: Any = None


class VerdictRecord(_Record):
    """A verdict of a judge that ran elsewhere; `answers` null says that what it said could not be read."""

    judge: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^.]+$")]
    judge_version: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    answers: dict[str, Any] | None
    raw: Any = None
    score: Number | None = None
    rationale: LongText | None = None


class DecisionRecord(_Record):
    """What the manual process decided about an item; `assisted` says that the person saw the AI's answer."""

    decision: Any
    decided_at: Time | None = None
    decider: Annotated[str, StringConstraints(max_length=200)] | None = None
    duration_ms: Milliseconds | None = None
    assisted: bool = False

    @field_validator("decision")
    @classmethod
    def _something_was_decided(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("A decision must not be null.")
        return value


@dataclass(frozen=True, slots=True)
class Run:
    """One import: into what, by whom, when, and what became of its lines so far."""

    project: Project
    actor: Actor | None
    now: datetime
    result: IngestResult = field(default_factory=IngestResult)


class Numbered(NamedTuple):
    """A record and the line that it came from."""

    line: int
    record: Any


def read_batches(lines: Iterable[Line], model: type[Record], result: IngestResult) -> Iterator[list[Numbered]]:
    """Yield the lines' records in batches; a line that is no record is counted in the result."""
    batch: list[Numbered] = []
    for line in lines:
        parsed = parse_record(line, model)
        if isinstance(parsed, Problem):
            result.refuse(parsed)
            continue
        batch.append(Numbered(line.number, parsed))
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def unknown_item(line: int) -> Problem:
    """Return the problem of a line about an item that the project does not have."""
    return Problem(line, "unknown_item", "There is no such item in this project.", "external_id")
