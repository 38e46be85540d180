"""What a plan looks like as it is sent in."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from sampling.models.plans import SETTLE_HOURS
from sampling.times import read_time

Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Overlap = Annotated[int, Field(ge=1, le=50)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Time = Annotated[datetime, BeforeValidator(read_time)]

MAX_RULES = 50
MAX_DAILY_TARGET = 2**31 - 1


class PlanRule(BaseModel):
    """Items that match `when` are drawn with at least this rate, and then need `overlap` labels."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Name
    when: dict[str, Any]
    rate: Rate
    overlap: Overlap | None = None


class PlanBody(BaseModel):
    """A plan: which items go to people, and with what probability."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] = ""
    base_rate: Rate
    rules: list[PlanRule] = Field(default_factory=list, max_length=MAX_RULES)
    daily_target: Annotated[int, Field(ge=1, le=MAX_DAILY_TARGET)] | None = None
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
        return self


class PreviewBody(PlanBody):
    """A plan to try out, on items received from `from` (the first, if left out) up to `to` (now)."""

    start: Time | None = Field(default=None, alias="from")
    end: Time | None = Field(default=None, alias="to")
