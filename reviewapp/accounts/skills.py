"""Skills that members carry, and which of them an item asks for."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from reviewapp.http.errors import FieldError, InvalidError

MAX_SKILLS = 20
SkillName = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\s,\x00]+$", to_lower=True)]
_Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class SkillAsked(BaseModel):
    """An item of which this fact has this value asks for the skill."""

    model_config = ConfigDict(extra="forbid")

    fact: _Text
    value: _Text
    skill: SkillName


_NAMES = TypeAdapter(list[SkillName])
_ASKED = TypeAdapter(list[SkillAsked])


def parse_skills(names: Sequence[str]) -> list[str]:
    """Return the skills in order, each once, or raise InvalidError."""
    try:
        found = sorted(set(_NAMES.validate_python(list(names))))
    except ValidationError:
        message = "A skill is one word of at most 40 characters."
        raise InvalidError(message, fields=(FieldError("skills", message),)) from None
    if len(found) > MAX_SKILLS:
        raise InvalidError(fields=(FieldError("skills", f"At most {MAX_SKILLS}."),))
    return found


def parse_skills_asked(sent: object) -> list[dict[str, str]]:
    """Return what items ask for as it is stored, or raise InvalidError naming the place."""
    listed = sent if isinstance(sent, list) else [sent]
    plain = [each.model_dump() if isinstance(each, BaseModel) else each for each in listed]
    try:
        asked = _ASKED.validate_python(plain)
    except ValidationError as error:
        raise InvalidError(
            fields=tuple(
                FieldError(".".join(map(str, ("skills_asked", *problem["loc"]))), problem["msg"])
                for problem in error.errors()
            )
        ) from None
    if len({each.skill for each in asked}) > MAX_SKILLS or len(asked) > 200:
        raise InvalidError(fields=(FieldError("skills_asked", f"At most {MAX_SKILLS} skills and 200 values."),))
    return [each.model_dump() for each in asked]
