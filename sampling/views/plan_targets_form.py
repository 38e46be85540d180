"""Targets and uncertainty in the plan's form: what was typed, and the parts of the plan that it makes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import QueryDict

from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.http.forms import read_whole_number
from sampling.plans.body import MAX_TARGETS, PlanTarget, Uncertainty
from sampling.plans.rates import percent_number, read_percent

_TARGET = re.compile(r"targets-(\d{1,6})-by")


@dataclass(frozen=True, slots=True)
class TargetForm:
    """One target as it was typed; `number` is its place in the form and in its fields' names."""

    number: int
    by: str = ""
    labels: str = ""
    total: str = ""
    problems: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UncertaintyForm:
    """What was typed of where a judge is unsure; all empty for a plan without."""

    fact: str = ""
    labels: str = ""
    floor: str = ""
    problems: dict[str, str] = field(default_factory=dict)


def targets_of_plan(targets: Iterable[PlanTarget]) -> list[TargetForm]:
    """Return the forms of a plan's targets."""
    return [
        TargetForm(number, target.by, str(target.labels_per_week), _text(target.total_per_week))
        for number, target in enumerate(targets)
    ]


def targets_of_posted(posted: QueryDict) -> list[TargetForm]:
    """Return the targets as they were sent, numbered anew; a row without a word in it is none."""
    numbers = [match[1] for name in posted if (match := _TARGET.fullmatch(name))][: MAX_TARGETS + 1]
    rows = [
        tuple(posted.get(f"targets-{number}-{part}", "").strip() for part in ("by", "labels", "total"))
        for number in numbers
    ]
    typed = (row for row in rows if any(row))
    return [TargetForm(place, by, labels, total) for place, (by, labels, total) in enumerate(typed)]


def uncertainty_of_plan(wanted: Uncertainty | None) -> UncertaintyForm:
    """Return the form of a plan's uncertainty."""
    if wanted is None:
        return UncertaintyForm()
    return UncertaintyForm(wanted.fact, str(wanted.labels_per_day), percent_number(wanted.floor))


def uncertainty_of_posted(posted: QueryDict) -> UncertaintyForm:
    """Return what was sent of it."""
    fact, labels, floor = (posted.get(f"uncertainty_{part}", "").strip() for part in ("fact", "labels", "floor"))
    return UncertaintyForm(fact, labels, floor)


def read_targets(forms: Iterable[TargetForm], problems: list[FieldError]) -> list[dict[str, Any]]:
    """Return the targets as a plan holds them; what makes none is added to the problems."""
    found = []
    for form in forms:
        place = f"targets.{form.number}"
        if not form.by:
            problems.append(FieldError(f"{place}.by", "Name the fact to split by, such as metadata.language."))
        labels = _whole(form.labels, f"{place}.labels_per_week", problems, required=True)
        total = _whole(form.total, f"{place}.total_per_week", problems)
        found.append({"by": form.by, "labels_per_week": labels} | ({"total_per_week": total} if total else {}))
    return found


def read_uncertainty(form: UncertaintyForm, problems: list[FieldError]) -> dict[str, Any] | None:
    """Return the uncertainty as a plan holds it, None where no fact is named."""
    if not form.fact:
        return None
    wanted: dict[str, Any] = {"fact": form.fact}
    wanted["labels_per_day"] = _whole(form.labels, "uncertainty.labels_per_day", problems, required=True)
    if form.floor:
        try:
            wanted["floor"] = read_percent(form.floor, name="uncertainty.floor")
        except InvalidError as refusal:
            problems += refusal.fields
    return wanted


def with_target_problems(form: TargetForm, problems: dict[str, str]) -> TargetForm:
    """Return the target with what is wrong at its fields."""
    return replace(form, problems=_own(f"targets.{form.number}.", problems))


def with_uncertainty_problems(form: UncertaintyForm, problems: dict[str, str]) -> UncertaintyForm:
    """Return it with what is wrong at its fields."""
    return replace(form, problems=_own("uncertainty.", problems))


def _own(place: str, problems: dict[str, str]) -> dict[str, str]:
    return {path.removeprefix(place): message for path, message in problems.items() if path.startswith(place)}


def _whole(text: str, name: str, problems: list[FieldError], *, required: bool = False) -> int | None:
    if required and not text:
        problems.append(FieldError(name, "Write a whole number."))
        return None
    try:
        return read_whole_number(text, name)
    except InvalidError as refusal:
        problems += refusal.fields
        return None


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
