"""Where does it fail, over the API."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from annotations.api.agreement import Question
from annotations.api.estimates import EstimateOut
from annotations.failures.kept import read_slices
from annotations.failures.slices import Condition, ModeSlice, Slice
from annotations.quality.asked import Window
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from sampling.api.items import From, To, Where, read_filter

router = Router(tags=["Numbers"])


class ConditionOut(Schema):
    """A fact and its value; null where it is not known."""

    fact: str
    value: Any

    @classmethod
    def of(cls, condition: Condition) -> "ConditionOut":
        """Return what is shown of a condition."""
        return cls(fact=condition.fact, value=condition.value)


class SliceOut(Schema):
    """One slice of the traffic; `where` is the filter of its items."""

    kind: Literal["value", "pair"]
    conditions: list[ConditionOut]
    same_as: list[ConditionOut] = Field(description="Values that just the same labelled items have.")
    where: dict[str, Any]
    n: int
    n_fails: int
    share: float = Field(description="Of the traffic.")
    failure_share: float = Field(description="Of the failures.")
    explained: float = Field(description="How far the failure rate would fall if the slice failed like the rest.")
    failure_rate: EstimateOut
    shrunken: EstimateOut = Field(description="Pulled towards the other slices, and marked as such.")
    small: bool = Field(description="Under thirty effective labels: read the shrunken rate.")
    rest_rate: float | None
    p_value: float | None = Field(description="Null where it was not tested: a side has under five labels.")
    adjusted: float | None = Field(description="By Benjamini-Hochberg over all slices that were tested.")
    found: bool = Field(description="Whether it fails more than the rest at a false discovery rate of 5 %.")
    examples: list[str] = Field(description="Items that fail, newest first.")

    @classmethod
    def of(cls, found: Slice) -> "SliceOut":
        """Return what is shown of a slice."""
        return cls(
            kind=found.kind,
            conditions=[ConditionOut.of(each) for each in found.conditions],
            same_as=[ConditionOut.of(each) for each in found.same_as],
            where=found.where,
            n=found.n,
            n_fails=found.n_fails,
            share=found.share,
            failure_share=found.failure_share,
            explained=found.explained,
            failure_rate=EstimateOut.of(found.failure_rate),
            shrunken=EstimateOut.of(found.shrunken),
            small=found.small,
            rest_rate=found.rest_rate,
            p_value=found.p_value,
            adjusted=found.adjusted,
            found=found.found,
            examples=found.examples,
        )


class ModeSliceOut(Schema):
    """A failure mode as a slice; not tested, because it fails by its name."""

    value: str
    name: str
    failure_share: EstimateOut
    explained: float | None
    where: dict[str, Any]

    @classmethod
    def of(cls, found: ModeSlice) -> "ModeSliceOut":
        """Return what is shown of a mode."""
        return cls(
            value=found.value,
            name=found.name,
            failure_share=EstimateOut.of(found.failure_share),
            explained=found.explained,
            where=found.where,
        )


class SlicesOut(Schema):
    """The slices that explain failure, the most first, at most fifty; and the failure modes."""

    as_of: datetime = Field(description="When they were computed: now, or up to a minute ago from 5,000 labels on.")
    question: str
    failure_rate: EstimateOut
    n_labelled: int
    n_fails: int
    facts: list[str] = Field(description="By which the traffic was sliced.")
    n_tested: int
    slices: list[SliceOut]
    modes: list[ModeSliceOut]


@router.get("/{p}/slices", response=SlicesOut, summary="Where it fails")
def get_slices(
    request: HttpRequest,
    p: str,
    question: Question = None,
    *,
    pairs: Annotated[bool, Query(description="Whether to cross the first twelve facts with each other.")] = True,
    where: Where = None,
    start: From = None,
    to: To = None,
) -> SlicesOut:
    """Return the parts of the traffic by the failure that they explain, with rates weighted by the draw."""
    access = authorize(actor_of(request), p, Action.SEE_RESOLUTIONS)
    window = Window(access.project.pk, start=start, end=to, where=read_filter(where))
    found, as_of = read_slices(window, question=question, pairs=pairs, now=timezone.now())
    return SlicesOut(
        as_of=as_of,
        question=found.question,
        failure_rate=EstimateOut.of(found.failure_rate),
        n_labelled=found.n_labelled,
        n_fails=found.n_fails,
        facts=found.facts,
        n_tested=found.n_tested,
        slices=[SliceOut.of(each) for each in found.slices],
        modes=[ModeSliceOut.of(each) for each in found.modes],
    )
