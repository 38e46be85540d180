"""Reading a judge's reply: strictly, or not at all. What cannot be read is unparsed and never guessed."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from annotations.imports.verdicts import check_verdict
from annotations.judges.prompt import RATIONALE
from annotations.labels.combine import same_answer
from annotations.rubrics.questions import is_positive
from reviewapp.http.errors import InvalidError
from reviewapp.http.lines import is_too_deep

_FENCED = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*", re.DOTALL)
MAX_RATIONALE = 20_000


@dataclass(frozen=True, slots=True)
class Read:
    """A reply as read: answers or the problem, and the reasons given."""

    answers: dict[str, Any] | None
    rationale: str = ""
    problem: str = ""


def read_reply(text: str, questions: Sequence[Mapping[str, Any]]) -> Read:
    """Return the answers of a reply that is one JSON object with a valid answer to every required question."""
    found = _FENCED.fullmatch(text)
    text = found.group(1) if found else text
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        return Read(None, problem="It is not one JSON object.")
    if not isinstance(body, dict) or is_too_deep(text.encode()):
        return Read(None, problem="It is not a JSON object, or nested too deeply.")
    said = body.pop(RATIONALE, "") if all(question["key"] != RATIONALE for question in questions) else ""
    rationale = (said if isinstance(said, str) else orjson.dumps(said).decode())[:MAX_RATIONALE]
    asked = [{name: value for name, value in question.items() if name != "show_if"} for question in questions]
    missing = [
        str(question["key"])
        for question in questions
        if question.get("required", True) and "show_if" not in question and body.get(question["key"]) is None
    ]
    if missing:
        return Read(None, rationale, f"It does not answer {', '.join(missing)}.")
    given = {key: value for key, value in body.items() if value is not None and value != ""}
    try:
        answers = check_verdict(asked, given)
    except InvalidError as refusal:
        first = refusal.fields[0]
        return Read(None, rationale, f"{first.path.removeprefix('answers.')}: {first.message}")
    return Read(answers, rationale)


def combine_draws(draws: Sequence[Read], question: Mapping[str, Any] | None) -> tuple[Read, float | None]:
    """Return what several draws come to, by the plain majority on the question, and the share of passes among them.

    A tie is unparsed: two halves that contradict each other are no verdict.
    """
    read = [draw for draw in draws if draw.answers is not None]
    if not read or question is None:
        return (read or list(draws))[0], None
    key = question["key"]
    passes = [is_positive(question, draw.answers[key]) for draw in read if draw.answers and key in draw.answers]
    score = sum(bool(each) for each in passes) / len(passes) if passes and None not in passes else None
    if len(draws) == 1:
        return read[0], None
    groups: list[list[Read]] = []
    for draw in read:
        answer = (draw.answers or {}).get(key)
        same = next(
            (group for group in groups if same_answer(question, (group[0].answers or {}).get(key), answer)), None
        )
        if same is None:
            groups.append([draw])
        else:
            same.append(draw)
    groups.sort(key=len, reverse=True)
    if len(groups) > 1 and len(groups[0]) == len(groups[1]):
        return Read(None, read[0].rationale, "The draws contradict each other."), score
    return groups[0][0], score


def score_of_tokens(text: str, tokens: Sequence[Mapping[str, Any]], question: Mapping[str, Any]) -> float | None:
    """Return the probability of a pass by the tokens where the answer begins; None where they do not tell.

    `tokens` are OpenAI's: `{token, logprob, top_logprobs: [{token, logprob}]}`. Of the alternatives at the first token
    of the answer, those that begin exactly one option share out the probability.
    """
    options = [str(option["value"]) for option in question.get("options", [])]
    if question["kind"] != "choice" or not options or "".join(str(each.get("token", "")) for each in tokens) != text:
        return None
    begin = re.search(rf'"{re.escape(question["key"])}"\s*:\s*"', text)
    if begin is None:
        return None
    place, known = 0, {True: 0.0, False: 0.0}
    for each in tokens:
        token = str(each["token"])
        if place <= begin.end() < place + len(token):
            before = token[: begin.end() - place]
            for alternative in each.get("top_logprobs") or [each]:
                word = str(alternative["token"])
                if not word.startswith(before):
                    continue
                word = word[len(before) :].partition('"')[0]
                meant = [option for option in options if word and (option.startswith(word) or word == option)]
                if len(meant) == 1:
                    known[bool(is_positive(question, meant[0]))] += math.exp(float(alternative["logprob"]))
            break
        place += len(token)
    total = known[True] + known[False]
    return known[True] / total if total > 0 else None


def reply_schema(questions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the JSON Schema of a reply, within what providers' structured output takes."""
    properties: dict[str, Any] = {RATIONALE: {"type": "string"}}
    for question in questions:
        properties[question["key"]] = _schema(question)
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def can_be_structured(questions: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether every question's answers fit a provider's structured output."""
    return all(
        question["kind"] in {"choice", "multi_choice", "rating", "text", "pairwise", "ranking", "spans"}
        for question in questions
    )


def _schema(question: Mapping[str, Any]) -> dict[str, Any]:
    optional = not question.get("required", True) or "show_if" in question
    match question["kind"]:
        case "choice":
            found: dict[str, Any] = {"type": "string", "enum": [option["value"] for option in question["options"]]}
        case "multi_choice":
            values = {"type": "string", "enum": [option["value"] for option in question["options"]]}
            found = {"type": "array", "items": values}
        case "rating":
            found = {"type": "integer", "enum": list(range(question["min"], question["max"] + 1))}
        case "pairwise":
            found = {
                "type": "string",
                "enum": [*question["candidates"], *(["tie"] if question.get("tie", True) else [])],
            }
        case "ranking":
            found = {"type": "array", "items": {"type": "string", "enum": list(question["candidates"])}}
        case "spans":
            tags = {"type": "string", "enum": [tag["value"] for tag in question["tags"]]}
            span = {"start": {"type": "integer"}, "end": {"type": "integer"}, "tag": tags}
            one = {"type": "object", "properties": span, "required": list(span), "additionalProperties": False}
            found = {"type": "array", "items": one}
        case _:
            found = {"type": "string"}
    if optional and "enum" in found:
        return {**found, "type": [found["type"], "null"], "enum": [*found["enum"], None]}
    return {**found, "type": [found["type"], "null"]} if optional else found
