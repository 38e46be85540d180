"""Judging a queue by what it answered: calls with their start and end stamps, and what was stored in the end.

The checker knows nothing of how the queue works. Between the end of the call that handed out a lease and the start of
the first call that may have ended it, the reviewer *certainly* had the seat; so they had between a label's answer and
its undo. From these certain times alone it finds seats handed out twice, work given twice, and answers lost.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

ENDS_A_LEASE = frozenset({"submit", "skip", "release"})


@dataclass(frozen=True)
class Call:
    """One call of a service. `outcome` is "ok", the code of the refusal, or "unknown" where the connection died."""

    kind: str
    reviewer: str
    start: float
    end: float
    outcome: str = "ok"
    task: int | None = None
    token: str | None = None
    submit_id: str | None = None
    label: int | None = None
    given: tuple[tuple[int, str], ...] = ()  # tasks with their tokens
    aged: tuple[tuple[int, str], ...] = ()  # tasks and reviewers whose lease this call let run out


class Stored(NamedTuple):
    """A label as it stands in the database when all is over."""

    id: int
    task: int
    reviewer: str
    submit_id: str | None
    surplus: bool
    withdrawn: bool


class Span(NamedTuple):
    """A time in which a reviewer certainly had a seat."""

    task: int
    reviewer: str
    token: str
    begin: float
    end: float


def _spans_of_leases(calls: Sequence[Call]) -> list[Span]:
    begins: dict[tuple[int, str, str], list[Call]] = defaultdict(list)
    enders: dict[tuple[int, str], list[Call]] = defaultdict(list)
    for call in calls:
        for task, token in call.given:
            begins[task, call.reviewer, token].append(call)
        for task, reviewer in call.aged:
            enders[task, reviewer].append(call)
        if call.task is None or call.token is None:
            continue
        if call.kind == "renew" and call.outcome == "ok":
            begins[call.task, call.reviewer, call.token].append(call)
        if call.kind in ENDS_A_LEASE:
            enders[call.task, call.reviewer].append(call)
    spans = []
    for (task, reviewer, token), found in begins.items():
        for begin in found:
            ends = [
                ender.start
                for ender in enders[task, reviewer]
                if ender is not begin and ender.end >= begin.start and ender.token in {None, token}
            ]
            end = min(ends, default=float("inf"))
            if end > begin.end:
                spans.append(Span(task, reviewer, token, begin.end, end))
    return spans


def _spans_of_labels(calls: Sequence[Call]) -> list[Span]:
    undos: dict[tuple[str, str | None], list[float]] = defaultdict(list)
    for call in calls:
        if call.kind == "undo":
            undos[call.reviewer, call.submit_id].append(call.start)
    spans = []
    for call in calls:
        if call.kind == "submit" and call.outcome == "ok" and call.task is not None and call.submit_id is not None:
            end = min(undos[call.reviewer, call.submit_id], default=float("inf"))
            if end > call.end:
                spans.append(Span(call.task, call.reviewer, call.submit_id, call.end, end))
    return spans


def oversold(spans: Iterable[Span], needs: Mapping[int, int]) -> Iterator[str]:
    """Yield the tasks at which, at some moment, more people than seats certainly sat or had labelled."""
    by_task: dict[int, list[Span]] = defaultdict(list)
    for span in spans:
        by_task[span.task].append(span)
    for task, found in by_task.items():
        for moment in {span.begin for span in found}:
            people = {span.reviewer for span in found if span.begin <= moment < span.end}
            if len(people) > needs[task]:
                yield f"task {task} has {needs[task]} seats and was given to {', '.join(sorted(people))} at {moment}"
                break


def given_twice(calls: Sequence[Call], leases: Iterable[Span], labels: Iterable[Span]) -> Iterator[str]:
    """Yield the tasks handed to somebody who certainly held, had labelled or had skipped them."""
    busy: dict[tuple[int, str], list[Span]] = defaultdict(list)
    for span in (*leases, *labels):
        busy[span.task, span.reviewer].append(span)
    for call in calls:
        if call.kind == "skip" and call.outcome == "ok" and call.task is not None:
            busy[call.task, call.reviewer].append(Span(call.task, call.reviewer, "", call.end, float("inf")))
    for call in calls:
        for task, token in call.given:
            for span in busy[task, call.reviewer]:
                if span.begin <= call.start and call.end <= span.end and span.token not in {token, call.submit_id}:
                    yield f"task {task} was given to {call.reviewer} at {call.end}, who had it since {span.begin}"


def refused_though_held(calls: Sequence[Call], leases: Iterable[Span]) -> Iterator[str]:
    """Yield the submits answered `lease_lost` although the lease was certainly held when they came."""
    held = {(span.task, span.reviewer, span.token, span.end) for span in leases}
    near: dict[tuple[int, str], list[Call]] = defaultdict(list)
    for call in calls:
        for task, reviewer in call.aged:
            near[task, reviewer].append(call)
        if call.task is not None:
            near[call.task, call.reviewer].append(call)
    for call in calls:
        if call.kind != "submit" or call.outcome != "lease_lost" or call.task is None:
            continue
        alone = all(
            other is call or other.end < call.start or other.start > call.end
            for other in near[call.task, call.reviewer]
        )
        if alone and (call.task, call.reviewer, call.token, call.start) in held:
            yield f"{call.reviewer} held task {call.task} and was refused at {call.end}"


def wrongly_stored(calls: Sequence[Call], stored: Sequence[Stored], needs: Mapping[int, int]) -> Iterator[str]:
    """Yield what the answers promise and the store does not hold, or holds and nobody sent."""
    by_submit: dict[tuple[str, str | None], list[Stored]] = defaultdict(list)
    active: dict[int, list[Stored]] = defaultdict(list)
    for label in stored:
        by_submit[label.reviewer, label.submit_id].append(label)
        if not label.withdrawn:
            active[label.task].append(label)
    sent = {(call.reviewer, call.submit_id, call.task) for call in calls if call.kind == "submit"}
    undone = {
        (call.reviewer, call.submit_id) for call in calls if call.kind == "undo" and call.outcome in {"ok", "unknown"}
    }
    for call in calls:
        found = by_submit[call.reviewer, call.submit_id]
        if call.kind == "submit" and call.outcome == "ok":
            if [label.id for label in found if not label.surplus] != [call.label]:
                yield f"label {call.label} was acknowledged to {call.reviewer}, stored are {found}"
            elif any(label.withdrawn for label in found) and (call.reviewer, call.submit_id) not in undone:
                yield f"label {call.label} is withdrawn and nobody undid it"
        if call.kind == "undo" and call.outcome == "ok" and any(not label.withdrawn for label in found):
            yield f"{call.reviewer} undid {call.submit_id}, and it stands"
    for label in stored:
        if (label.reviewer, label.submit_id, label.task) not in sent:
            yield f"label {label.id} was never sent"
    for task, labels in active.items():
        people = [label.reviewer for label in labels]
        if len(people) != len(set(people)):
            yield f"task {task} has two labels of one person"
        if sum(not label.surplus for label in labels) > needs[task]:
            yield f"task {task} needs {needs[task]} labels and has more"


def find_faults(calls: Sequence[Call], stored: Sequence[Stored], needs: Mapping[int, int]) -> list[str]:
    """Return everything that a sound queue could not have answered; an empty list is the only good answer."""
    leases, labels = _spans_of_leases(calls), _spans_of_labels(calls)
    return [
        *oversold([*leases, *labels], needs),
        *given_twice(calls, leases, labels),
        *refused_though_held(calls, leases),
        *wrongly_stored(calls, stored, needs),
    ]
