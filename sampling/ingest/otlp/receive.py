"""The service behind OTLP: chat spans become items by the same way as any other, other spans are passed over."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from reviewapp.accounts.access import Actor
from reviewapp.accounts.models import Project
from reviewapp.http.lines import Line, LineProblem
from reviewapp.metrics import OTLP_SPANS
from sampling.ingest.add import add_items
from sampling.ingest.otlp.chat import is_chat
from sampling.ingest.otlp.item import item_of
from sampling.ingest.otlp.resources import RawSpan
from sampling.ingest.otlp.span import Span
from sampling.ingest.parse import Problem

SHOWN_PROBLEMS = 5
Parser = Callable[[bytes], Span | LineProblem]


@dataclass(frozen=True, slots=True)
class Received:
    """What became of the spans of one request."""

    stored: int
    duplicates: int
    passed_over: int
    rejected: int
    drawn: int
    problems: list[Problem] = field(default_factory=list)

    @property
    def message(self) -> str:
        """Why spans were refused, for the people who run the sender; empty where none was."""
        if not self.rejected:
            return ""
        shown = self.problems[:SHOWN_PROBLEMS]
        reasons = " ".join(
            f"Span {problem.line}: {problem.path + ': ' if problem.path else ''}{problem.message}" for problem in shown
        )
        more = f" And {self.rejected - len(shown)} more." if self.rejected > len(shown) else ""
        return f"{self.rejected} refused. {reasons}{more}"


def receive_spans(
    *, project: Project, spans: Iterable[RawSpan], parse: Parser, actor: Actor | None, now: datetime
) -> Received:
    """Store an item for each chat span. Sending the same spans again changes nothing: their ids make the item's id.

    An item is committed when this returns. Where the spans do not tell with what probability they were kept, it is
    not known, and not 1.
    """
    counts: Counter[str] = Counter()
    result = add_items(
        project=project,
        lines=_lines(spans, parse, counts),
        actor=actor,
        now=now,
        sampling_probability=None,
    )
    received = Received(
        stored=result.accepted,
        duplicates=result.duplicates,
        passed_over=counts["passed_over"],
        rejected=result.rejected,
        drawn=result.drawn,
        problems=result.errors,
    )
    for outcome in ("stored", "duplicates", "passed_over", "rejected"):
        OTLP_SPANS.labels(outcome).inc(getattr(received, outcome))
    return received


def _lines(spans: Iterable[RawSpan], parse: Parser, counts: Counter[str]) -> Iterator[Line]:
    for raw in spans:
        span = raw.problem or parse(raw.data)
        if isinstance(span, LineProblem):
            yield Line(raw.number, None, span)
        elif is_chat(span):
            item = item_of(span, raw.resource)
            yield Line(raw.number, None, item) if isinstance(item, LineProblem) else Line(raw.number, item)
        else:
            counts["passed_over"] += 1
