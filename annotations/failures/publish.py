"""The codebook as a question: reviewers of further items say which failure modes these show."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from annotations.failures.change_modes import OTHER
from annotations.failures.codebook import Codebook, read_codebook
from annotations.models import RubricVersion
from annotations.rubrics.publish import find_rubric, no_rubric, publish_rubric
from annotations.rubrics.questions import PAGE_HOTKEYS, primary_question
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.http.errors import ConflictError

KEY = "failure_modes"
TITLE = "Which of these does it show?"
OTHER_LABEL = "Something else"


def publish_modes(access: Access, *, follows: int | None = None, now: datetime) -> RubricVersion:
    """Publish the next version of the rubric, in which the standing modes are the options of one question.

    It stands behind the pass/fail question and is asked where that fails; a further call replaces its options. Raises
    ConflictError without a rubric, without modes, where nothing would change, where another question has its key, and
    where `follows` is not the newest version.
    """
    require(access, Action.EDIT_RUBRIC)
    rubric = find_rubric(access.project.pk)
    if rubric is None:
        raise no_rubric()
    questions = with_modes(rubric.questions, read_codebook(access.project.pk))
    if questions == rubric.questions:
        raise ConflictError("The rubric asks for just these failure modes already.", code="nothing_new")
    return publish_rubric(
        project=access.project,
        body={"guidelines": rubric.guidelines, "questions": questions},
        actor=access.actor,
        now=now,
        follows=rubric.version if follows is None else follows,
    )


def asks_for_modes(questions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the question after the failure modes, if these questions hold it."""
    return next((each for each in questions if each["key"] == KEY and each["kind"] == "multi_choice"), None)


def with_modes(questions: Sequence[dict[str, Any]], codebook: Codebook) -> list[dict[str, Any]]:
    """Return a rubric's questions with the one after the modes in it; refusals as `publish_modes`."""
    if not codebook.modes:
        raise ConflictError("The codebook is empty. Make a failure mode first.", code="no_modes")
    before = asks_for_modes(questions)
    if before is None and any(each["key"] == KEY for each in questions):
        raise ConflictError(f"The rubric has another question with the key {KEY!r}.", code="question_taken")
    others = [each for each in questions if each["key"] != KEY]
    asked = {
        "key": KEY,
        "title": TITLE,
        "help": "",
        "required": True,
        "primary": False,
        **_condition(others),
        **(before or {}),
        "kind": "multi_choice",
        "options": _options(others, codebook),
    }
    if before is not None:
        return [asked if each["key"] == KEY else each for each in questions]
    behind = 1 + next(
        (place for place, each in enumerate(others) if each["key"] == primary_question(others)), len(others) - 1
    )
    return [*others[:behind], asked, *others[behind:]]


def _condition(questions: list[dict[str, Any]]) -> dict[str, Any]:
    """Return when the question is asked: where the pass/fail question fails. Without one always, and none is fine."""
    primary = next((each for each in questions if each["key"] == primary_question(questions)), None)
    if primary is not None and primary["kind"] == "choice" and primary.get("show_if") is None:
        failing = [each["value"] for each in primary["options"] if each["value"] not in primary["positive"]]
        return {"show_if": {"question": primary["key"], "in": failing}}
    if primary is not None and primary["kind"] == "rating" and primary.get("show_if") is None:
        return {"show_if": {"question": primary["key"], "in": list(range(primary["min"], primary["positive_from"]))}}
    return {"min": 0, "required": False}


def _options(questions: Sequence[dict[str, Any]], codebook: Codebook) -> list[dict[str, Any]]:
    taken = set(PAGE_HOTKEYS)
    for question in questions:
        options = question.get("options") or question.get("tags") or []
        taken.update(option["hotkey"] for option in options if option.get("hotkey"))
    options = []
    for mode in codebook.modes:
        option = {"value": mode.value, "label": mode.name}
        if mode.hotkey is not None and mode.hotkey not in taken:
            option["hotkey"] = mode.hotkey
        options.append(option)
    return [*options, {"value": OTHER, "label": OTHER_LABEL}]
