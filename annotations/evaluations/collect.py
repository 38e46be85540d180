"""Outputs that somebody uploads: checked line by line, masked like items, stored until they are marked."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson
from django.db import connection

from annotations.datasets.cases import masked_content
from annotations.models import Evaluation
from annotations.models.evaluations import OutputStatus
from reviewapp.http.errors import FieldError, InvalidError

MAX_BYTES = 1024 * 1024
_NUL = b"\\u0000"

_COPY = """
COPY annotations_evaluationoutput (evaluation_id, position, nth, external_id, status, output, verdicts, problem,
    latency_ms, input_tokens, output_tokens, cost_usd) FROM STDIN
"""
_POSITIONS = """
SELECT external_id, position, row FROM annotations_datasetrow
WHERE version_id = %s AND erased_at IS NULL AND external_id = ANY(%s)
"""


class Given(NamedTuple):
    """One output for one row. `problem` says why there is none; the same id again is the row's next repeat."""

    external_id: str
    output: Any = None
    problem: str = ""
    verdicts: dict[str, Any] | None = None
    latency_ms: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


class Stored(NamedTuple):
    """How many outputs were taken, and how many belong to no row of the version."""

    taken: int
    unknown: int


def read_output(data: Any, path: str) -> Given:
    """Return one uploaded output, or raise InvalidError naming the place; `path` such as `outputs.3` or `line 4`."""
    if not isinstance(data, Mapping):
        raise _wrong(path, "Expected an object with external_id and output.")
    external_id = data.get("external_id")
    if not isinstance(external_id, str) or not external_id or "\0" in external_id:
        raise _wrong(f"{path}.external_id", "Expected the external id of a row.")
    problem = data.get("error") or ""
    if "output" not in data and not problem:
        raise _wrong(f"{path}.output", "Expected the output, or error with the reason why there is none.")
    output = data.get("output")
    if output is None and not problem:
        problem = "the output is null"
    if len(written := orjson.dumps(output)) > MAX_BYTES or _NUL in written:
        raise _wrong(f"{path}.output", "An output has up to 1 MiB, and no NUL character.")
    verdicts = data.get("verdicts")
    if verdicts is not None and not isinstance(verdicts, Mapping):
        raise _wrong(f"{path}.verdicts", 'Expected verdicts by judge, such as {"strict": {"verdict": "pass"}}.')
    if verdicts is not None and _NUL in orjson.dumps(dict(verdicts)):
        raise _wrong(f"{path}.verdicts", "A verdict has no NUL character.")
    tokens = [_amount(data, name, path) for name in ("input_tokens", "output_tokens")]
    return Given(
        external_id=external_id,
        output=None if problem else output,
        problem=str(problem).replace("\0", "")[:500],
        verdicts=dict(verdicts) if verdicts else None,
        latency_ms=_amount(data, "latency_ms", path),
        input_tokens=None if tokens[0] is None else int(tokens[0]),
        output_tokens=None if tokens[1] is None else int(tokens[1]),
        cost_usd=_amount(data, "cost_usd", path),
    )


def store_outputs(evaluation: Evaluation, outputs: Iterable[Given], *, most: int) -> Stored:
    """Store outputs of an evaluation, to be marked; in the caller's transaction.

    Those of rows that the version does not have are counted and left. InvalidError for more than `most` of one row.
    """
    taken = unknown = 0
    nth: dict[int, int] = {}
    for batch in _batches(outputs):
        rows = _positions(evaluation, [given.external_id for given in batch])
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for given in batch:
                if given.external_id not in rows:
                    unknown += 1
                    continue
                position, expected = rows[given.external_id]
                number = nth[position] = nth.get(position, 0) + 1
                if number > most:
                    message = f"There are more than {most} outputs of {given.external_id[:60]!r}."
                    raise InvalidError(message, fields=(FieldError("outputs", message),))
                status = OutputStatus.FAILED if given.problem else OutputStatus.GIVEN
                output = masked_output(evaluation, given.output, expected)
                copy.write_row(
                    (
                        evaluation.pk,
                        position,
                        number,
                        given.external_id,
                        status.value,
                        None if given.problem else orjson.dumps(output).decode(),
                        None if given.verdicts is None else orjson.dumps(given.verdicts).decode(),
                        given.problem,
                        given.latency_ms,
                        given.input_tokens,
                        given.output_tokens,
                        given.cost_usd,
                    )
                )
                taken += 1
    return Stored(taken, unknown)


def masked_output(evaluation: Evaluation, output: Any, expected: Any) -> Any:
    """Return an output with placeholders; one that says what the frozen row expects holds nothing new."""
    return output if output == expected else masked_content(evaluation.project, output)


def _positions(evaluation: Evaluation, external_ids: list[str]) -> dict[str, tuple[int, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(_POSITIONS, [evaluation.version_id, external_ids])
        return {name: (position, orjson.loads(row)["expected"]) for name, position, row in cursor.fetchall()}


def _batches(outputs: Iterable[Given], size: int = 1000) -> Iterator[list[Given]]:
    batch: list[Given] = []
    for given in outputs:
        batch.append(given)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _amount(data: Mapping[str, Any], name: str, path: str) -> float | None:
    value = data.get(name)
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 <= value < 1e12
        or not math.isfinite(value)
    ):
        raise _wrong(f"{path}.{name}", "Expected a number of 0 or more.")
    return float(value)


def _wrong(path: str, message: str) -> InvalidError:
    return InvalidError(f"{path}: {message}", fields=(FieldError(path, message),))
