"""Gates as they are written: which figure must reach what, said before there is a result."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError, model_validator

from annotations.evaluations.metrics import EVALUATION, JUDGE, find_metric
from annotations.models.rollouts import RolloutStage
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.http.nulls import NullsAreDefaults
from sampling.plans.filters import parse_filter
from sampling.plans.segments import segment_sql

SPLITTABLE = frozenset({"pass_rate", "agreement", "check_failure_rate", "error_rate", "feedback_negative_rate"})
NEXT = {RolloutStage.SHADOW: RolloutStage.INTERNAL_BETA, RolloutStage.INTERNAL_BETA: RolloutStage.GENERAL_AVAILABILITY}


class Gate(NullsAreDefaults):
    """One condition. `bound` says which end of the interval decides: the cautious one unless said otherwise."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    metric: str = Field(max_length=300)
    at_least: Annotated[float, Field(allow_inf_nan=False)] | None = None
    at_most: Annotated[float, Field(allow_inf_nan=False)] | None = None
    bound: Literal["low", "high", "value"] | None = None
    min_n: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    where: dict[str, Any] | None = None
    every_segment_of: str | None = Field(default=None, max_length=200)
    question: str | None = Field(default=None, max_length=100)
    dataset: str | None = Field(default=None, max_length=200)
    dataset_tag: str | None = Field(default=None, max_length=100)
    text: str = Field(default="", max_length=5_000)

    @model_validator(mode="after")
    def _whole(self) -> "Gate":
        if find_metric(self.metric) is None:
            raise ValueError(f"metric: there is no metric {self.metric[:80]!r}")
        if self.metric == "attestation":
            # Confirmed is 1: who writes every gate alike may say so.
            if self.at_least not in {None, 1} or self.at_most is not None:
                raise ValueError("at_least: an attestation has no number; write what is confirmed as text")
            return self
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("at_least: write at_least or at_most, and not both")
        if self.every_segment_of is not None and self.metric not in SPLITTABLE:
            raise ValueError(f"every_segment_of: {self.metric} is not split by segments")
        return self

    @property
    def decides(self) -> Literal["low", "high", "value"]:
        """Which end decides."""
        return self.bound or ("low" if self.at_least is not None else "high")

    @property
    def judge(self) -> tuple[str, str] | None:
        """The judge's name and metric of `judge.<name>.<metric>`."""
        if not self.metric.startswith(JUDGE):
            return None
        name, _, metric = self.metric.removeprefix(JUDGE).rpartition(".")
        return name, metric

    @property
    def evaluation(self) -> str | None:
        """The metric of an evaluation: `evaluation.<metric>`, or by itself what only an evaluation measures."""
        if self.metric.startswith(EVALUATION):
            return self.metric.removeprefix(EVALUATION)
        found = find_metric(self.metric)
        only = found is not None and found.of_evaluation and not found.of_production
        return self.metric if only else None

    @property
    def sentence(self) -> str:
        """The condition in words."""
        if self.metric == "attestation":
            return self.text or self.name
        sign, number = ("≥", self.at_least) if self.at_least is not None else ("≤", self.at_most)
        end = {"low": "lower limit of ", "high": "upper limit of ", "value": ""}[self.decides]
        parts = [f"{end}{self.metric} {sign} {number:g}"]
        if self.every_segment_of:
            parts.append(f"in every {self.every_segment_of}")
        if self.min_n:
            parts.append(f"from {self.min_n} on")
        return ", ".join(parts)


class Gates(NullsAreDefaults):
    """The gates of each step of the way."""

    model_config = ConfigDict(extra="forbid")

    internal_beta: list[Gate] = Field(default_factory=list, max_length=50)
    general_availability: list[Gate] = Field(default_factory=list, max_length=50)

    @model_validator(mode="after")
    def _names(self) -> "Gates":
        for stage in (self.internal_beta, self.general_availability):
            names = [gate.name for gate in stage]
            if len(set(names)) < len(names):
                raise ValueError("two gates of one stage have the same name")
        return self

    def of(self, stage: RolloutStage) -> list[Gate]:
        """Return the gates in front of a stage."""
        return {"internal_beta": self.internal_beta, "general_availability": self.general_availability}.get(stage, [])


def parse_gates(body: Any) -> Gates:
    """Return checked gates, or raise InvalidError naming each wrong place below `gates`."""
    try:
        gates = Gates.model_validate(body)
    except ValidationError as error:
        raise InvalidError(
            fields=tuple(
                FieldError(".".join(["gates", *(str(part) for part in each["loc"])]), each["msg"])
                for each in error.errors()
            )
        ) from None
    for stage in ("internal_beta", "general_availability"):
        for number, gate in enumerate(getattr(gates, stage)):
            if gate.where is not None:
                parse_filter(gate.where, path=f"gates.{stage}.{number}.where")
            if gate.every_segment_of is not None:
                segment_sql(gate.every_segment_of)
    return gates


TEMPLATES: dict[str, dict[str, list[dict[str, Any]]]] = {
    "Quality shown by people": {
        "internal_beta": [
            {"name": "Good enough to try", "metric": "pass_rate", "at_least": 0.85, "bound": "low", "min_n": 100},
            {"name": "Nothing open", "metric": "open_escalations", "at_most": 0, "bound": "value"},
        ],
        "general_availability": [
            {"name": "Good enough", "metric": "pass_rate", "at_least": 0.9, "bound": "low", "min_n": 200},
            {
                "name": "In every language",
                "metric": "pass_rate",
                "at_least": 0.85,
                "bound": "value",
                "min_n": 30,
                "every_segment_of": "metadata.language",
            },
            {"name": "Reviewers agree", "metric": "reviewer_alpha", "at_least": 0.6, "bound": "value", "min_n": 50},
            {
                "name": "Edge cases",
                "metric": "evaluation.accuracy",
                "at_least": 0.8,
                "bound": "low",
                "min_n": 50,
                "dataset_tag": "edge-cases",
            },
            {"name": "Monitoring is in place", "metric": "attestation", "text": "Dashboards and alerts are in place."},
        ],
    },
    "Decides as people do": {
        "internal_beta": [
            {"name": "Certified", "metric": "certified_e_value", "at_least": 10, "bound": "value", "min_n": 50},
        ],
        "general_availability": [
            {"name": "Certified", "metric": "certified_e_value", "at_least": 20, "bound": "value", "min_n": 200},
            {
                "name": "No worse than people",
                "metric": "non_inferiority",
                "at_least": -0.05,
                "bound": "low",
                "min_n": 200,
            },
            {
                "name": "Support is ready",
                "metric": "attestation",
                "text": "Support knows what changes, and how to reach us.",
            },
        ],
    },
    "Does not break": {
        "internal_beta": [
            {"name": "Checks hold", "metric": "check_failure_rate", "at_most": 0.02, "bound": "high", "min_n": 500},
            {"name": "Fast", "metric": "latency_p90_ms", "at_most": 4000, "bound": "high", "min_n": 500},
        ],
        "general_availability": [
            {"name": "Few errors", "metric": "error_rate", "at_most": 0.01, "bound": "high", "min_n": 2000},
            {"name": "No drift", "metric": "drift_findings", "at_most": 0, "bound": "value"},
            {"name": "Rate limits", "metric": "attestation", "text": "Rate limits and a fallback are in place."},
        ],
    },
}
