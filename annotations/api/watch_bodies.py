"""What the API says of whether a judge moved."""

from datetime import datetime
from typing import Literal

from ninja import Schema
from pydantic import Field


class BandOut(Schema):
    """One error rate: the first stretch that set the band's edge, and what came after."""

    name: str
    n_first: int
    errors_first: int
    edge: float | None
    n_since: int
    errors_since: int
    e_value: float


class FlagOut(Schema):
    """A flag; it stands while `over_at` is null."""

    reason: str
    raised_at: datetime
    over_at: datetime | None
    over_by: str | None
    over_reason: str


class AnchorsOut(Schema):
    """The version on items with frozen answers: what it says now against what it said at first."""

    moved: Literal["no_anchors", "not_asked", "judge", "not_judge"]
    n: int
    n_again: int
    to_wrong: int
    to_right: int
    sentence: str
    external_ids: list[str]


class WatchOut(Schema):
    """How a version's errors stand to their band; flagged at an e-value of twenty."""

    question: str
    state: Literal["no_share", "collecting", "inside", "outside"]
    n: int = Field(description="Labelled items of the uniform share: drawn below the plan's base rate.")
    e_value: float
    bands: list[BandOut]
    flags: list[FlagOut]
    anchors: AnchorsOut
