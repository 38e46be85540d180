"""What a plan looks like as it is sent in."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from reviewapp.http.nulls import NullsAreDefaults
from sampling.models.plans import SETTLE_HOURS
from sampling.times import read_time

Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Overlap = Annotated[int, Field(ge=1, le=50)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Time = Annotated[datetime, BeforeValidator(read_time)]

MAX_RULES = 50
MAX_DAILY_TARGET = 2**31 - 1
MAX_TARGETS = 5
UNCERTAINTY = "uncertainty"


def target_name(fact: str) -> str:
    """Return what a target is called among the reasons of a draw."""
    return f"target {fact}"


class PlanRule(NullsAreDefaults):
    """Items that match `when` are drawn with at least this rate, and then need `overlap` labels.

    Of what is drawn, items that match an `urgent` rule are asked first, in a lane of their own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Name
    when: dict[str, Any]
    rate: Rate
    overlap: Overlap | None = None
    urgent: Annotated[bool | None, AfterValidator(lambda urgent: urgent or None)] = Field(
        default=None,
        description="Drawn items that match are asked first, up to every second one that a reviewer gets.",
    )


class PlanTarget(NullsAreDefaults):
    """At least `labels_per_week` labels a week of each value that the fact `by` has.

    With `total_per_week` the week's labels are that many in all, and what the minima leave goes where labels teach most
    (Neyman allocation).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    by: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    labels_per_week: Annotated[int, Field(ge=1, le=1_000_000)]
    total_per_week: Annotated[int, Field(ge=1, le=MAX_DAILY_TARGET)] | None = None


class Uncertainty(NullsAreDefaults):
    """Labels where a judge is in doubt: `fact` is its calibrated probability of a pass, `floor` the even share.

    About `labels_per_day` labels a day are spent, with a probability that grows with sqrt(p(1-p)).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    fact: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    labels_per_day: Annotated[int, Field(ge=1, le=MAX_DAILY_TARGET)]
    floor: Annotated[float, Field(ge=0.2, le=0.5, allow_inf_nan=False)] = 0.3


class PlanBody(NullsAreDefaults):
    """A plan: which items go to people, and with what probability."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] = ""
    base_rate: Rate
    rules: list[PlanRule] = Field(default_factory=list, max_length=MAX_RULES)
    targets: list[PlanTarget] = Field(default_factory=list, max_length=MAX_TARGETS)
    uncertainty: Uncertainty | None = None
    daily_target: Annotated[int, Field(ge=1, le=MAX_DAILY_TARGET)] | None = Field(
        default=None,
        description="Labels a day to aim at: from the next midnight (UTC) on, rates below 1 follow past volume.",
    )
    overlap: Overlap | None = None
    settle_hours: Annotated[int, Field(ge=0, le=720)] = Field(
        default=SETTLE_HOURS,
        description="How long after the hour of its arrival what becomes known of an item may raise its probability.",
    )

    @model_validator(mode="after")
    def _names_tell_rules_apart(self) -> Self:
        names = [rule.name for rule in self.rules]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two rules are named {name!r}")
        if "base" in names:
            raise ValueError('no rule can be named "base": that is what the base rate is called')
        facts = [target.by for target in self.targets]
        own = {*map(target_name, facts), *([UNCERTAINTY] if self.uncertainty else [])}
        for taken in sorted(own & set(names)):
            raise ValueError(f"no rule can be named {taken!r}: that is what another part of the plan is called")
        for fact in facts:
            if facts.count(fact) > 1:
                raise ValueError(f"two targets split by {fact!r}")
        return self

    @property
    def follows_volume(self) -> bool:
        """Tell whether some rate of the plan depends on how many items came in the past."""
        return bool(self.targets or self.uncertainty or self.daily_target)


class PreviewBody(PlanBody):
    """A plan to try out, on items received from `from` (the first, if left out) up to `to` (now)."""

    start: Time | None = Field(default=None, alias="from")
    end: Time | None = Field(default=None, alias="to")
