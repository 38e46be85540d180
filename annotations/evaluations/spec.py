"""What an evaluation is asked to do: where outputs come from, how often, and what makes them right."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from annotations.evaluations.match import MatchRule, Way
from reviewapp.http.errors import FieldError, InvalidError

MAX_REPEATS = 20


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Match(_Strict):
    """What makes an output right; `path` is the place in it that holds the answer, such as `intent`."""

    way: Way = "normalised"
    tolerance: float = Field(default=0.0, ge=0)
    fields: list[str] = Field(default_factory=list, max_length=50)
    path: str = Field(default="", max_length=200)

    def rule(self) -> MatchRule:
        """Return the rule for `mark_output`."""
        return MatchRule(self.way, self.tolerance, tuple(self.fields), self.path)


class Auth(_Strict):
    """How a request proves itself: `header: scheme secret`. The secret is kept encrypted, for as long as the run."""

    header: str = Field(default="Authorization", pattern=r"^[A-Za-z0-9-]{1,60}$")
    scheme: str = Field(default="Bearer", pattern=r"^[A-Za-z0-9-]{0,20}$")
    secret: str = Field(min_length=1, max_length=4000)


class _Called(_Strict):
    auth: Auth | None = None
    concurrency: int = Field(default=4, ge=1, le=32)
    timeout_seconds: float = Field(default=30, gt=0, le=60)
    retries: int = Field(default=2, ge=0, le=5)


class Endpoint(_Called):
    """An HTTP endpoint that answers one row a request.

    `request` is a JSON body in which `{{ input }}`, `{{ context }}`, `{{ metadata.x }}`, `{{ external_id }}` stand for
    the row's; `response_path` is the place of the output in the answer, such as `choices.0.message.content`.
    """

    url: str = Field(max_length=2000)
    method: Literal["POST", "PUT", "GET"] = "POST"
    headers: dict[str, str] = Field(default_factory=dict, max_length=20)
    request: Any = None
    response_path: str = Field(default="", max_length=200)
    cost_path: str = Field(default="", max_length=200)


class Model(_Called):
    """An OpenAI-compatible chat model with a prompt; the price makes its cost."""

    base_url: str = Field(max_length=2000)
    model: str = Field(max_length=200)
    prompt: str = Field(default="", max_length=100_000)
    params: dict[str, Any] = Field(default_factory=dict)
    input_usd_per_mtok: float | None = Field(default=None, ge=0)
    output_usd_per_mtok: float | None = Field(default=None, ge=0)


class People(_Strict):
    """A sample of outputs for people to grade, each by `overlap` of them (as many as the project asks of an item).

    `show_expected` lets them see what was expected.
    """

    sample: int = Field(ge=1, le=5000)
    show_expected: bool = False
    overlap: int | None = Field(default=None, ge=1, le=50)


class JudgeChoice(_Strict):
    """Whose verdicts come with the outputs, or (`run`) who is asked here; without a version the judge's newest."""

    name: str = Field(min_length=1, max_length=100)
    version: str | None = None
    run: bool = False


class Spec(_Strict):
    """The whole of it; outputs come from an endpoint, a model, or with the request."""

    endpoint: Endpoint | None = None
    model: Model | None = None
    repeats: int = Field(default=1, ge=1, le=MAX_REPEATS)
    match: Match = Field(default_factory=Match)
    people: People | None = None
    judges: list[JudgeChoice] = Field(default_factory=list, max_length=5)
    split: str | None = None

    @property
    def called(self) -> Endpoint | Model | None:
        """What is called for outputs; None where they are uploaded."""
        return self.endpoint or self.model

    @property
    def asked_judges(self) -> list[JudgeChoice]:
        """The judges that are asked about the outputs here."""
        return [each for each in self.judges if each.run]

    def stored(self) -> dict[str, Any]:
        """Return the spec as it is kept, without the secret."""
        found = self.model_dump(exclude_none=True)
        for part in ("endpoint", "model"):
            if part in found and "auth" in found[part]:
                del found[part]["auth"]["secret"]
                found[part]["auth"]["secret"] = "kept apart"  # noqa: S105 — says where it is
        return found


def parse_spec(body: Any) -> Spec:
    """Return a checked spec, or raise InvalidError naming each wrong place."""
    try:
        spec = Spec.model_validate(body)
    except ValidationError as error:
        raise InvalidError(
            fields=tuple(
                FieldError(".".join(str(part) for part in each["loc"]), each["msg"]) for each in error.errors()
            )
        ) from None
    if spec.endpoint is not None and spec.model is not None:
        raise InvalidError("Name an endpoint or a model.", fields=(FieldError("model", "There is an endpoint, too."),))
    return spec
