"""What an answer counts in a figure: pass or fail, a number, or one of several options; and the cells of a judge.

A figure is a pass rate where the question says which answers pass, a mean where it is a rating that does not, and the
shares of the options where somebody chooses one of them. Other kinds have no figure of this sort.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Literal

import orjson

from annotations.labels.combine import combine_answers
from annotations.rubrics.kinds.comparing import TIE
from annotations.rubrics.questions import has_form, is_positive
from reviewapp.http.errors import FieldError, InvalidError

PASS, FAIL, UNPARSED, UNSCORED = range(4)
CELLS = ("pass", "fail", "unparsed", "unscored")
Figure = Literal["pass_rate", "mean", "shares"]


@dataclass(frozen=True, slots=True)
class Grading:
    """How the answers to one question count.

    `cells` name the verdict cells, the last two of which are unparsed and unscored. `code` gives the cell of a judge's
    answer, `outcome` what an answer of record counts: 1 or 0 for a pass rate, a number for a mean, the place of the
    option in `cells` for shares.
    """

    question: dict[str, Any]
    figure: Figure
    cells: tuple[str, ...]
    _codes: dict[str, int | None] = field(default_factory=dict)
    _outcomes: dict[tuple[str, ...], float | None] = field(default_factory=dict)

    @property
    def unparsed(self) -> int:
        """The cell of verdicts that could not be read."""
        return len(self.cells) - 2

    @property
    def unscored(self) -> int:
        """The cell of items that the judge did not answer."""
        return len(self.cells) - 1

    def code(self, answer: str | None, *, parsed: bool, scored: bool) -> int:
        """Return the cell of a stored verdict, `answer` being JSON."""
        if not scored:
            return self.unscored
        if not parsed:
            return self.unparsed
        if answer is None:  # the judge was not asked this question
            return self.unscored
        if answer not in self._codes:
            self._codes[answer] = self._place(orjson.loads(answer))
        found = self._codes[answer]
        return self.unparsed if found is None else found

    def outcome(self, answers: Sequence[str]) -> float | None:
        """Return what an item's answers (JSON each) count; None where they do not settle it, or there is none.

        They count by their resolution. Without one they count where all of them count the same, and ratings by their
        mean: leaving those out about which people differ would leave out the difficult ones.
        """
        given = tuple(answers)
        if not given:
            return None
        if given not in self._outcomes:
            parsed = (orjson.loads(each) for each in given)
            self._outcomes[given] = self._settle([answer for answer in parsed if has_form(self.question, answer)])
        return self._outcomes[given]

    def _settle(self, given: Sequence[Any]) -> float | None:
        if not given:  # they were asked something of another kind
            return None
        if self.figure == "mean":
            return fmean(float(each) for each in given)
        answer = combine_answers(self.question, given, by_majority=True).answer
        if answer is not None:
            return self._counts(answer)
        counted = {self._counts(each) for each in given}
        return counted.pop() if len(counted) == 1 else None

    def _counts(self, answer: Any) -> float | None:
        if self.figure == "pass_rate":
            return float(bool(is_positive(self.question, answer)))
        place = self._place(answer)
        return None if place is None else float(place)

    def _place(self, answer: Any) -> int | None:
        if not has_form(self.question, answer):
            return None
        if self.figure == "pass_rate":
            return PASS if is_positive(self.question, answer) else FAIL
        name = str(answer)
        return self.cells.index(name) if name in self.cells[:-2] else None


def grading_of(question: dict[str, Any]) -> Grading:
    """Return how a stored question counts, or raise InvalidError where it does not."""
    if question.get("positive") is not None or question.get("positive_from") is not None:
        return Grading(question, "pass_rate", CELLS)
    options = _OPTIONS.get(question["kind"])
    if options is None:
        raise _not_pass_fail(question)
    figure: Figure = "mean" if question["kind"] == "rating" else "shares"
    return Grading(question, figure, (*options(question), *CELLS[-2:]))


def pass_grading_of(question: dict[str, Any]) -> Grading:
    """Return how a pass/fail question counts, or raise InvalidError where it says of no answer that it passes."""
    graded = grading_of(question)
    if graded.figure != "pass_rate":
        raise _not_pass_fail(question)
    return graded


def _not_pass_fail(question: dict[str, Any]) -> InvalidError:
    message = f"The question {question['key']!r} does not say which answers pass: it has no positive answers."
    return InvalidError(message, code="not_pass_fail", fields=(FieldError("question", message),))


_OPTIONS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "rating": lambda question: [str(value) for value in range(question["min"], question["max"] + 1)],
    "choice": lambda question: [option["value"] for option in question["options"]],
    "pairwise": lambda question: [*question["candidates"], *([TIE] if question.get("tie") else [])],
}
