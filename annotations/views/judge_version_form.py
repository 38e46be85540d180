"""What the playground's form says of a version: fields of text into what a version is made of, and back."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from annotations.judges.template import PROMPT
from annotations.judges.versions import Cascade, Choice
from annotations.models import Judge
from reviewapp.http.errors import FieldError, InvalidError

MAX_EXAMPLES = 20
FALLBACKS = 3
_ANSWER = "check_answer_"


@dataclass(frozen=True, slots=True)
class VersionForm:
    """What was typed; kept as it is when it is refused."""

    judge: str = ""
    questions: tuple[str, ...] = ()
    model: str = ""
    prompt: str = PROMPT
    examples: str = "0"
    samples: str = "1"
    temperature: str = "0"
    score: str = "auto"
    fallback: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    check_answers: Mapping[str, str] | None = None
    stronger: str = ""
    unsure_from: str = "20"
    unsure_to: str = "80"
    person: bool = False

    @classmethod
    def posted(cls, sent: QueryDict) -> "VersionForm":
        """Read the form."""
        return cls(
            judge=sent.get("judge", "").strip(),
            questions=tuple(sent.getlist("questions")),
            model=sent.get("model", ""),
            prompt=sent.get("prompt", ""),
            examples=sent.get("examples", "0"),
            samples=sent.get("samples", "1"),
            temperature=sent.get("temperature", ""),
            score=sent.get("score", "auto"),
            fallback=tuple(each for each in sent.getlist("fallback") if each)[:FALLBACKS],
            checks=tuple(sent.getlist("checks")),
            check_answers={
                name[len(_ANSWER) :]: sent.get(name, "") for name in sent if name.startswith(_ANSWER) and sent.get(name)
            },
            stronger=sent.get("stronger", ""),
            unsure_from=sent.get("unsure_from", "20"),
            unsure_to=sent.get("unsure_to", "80"),
            person=sent.get("person") == "on",
        )

    @classmethod
    def of_spec(cls, judge: str, spec: Mapping[str, Any]) -> "VersionForm":
        """Return the form of a frozen version, to go on from it."""
        params, cascade = spec["params"], spec["cascade"] or {}
        low, high = cascade.get("uncertain") or (0.2, 0.8)
        return cls(
            judge=judge,
            model=_written(spec["first"]),
            prompt=spec["prompt"],
            examples=str(len(spec["example_ids"])),
            samples=str(params["samples"]),
            temperature=str((params.get("send") or {}).get("temperature", "")),
            score=params["score"],
            fallback=tuple(_written(each) for each in spec["fallback"]),
            checks=tuple(cascade.get("checks", ())),
            check_answers=cascade.get("checks_answers", {}),
            stronger=_written(cascade["stronger"]) if cascade.get("stronger") else "",
            unsure_from=f"{low * 100:.10g}",
            unsure_to=f"{high * 100:.10g}",
            person=bool(cascade.get("person")),
        )

    @property
    def choice(self) -> Choice:
        """The provider and model that were chosen."""
        return _choice(self.model)

    @property
    def fallback_rows(self) -> list[tuple[int, str]]:
        """The fallbacks by their place, with empty ones up to as many as the form has."""
        return [(nth + 1, self.fallback[nth] if nth < len(self.fallback) else "") for nth in range(FALLBACKS)]

    @property
    def has_more(self) -> bool:
        """Whether more is said than whom to ask what."""
        return bool(self.fallback) or self.is_cascade

    @property
    def is_cascade(self) -> bool:
        """Whether somebody else is asked before or after the model."""
        return bool(self.checks or self.stronger or self.person)

    def params(self) -> dict[str, Any]:
        """Return the parameters, or raise InvalidError where a number is none."""
        found: dict[str, Any] = {"samples": _number(self.samples, "samples", whole=True), "score": self.score}
        if self.temperature.strip():
            found["temperature"] = _number(self.temperature, "temperature")
        return found

    def n_examples(self) -> int:
        """Return how many examples to show, or raise InvalidError."""
        found = int(_number(self.examples or "0", "examples", whole=True))
        if not 0 <= found <= MAX_EXAMPLES:
            raise _wrong("examples", f"From 0 to {MAX_EXAMPLES}.")
        return found

    def fallbacks(self) -> list[Choice]:
        """Return who is asked where the first cannot be, in order."""
        return [_choice(each) for each in self.fallback]

    def cascade(self, judge: Judge) -> Cascade | None:
        """Return who is asked in turn about the judge's questions, None where it is the model alone."""
        if not self.is_cascade:
            return None
        low, high = (_number(text, name) / 100 for text, name in self._unsure())
        asked = judge.questions or [] if self.checks else []
        answers = {key: value for key, value in (self.check_answers or {}).items() if key in asked}
        stronger = _choice(self.stronger) if self.stronger else None
        return Cascade(self.checks, answers, stronger, (low, high), self.person)

    def _unsure(self) -> tuple[tuple[str, str], tuple[str, str]]:
        return (self.unsure_from, "unsure_from"), (self.unsure_to, "unsure_to")


def _choice(text: str) -> Choice:
    """Return a provider and a model, written `provider|model`."""
    provider, _, model = text.partition("|")
    return Choice(provider, model)


def _written(choice: Mapping[str, str]) -> str:
    return f"{choice['provider']}|{choice['model']}"


def _number(text: str, name: str, *, whole: bool = False) -> Any:
    try:
        found = int(text) if whole else float(text)
        if math.isfinite(found):
            return found
    except (ValueError, OverflowError):
        pass
    raise _wrong(name, "That is no whole number." if whole else "That is no number.")


def _wrong(name: str, message: str) -> InvalidError:
    return InvalidError(message, fields=(FieldError(name, message),))
