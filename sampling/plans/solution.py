"""What past volume made of a plan's targets, uncertainty and daily target: rates, fixed before the items arrive."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from reviewapp.stats.sampling.uncertainty import UncertaintyDesign

Kind = Literal["value", "missing", "other"]


@dataclass(frozen=True, slots=True)
class Stratum:
    """The items of one value of a fact, those without one, or those of all values beside the largest.

    `items_per_week` is past volume, `deviation` that of the pass rate as far as labels tell, `labels_per_week` what was
    solved for, `rate` the probability that gives them.
    """

    kind: Kind
    value: str | None
    items_per_week: float
    deviation: float
    labels_per_week: float
    rate: float


@dataclass(frozen=True, slots=True)
class SolvedTarget:
    """A target's strata. What was never seen falls under `other`, and has no rate of its own where nothing else did."""

    by: str
    strata: tuple[Stratum, ...]

    @property
    def rates(self) -> dict[str, float]:
        """Rates by value."""
        return {stratum.value: stratum.rate for stratum in self.strata if stratum.value is not None}

    @property
    def missing(self) -> float:
        """The rate of items without a value."""
        return sum(stratum.rate for stratum in self.strata if stratum.kind == "missing")

    @property
    def other(self) -> float:
        """The rate of all other values."""
        return sum(stratum.rate for stratum in self.strata if stratum.kind == "other")


class Steering(NamedTuple):
    """The factor on rates below 1 that past volume asks for, and the labels a day expected without it and with it."""

    factor: float
    labels_before: float
    labels_per_day: float


@dataclass(frozen=True, slots=True)
class Solution:
    """All that was solved from the items received between two times; `days` of them, at least one."""

    start: datetime | None
    end: datetime
    days: float
    n_items: int
    targets: tuple[SolvedTarget, ...] = ()
    uncertainty: UncertaintyDesign | None = None
    steering: Steering | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the solution as it is stored and sent."""
        body = asdict(self)
        body["steering"] = None if self.steering is None else self.steering._asdict()
        return {**body, "start": self.start.isoformat() if self.start else None, "end": self.end.isoformat()}

    @classmethod
    def of_json(cls, body: Mapping[str, Any]) -> "Solution":
        """Return a stored solution."""
        return cls(
            start=datetime.fromisoformat(body["start"]) if body["start"] else None,
            end=datetime.fromisoformat(body["end"]),
            days=body["days"],
            n_items=body["n_items"],
            targets=tuple(
                SolvedTarget(target["by"], tuple(Stratum(**stratum) for stratum in target["strata"]))
                for target in body["targets"]
            ),
            uncertainty=UncertaintyDesign(**body["uncertainty"]) if body["uncertainty"] else None,
            steering=Steering(**body["steering"]) if body["steering"] else None,
        )

    @property
    def rates(self) -> tuple[object, ...]:
        """What of it draws items: two solutions that agree in this draw the same."""
        return (*((t.by, t.rates, t.missing, t.other) for t in self.targets), self.uncertainty)
