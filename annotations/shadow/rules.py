"""How two decisions are compared: where the AI's stands, when two are equal, and what a difference costs."""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
from django.db import transaction
from django.db.models import Max
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from annotations.models import ShadowRule
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import FieldError, InvalidError
from sampling.mask.kinds import PLACEHOLDER

Equality = Literal["exact", "normalised", "number", "set", "fields"]
NOTHING = "(none)"
_SPACES = re.compile(r"\s+")


class Cost(BaseModel):
    """What it costs when the AI says `ai` where people decide `human`."""

    model_config = ConfigDict(extra="forbid")

    human: str = Field(max_length=200)
    ai: str = Field(max_length=200)
    cost: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class RuleSpec(BaseModel):
    """How a project compares decisions, as it is stored.

    `ai` says where the AI's decision stands: `decision`, `output`, `output.<path>` or `verdict.<judge>.<question>`.
    `mapping` renames the AI's answers to people's before they are compared. `show_output` says that decisions are about
    the output, so that whoever finds who was right sees it.
    """

    model_config = ConfigDict(extra="forbid")

    ai: str = Field(default="decision", max_length=300)
    equality: Equality = "exact"
    tolerance: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    fields: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(default_factory=list, max_length=50)
    mapping: dict[str, str] = Field(default_factory=dict, max_length=500)
    costs: list[Cost] = Field(default_factory=list, max_length=500)
    default_cost: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    bar: Annotated[float, Field(gt=0, lt=1)] = 0.9
    min_pairs: Annotated[int, Field(ge=1, le=1_000_000)] = 50
    margin: Annotated[float, Field(gt=0, lt=1)] = 0.05
    show_output: bool = False

    @property
    def output_is_shown(self) -> bool:
        """Tell whether whoever finds who was right sees the output: it may tell which of the two answers is the AI's.

        A verdict about the output cannot be judged without it.
        """
        return self.show_output or self.ai.startswith("verdict.")

    @model_validator(mode="after")
    def _whole(self) -> "RuleSpec":
        if self.equality == "fields" and not self.fields:
            raise ValueError("fields: name the fields that are compared")
        if self.ai not in {"decision", "output"} and not re.fullmatch(r"(output|verdict\.[^.]+)\..+", self.ai):
            raise ValueError("ai: write decision, output, output.<field> or verdict.<judge>.<question>")
        return self


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in force; version 0 is the one of projects that set none."""

    version: int
    spec: RuleSpec
    _costs: Mapping[tuple[str, str], float] = field(default_factory=dict)
    _mapping: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, version: int, spec: RuleSpec) -> "Rule":
        """Return the rule of a spec."""
        bare = cls(version, spec)
        return cls(
            version,
            spec,
            {(bare._written(each.human), bare._written(each.ai)): each.cost for each in spec.costs},
            {bare._written(ai): bare._written(human) for ai, human in spec.mapping.items()},
        )

    def name_of_ai(self, value: Any) -> str:
        """Return the AI's decision as it is named, after the mapping table."""
        name = self.name(value)
        return self._mapping.get(name, name)

    def _written(self, name: str) -> str:
        """Return a name as somebody wrote it in the rule as the decision that is meant is named."""
        match self.spec.equality:
            case "normalised" | "set":
                return normalised(name)
            case "number":
                return self.name(name)
        return name

    def name(self, value: Any) -> str:
        """Return a decision as the text under which equal ones are counted."""
        match self.spec.equality:
            case "normalised":
                return normalised(value)
            case "number":
                number = as_number(value)
                return normalised(value) if number is None else f"{number:.12g}"
            case "set":
                parts = value if isinstance(value, list) else [value]
                return ", ".join(sorted({normalised(part) for part in parts})) or NOTHING
            case "fields":
                found = value if isinstance(value, Mapping) else {}
                return ", ".join(f"{name}={plain(found.get(name))}" for name in self.spec.fields)
        return plain(value)

    def same(self, human: str, ai: str) -> bool:
        """Tell whether two named decisions are equal."""
        if human == ai:
            return True
        if self.spec.equality != "number":
            return False
        numbers = as_number(human), as_number(ai)
        if numbers[0] is None or numbers[1] is None:
            return False
        return abs(numbers[0] - numbers[1]) <= self.spec.tolerance + 1e-12 * abs(numbers[0])

    def cost(self, human: str, ai: str) -> float:
        """Return what the AI's saying `ai` costs where `human` is right."""
        if (human, ai) in self._costs:
            return self._costs[human, ai]
        return 0.0 if self.same(human, ai) else self.spec.default_cost


def plain(value: Any) -> str:
    """Return a value as text: a text itself, everything else as canonical JSON."""
    if value is None:
        return NOTHING
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def normalised(value: Any) -> str:
    """Return a value as text without what rarely means a difference: case, width, spaces, a full stop at the end."""
    text = _SPACES.sub(" ", unicodedata.normalize("NFKC", plain(value)).casefold()).strip()
    return text.rstrip(".!").rstrip() or text


def is_masked(name: str) -> bool:
    """Tell whether a decision holds something masked: two addresses are both [EMAIL_1], so nobody can compare it."""
    return PLACEHOLDER.search(name.upper()) is not None


def as_number(value: Any) -> float | None:
    """Return a number, also one that is written as text (1,234.50 €), or None."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        text = value.strip().strip("€$£¥% ").replace(" ", "")
        if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", text):
            text = text.replace(",", "")
        try:
            number = float(text)
        except ValueError:
            return None
        return number if math.isfinite(number) else None
    return None


def find_rule(project_id: int) -> Rule:
    """Return the newest rule of a project; the default one where none was set."""
    row = ShadowRule.objects.filter(project_id=project_id).order_by("-version").first()
    return Rule.of(0, RuleSpec()) if row is None else Rule.of(row.version, RuleSpec.model_validate(row.spec))


def parse_rule(spec: Any) -> RuleSpec:
    """Return a checked spec, or raise InvalidError naming each wrong place below `shadow`."""
    try:
        return RuleSpec.model_validate(spec)
    except ValidationError as error:
        raise InvalidError(
            fields=tuple(
                FieldError(".".join(["shadow", *(str(part) for part in each["loc"])]), each["msg"])
                for each in error.errors()
            )
        ) from None


def set_rule(access: Access, *, spec: RuleSpec, now: datetime) -> Rule:
    """Put a rule in force as a new version; the same as the newest changes nothing."""
    require(access, Action.EDIT_PROJECT)
    project = access.project
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        current = find_rule(project.pk)
        if current.spec == spec and current.version:
            return current
        last = ShadowRule.objects.filter(project=project).aggregate(last=Max("version"))["last"] or 0
        stored = ShadowRule.objects.create(
            project=project,
            version=last + 1,
            spec=spec.model_dump(),
            created_by=access.actor.user,
            created_at=now,
        )
        record(
            "shadow_rule.changed",
            now=now,
            actor=access.actor,
            project_id=project.pk,
            object_kind="shadow_rule",
            object_id=stored.version,
            detail={"spec_sha256": digest(orjson.dumps(stored.spec, option=orjson.OPT_SORT_KEYS).decode())},
        )
    return Rule.of(stored.version, spec)
