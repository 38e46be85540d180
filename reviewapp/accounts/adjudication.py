"""What it costs to confuse two answers: decides which disagreements an adjudicator is given first."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from reviewapp.http.errors import FieldError, InvalidError

MAX_COSTS = 200


class DisagreementCost(BaseModel):
    """Two answers to a question, in either order, and what confusing them costs; any other two answers cost 1."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=200)
    a: str | int
    b: str | int
    cost: float = Field(ge=0, le=1_000_000, allow_inf_nan=False)


_COSTS = TypeAdapter(list[DisagreementCost])


def parse_costs(sent: object) -> list[dict[str, Any]]:
    """Return costs as they are stored, or raise InvalidError naming the place."""
    if not isinstance(sent, list) or len(sent) > MAX_COSTS:
        raise InvalidError(fields=(FieldError("disagreement_costs", f"A list of at most {MAX_COSTS} costs."),))
    plain = [each.model_dump() if isinstance(each, BaseModel) else each for each in sent]
    try:
        costs = _COSTS.validate_python(plain)
    except ValidationError as error:
        raise InvalidError(
            fields=tuple(
                FieldError(".".join(map(str, ("disagreement_costs", *problem["loc"]))), problem["msg"])
                for problem in error.errors()
            )
        ) from None
    return [cost.model_dump() for cost in costs]
