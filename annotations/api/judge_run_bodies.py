"""What the endpoints of judges that run here take and give."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

from annotations.api.bodies import Body
from annotations.judges.attacks import AttackReport
from annotations.judges.providers import ProviderSpec
from annotations.judges.runs import Progress
from annotations.judges.versions import Cascade, Choice
from annotations.models import JudgeProvider

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Usd = Annotated[float, Field(ge=0, le=1_000_000)]


class ModelIn(Body):
    """A model that a provider offers, with its prices."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    input_usd_per_mtok: Annotated[float, Field(ge=0, le=100_000)] = 0
    output_usd_per_mtok: Annotated[float, Field(ge=0, le=100_000)] = 0


class ProviderFields(Body):
    """What there is to say of a provider."""

    kind: Literal["openai", "anthropic", "simulated"]
    base_url: Annotated[str, StringConstraints(max_length=2000)] = ""
    api_key_env: Annotated[str, StringConstraints(max_length=200)] | None = None
    api_key: str | None = Field(default=None, description="Kept encrypted; nothing gives it out.")
    models: Annotated[list[ModelIn], Field(min_length=1, max_length=100)]
    rpm: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(default=None, description="Requests a minute.")
    tpm: Annotated[int, Field(ge=1, le=2_000_000_000)] | None = Field(default=None, description="Tokens a minute.")

    def spec(self, name: str) -> ProviderSpec:
        """Return it as the service takes it."""
        return ProviderSpec(
            name=name,
            kind=self.kind,
            base_url=self.base_url,
            api_key_env=self.api_key_env or "",
            api_key=self.api_key or None,
            models=[each.model_dump() for each in self.models],
            rpm=self.rpm,
            tpm=self.tpm,
        )


class ProviderIn(ProviderFields):
    """A new provider."""

    name: Name


class ProviderOut(Schema):
    """A provider, without its key."""

    name: str
    kind: str
    base_url: str
    api_key_env: str | None
    api_key_set: bool
    models: list[ModelIn]
    rpm: int | None
    tpm: int | None
    learnt: dict[str, dict[str, Any]] = Field(description="By model: the limits that its answers told.")

    @classmethod
    def of(cls, row: JudgeProvider, *, api_key_set: bool) -> "ProviderOut":
        """Return what is shown of a provider."""
        return cls(
            name=row.name,
            kind=row.kind,
            base_url=row.base_url,
            api_key_env=row.api_key_env or None,
            api_key_set=api_key_set,
            models=[ModelIn(**each) for each in row.offers],
            rpm=row.rpm,
            tpm=row.tpm,
            learnt=row.learnt,
        )


class ProviderList(Schema):
    """A project's providers, all on one page."""

    results: list[ProviderOut]
    next: None = None


class TestIn(Body):
    """Which model to try; the first without one."""

    model: str | None = None


class TestOut(Schema):
    """How a test call went."""

    ok: bool
    message: str
    latency_ms: float | None


class JudgeIn(Body):
    """A new judge and the questions of the rubric that it answers."""

    name: Name
    questions: Annotated[list[str], Field(min_length=1, max_length=100)]


class JudgeOut(Schema):
    """A judge and its versions, oldest first."""

    name: str
    kind: str
    questions: list[str] | None
    versions: list[str]


class JudgeList(Schema):
    """A project's judges, all on one page."""

    results: list[JudgeOut]
    next: None = None


class ChoiceIn(Body):
    """A model of a provider. A fallback without a model is the same model there."""

    provider: Name
    model: str | None = None


class CascadeIn(Body):
    """Who is asked in turn; see docs/judges.md."""

    checks: list[str] = Field(default_factory=list)
    checks_answers: dict[str, Any] = Field(default_factory=dict)
    stronger: ChoiceIn | None = None
    uncertain: tuple[float, float] = (0.2, 0.8)
    person: bool = False

    def cascade(self, model: str) -> Cascade:
        """Return it as the service takes it."""
        one = self.stronger
        stronger = Choice(one.provider, one.model or model) if one else None
        return Cascade(tuple(self.checks), self.checks_answers, stronger, self.uncertain, self.person)


class VersionIn(Body):
    """A version to freeze."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    provider: Name
    model: str
    prompt: str
    params: dict[str, Any] = Field(default_factory=dict)
    examples_from: Literal["train"] | None = None
    examples: Annotated[int, Field(ge=1, le=20)] = 4
    fallback: list[ChoiceIn | str] = Field(default_factory=list, max_length=5)
    cascade: CascadeIn | None = None

    def fallbacks(self) -> list[Choice]:
        """Return who is asked where the first cannot be; a text is a provider's name."""
        named = [ChoiceIn(provider=each) if isinstance(each, str) else each for each in self.fallback]
        return [Choice(each.provider, each.model or self.model) for each in named]


class JudgeVersionOut(Schema):
    """The label of a version."""

    version: str


class VersionDetail(Schema):
    """All of a version: what was frozen (null for an imported one), and its newest attack suite."""

    version: str
    created_at: datetime
    spec: dict[str, Any] | None
    attacks: "AttackOut | None"


class RunIn(Body):
    """Which items, and for how much money."""

    where: Any = None
    sample: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None, description="Up to 1 a share of the items, above it how many."
    )
    budget_usd: Usd | None = None


class RunCreated(Schema):
    """A run that was begun."""

    id: int


class ResumeIn(Body):
    """A new budget, where the old one was used up."""

    budget_usd: Usd | None = None


class EstimateOfRunOut(Schema):
    """What a run would cost and take, before it is begun. `labelled` items are those that people answered."""

    items: int
    labelled: int
    is_exact: bool
    cost_usd: float
    seconds: float
    tokens: int


class TokensOut(Schema):
    """Tokens read and written."""

    input: int
    output: int


class RunOut(Schema):
    """How far a run is; total = done + failed + unparsed at its end."""

    id: int
    judge: str
    judge_version: str
    state: Literal["queued", "running", "paused", "stopped", "done", "failed"]
    reason: str | None
    total: int
    done: int
    failed: int
    unparsed: int
    cached: int
    tokens: TokensOut
    cost_usd: float
    reserved_usd: float
    uncertain_usd: float
    budget_usd: float | None
    eta_s: float | None
    stages: dict[str, int]
    saved_usd: float | None
    created_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, run: Progress) -> "RunOut":
        """Return what is shown of a run."""
        fields = {name: getattr(run, name) for name in cls.model_fields if name != "tokens"}
        return cls(**fields, tokens=TokensOut(input=run.input_tokens, output=run.output_tokens))


class RunList(Schema):
    """A project's newest runs, on one page."""

    results: list[RunOut]
    next: None = None


class AnchorsIn(Body):
    """Which question's anchors; the primary one's without."""

    question: str | None = None


class BudgetsIn(Body):
    """What judges may spend, in dollars; null is no limit."""

    total_usd: Usd | None = None
    day_usd: Usd | None = None


class BudgetsOut(Schema):
    """Budgets, and what is committed against them: spent, reserved and uncertain together."""

    total_usd: float | None
    day_usd: float | None
    spent_usd: float
    spent_today_usd: float
    uncertain_usd: float


class OnlineIn(Body):
    """How a version judges items as they come in."""

    enabled: bool = True
    rate: Annotated[float, Field(gt=0, le=1)] = 1
    where: Any = None
    budget_usd_per_day: Usd | None = None


class OnlineOut(Schema):
    """How a version judges items as they come in."""

    enabled: bool
    rate: float
    where: Any
    budget_usd_per_day: float | None


class AttemptOut(Schema):
    """One attack and what came of it."""

    name: str
    outcome: str = Field(description="fooled, resisted or unparsed")


class AttackOut(Schema):
    """The attack suite against a version. `fooled_rate` is over the attempts that were answered."""

    state: Literal["running", "done", "failed"]
    reason: str | None
    fooled: int
    resisted: int
    unparsed: int
    fooled_rate: float | None
    cost_usd: float
    attempts: list[AttemptOut]
    created_at: datetime

    @classmethod
    def of(cls, found: AttackReport) -> "AttackOut":
        """Return what is shown of an attack suite."""
        fields = {name: getattr(found, name) for name in cls.model_fields if name != "attempts"}
        attempts = [AttemptOut(name=name, outcome=outcome) for name, outcome in found.attempts]
        return cls(**fields, attempts=attempts)
