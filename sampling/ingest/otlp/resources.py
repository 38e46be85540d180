"""What both encodings are cut into: spans one by one, each with the resource that it came from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from reviewapp.http.errors import TooLargeError
from reviewapp.http.lines import LineProblem
from sampling.ingest.otlp.values import Attributes

MAX_HELD_BYTES = 20 * 1024 * 1024


class RawSpan(NamedTuple):
    """A span as it was sent, not parsed yet: 1-based in its request. No data with a problem."""

    number: int
    data: bytes
    problem: LineProblem | None
    resource: Attributes


@dataclass(frozen=True, slots=True)
class Begin:
    """A resource's spans begin."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What the spans of the resource that has begun come from."""

    attributes: Attributes


class Cut(NamedTuple):
    """One span's bytes, or why there are none."""

    data: bytes
    problem: LineProblem | None = None


def join_resources(pieces: Iterable[Begin | Resource | Cut]) -> Iterator[RawSpan]:
    """Yield the spans with their resource.

    Everybody writes a resource before its spans, which then pass through. Both encodings allow the other order, so
    spans without one are held until it comes, or until the next resource begins; there is a limit to that.
    """
    number = held_bytes = 0
    resource: Attributes | None = None
    held: list[tuple[int, Cut]] = []
    for piece in pieces:
        if type(piece) is Cut:
            number += 1
            if resource is None:
                held.append((number, piece))
                held_bytes += len(piece.data)
                if held_bytes > MAX_HELD_BYTES:
                    raise TooLargeError("Send a resource before its spans, or fewer spans.", code="too_many_spans")
            else:
                yield RawSpan(number, piece.data, piece.problem, resource)
            continue
        resource = piece.attributes if isinstance(piece, Resource) else None
        # Whoever begins anew has no resource to come for what is held.
        yield from (RawSpan(n, cut.data, cut.problem, resource or {}) for n, cut in held)
        held, held_bytes = [], 0
    yield from (RawSpan(n, cut.data, cut.problem, {}) for n, cut in held)
