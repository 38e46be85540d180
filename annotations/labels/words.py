"""Answers in words, for people who read them beside each other."""

from collections.abc import Mapping
from typing import Any

import orjson

from annotations.rubrics.questions import has_form

SHOWN = 600


def answer_words(question: Mapping[str, Any], answer: Any, details: Mapping[str, Any] | None = None) -> str:
    """Return an answer as its reviewer meant it: the words of options instead of their values, quotes of spans."""
    if answer is None:
        return ""
    match question["kind"] if has_form(question, answer) else None:
        case "choice" | "pairwise":
            return _option(question, answer)
        case "multi_choice":
            return ", ".join(_option(question, each) for each in answer) or "none"
        case "ranking":
            return " > ".join(str(each) for each in answer)
        case "rating":
            word = (question.get("labels") or {}).get(str(answer), "")
            return f"{answer} ({word})" if word else str(answer)
        case "spans":
            quotes = (details or {}).get("quotes") or []
            return (
                "\n".join(
                    _span(question, span, quotes[at] if at < len(quotes) else "") for at, span in enumerate(answer)
                )
                or "none"
            )
    return _cut(answer if isinstance(answer, str) else orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())


def _option(question: Mapping[str, Any], value: Any) -> str:
    options = question.get("options") or []
    return next((option["label"] for option in options if option["value"] == value), str(value))


def _span(question: Mapping[str, Any], span: Mapping[str, Any], quote: str) -> str:
    tag = next((tag["label"] for tag in question["tags"] if tag["value"] == span["tag"]), span["tag"])
    return f"{tag}: “{quote}”" if quote else f"{tag}: {span['start']}–{span['end']}"


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
