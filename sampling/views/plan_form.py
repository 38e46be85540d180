"""The plan as a form: what was typed, kept as it was typed, and the plan that it makes."""

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from django.http import QueryDict

from reviewapp.http.errors import FieldError, InvalidError, RefusalError
from reviewapp.http.forms import read_json_object, read_whole_number
from sampling.plans.body import MAX_RULES, PlanBody
from sampling.plans.filters_words import filter_words
from sampling.plans.publish import parse_plan
from sampling.plans.rates import percent_number, read_percent
from sampling.views.filter_field import FilterField, filter_field, read_filter
from sampling.views.plan_targets_form import (
    TargetForm,
    UncertaintyForm,
    read_targets,
    read_uncertainty,
    targets_of_plan,
    targets_of_posted,
    uncertainty_of_plan,
    uncertainty_of_posted,
    with_target_problems,
    with_uncertainty_problems,
)

_LABELS = {
    "base_rate": "Base rate",
    "overlap": "Labels an item needs",
    "settle_hours": "Settle hours",
    "daily_target": "Labels a day to aim at",
    "name": "Name",
}
_RULE = re.compile(r"rules-(\d{1,6})-name")


class RuleTexts(NamedTuple):
    """What the fields of one rule hold."""

    name: str = ""
    rate: str = ""
    overlap: str = ""
    when: str = ""
    urgent: str = ""


@dataclass(frozen=True, slots=True)
class RuleForm:
    """One rule as it was typed; `number` is its place in the form and in its fields' names."""

    number: str
    name: str
    rate: str
    overlap: str
    when: FilterField
    urgent: bool = False
    problems: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanForm:
    """The plan as it was typed. `based_on` is the version that the person saw; problems stand by field."""

    slug: str
    based_on: str
    name: str
    base_rate: str
    daily_target: str
    overlap: str
    settle_hours: str
    rules: list[RuleForm]
    targets: list[TargetForm]
    uncertainty: UncertaintyForm
    problems: dict[str, str] = field(default_factory=dict)
    message: str = ""

    @classmethod
    def of_plan(cls, slug: str, plan: PlanBody, *, based_on: int | str) -> "PlanForm":
        """Return the form of a plan."""
        return cls(
            slug=slug,
            based_on=str(based_on),
            name=plan.name,
            base_rate=percent_number(plan.base_rate),
            daily_target=_text(plan.daily_target),
            overlap=_text(plan.overlap),
            settle_hours=_text(plan.settle_hours),
            rules=[
                _rule(
                    slug,
                    number,
                    RuleTexts(
                        rule.name,
                        percent_number(rule.rate),
                        _text(rule.overlap),
                        _json(rule.when),
                        "1" if rule.urgent else "",
                    ),
                )
                for number, rule in enumerate(plan.rules)
            ],
            targets=targets_of_plan(plan.targets),
            uncertainty=uncertainty_of_plan(plan.uncertainty),
        )

    @classmethod
    def of_posted(cls, slug: str, posted: QueryDict) -> "PlanForm":
        """Return the form as it was sent, its rules numbered anew."""
        numbers = [match[1] for name in posted if (match := _RULE.fullmatch(name))]
        typed = [
            RuleTexts._make(posted.get(f"rules-{number}-{part}", "") for part in RuleTexts._fields)
            for number in numbers[: MAX_RULES + 1]
        ]
        return cls(
            slug=slug,
            based_on=posted.get("based_on", ""),
            name=posted.get("name", "").strip(),
            base_rate=posted.get("base_rate", ""),
            daily_target=posted.get("daily_target", ""),
            overlap=posted.get("overlap", ""),
            settle_hours=posted.get("settle_hours", ""),
            rules=[_rule(slug, place, texts) for place, texts in enumerate(typed)],
            targets=targets_of_posted(posted),
            uncertainty=uncertainty_of_posted(posted),
        )

    @property
    def blank_rule(self) -> RuleForm:
        """Return the rule that a script puts in for a new one."""
        return _rule(self.slug, "__number__", RuleTexts())

    @property
    def target_rows(self) -> list[TargetForm]:
        """Return the targets, and a row to fill in for one more."""
        return [*self.targets, TargetForm(len(self.targets))]

    def with_rule(self, texts: RuleTexts | None = None) -> "PlanForm":
        """Return the form with one more rule to fill in, or with these texts in it."""
        return replace(self, rules=[*self.rules, _rule(self.slug, len(self.rules), texts or RuleTexts())])

    def without_rule(self, number: str) -> "PlanForm":
        """Return the form without the rule of this number; the rules behind it move up."""
        kept = [rule for rule in self.rules if rule.number != number]
        rules = [
            _rule(
                self.slug,
                place,
                RuleTexts(rule.name, rule.rate, rule.overlap, rule.when.text, "1" if rule.urgent else ""),
            )
            for place, rule in enumerate(kept)
        ]
        return replace(self, rules=rules)

    def plan(self) -> PlanBody:
        """Return the plan, or raise InvalidError naming each field that makes none."""
        problems: list[FieldError] = []
        body: dict[str, Any] = {"name": self.name}
        with_base = [("base_rate", self.base_rate), *((f"rules.{rule.number}.rate", rule.rate) for rule in self.rules)]
        rates = {name: _read(read_percent, text, name, problems) for name, text in with_base}
        wholes = [
            ("daily_target", self.daily_target),
            ("overlap", self.overlap),
            ("settle_hours", self.settle_hours),
            *((f"rules.{rule.number}.overlap", rule.overlap) for rule in self.rules),
        ]
        numbers = {name: _read(_whole, text, name, problems) for name, text in wholes}
        rules = []
        for rule in self.rules:
            place = f"rules.{rule.number}"
            if not rule.name.strip():
                problems.append(FieldError(f"{place}.name", "Give the rule a name."))
            when = _read(_filter, rule.when.text, f"{place}.when", problems)
            numbered = {"rate": rates[f"{place}.rate"], "overlap": numbers[f"{place}.overlap"]}
            rules.append({"name": rule.name.strip(), "when": when, "urgent": rule.urgent, **numbered})
        targets = read_targets(self.targets, problems)
        uncertainty = read_uncertainty(self.uncertainty, problems)
        if problems:
            raise InvalidError("The plan is not finished.", code="plan_invalid", fields=tuple(problems))
        body |= {"base_rate": rates["base_rate"], "rules": rules, "targets": targets, "uncertainty": uncertainty}
        named = {name: numbers[name] for name in ("daily_target", "overlap", "settle_hours")}
        return parse_plan({**body, **{name: number for name, number in named.items() if number is not None}})

    def refused(self, refusal: RefusalError) -> "PlanForm":
        """Return the form with the reasons at their fields; what has no field of its own goes into the message."""
        problems = {each.path: each.message.removeprefix("Value error, ") for each in refusal.fields}
        rules = [_with_problems(rule, problems) for rule in self.rules]
        targets = [with_target_problems(target, problems) for target in self.targets]
        uncertainty = with_uncertainty_problems(self.uncertainty, problems)
        placed = {*_LABELS, *(f"rules.{rule.number}.{path}" for rule in rules for path in rule.problems)}
        placed |= {f"targets.{target.number}.{path}" for target in targets for path in target.problems}
        placed |= {f"uncertainty.{path}" for path in uncertainty.problems}
        others = [message for path, message in problems.items() if path not in placed]
        return replace(
            self,
            problems={path: message for path, message in problems.items() if path in _LABELS},
            rules=rules,
            targets=targets,
            uncertainty=uncertainty,
            message=" ".join(dict.fromkeys([refusal.message, *others])),
        )

    @property
    def unfinished(self) -> list[str]:
        """Return what is wrong, a line each."""
        lines = [f"{_LABELS[path]}: {message}" for path, message in self.problems.items()]
        for place, rule in enumerate(self.rules, 1):
            named = f"Rule {place}, {rule.name}" if rule.name.strip() else f"Rule {place}"
            lines += [f"{named}: {message}" for message in rule.problems.values()]
        lines += [f"Target {t.number + 1}: {message}" for t in self.targets for message in t.problems.values()]
        lines += [f"Where a judge is unsure: {message}" for message in self.uncertainty.problems.values()]
        return lines or [self.message]


def _rule(slug: str, number: int | str, texts: RuleTexts) -> RuleForm:
    return RuleForm(
        number=str(number),
        name=texts.name,
        rate=texts.rate,
        overlap=texts.overlap,
        when=filter_field(slug, name=f"rules-{number}-when", text=texts.when, label="Condition"),
        urgent=bool(texts.urgent),
    )


def _with_problems(rule: RuleForm, problems: dict[str, str]) -> RuleForm:
    place = f"rules.{rule.number}."
    own = {path.removeprefix(place): message for path, message in problems.items() if path.startswith(place)}
    when = " ".join(message for path, message in own.items() if path.startswith("when"))
    return replace(rule, problems=own, when=replace(rule.when, problem=when))


def _read(read: Any, text: str, name: str, problems: list[FieldError]) -> Any:
    try:
        return read(text, name=name)
    except InvalidError as refusal:
        problems += refusal.fields
        return None


def _whole(text: str, *, name: str) -> int | None:
    return read_whole_number(text, name)


def _filter(text: str, *, name: str) -> dict[str, Any]:
    return read_json_object(text.strip() or "{}", name)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if value else ""


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def draft_rule(when: str, rate: str) -> RuleTexts | None:
    """Return the rule that another page proposes by its address: a filter as JSON and a rate from 0 to 1.

    None where there is none, or none that can be read.
    """
    try:
        condition = read_filter(when, name="when")
        drawn = float(rate or 1)
    except (InvalidError, ValueError):
        return None
    if not when.strip() or not 0 <= drawn <= 1:
        return None
    return RuleTexts(" and ".join(filter_words(condition))[:100], percent_number(drawn), "", when.strip())


def plan_json(plan: PlanBody) -> str:
    """Return a plan as it is sent to the API, without what says nothing."""
    body = plan.model_dump(mode="json", exclude_none=True)
    silent = {name: each.get_default(call_default_factory=True) for name, each in PlanBody.model_fields.items()}
    told = {name: value for name, value in body.items() if value != silent[name]}
    needed = {"base_rate": plan.base_rate, "rules": body["rules"]}
    return json.dumps({**told, **needed}, indent=2, ensure_ascii=False)
