"""The rubric that a file of labels seems to have been made with: its questions, their kinds and options.

A suggestion to look at, never a rubric by itself: a file shows the answers that were given, not those that could have
been.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from annotations.imports.cells import read_answer
from annotations.imports.columns import ITEM
from annotations.imports.files import Shape
from annotations.imports.guess import is_answer, simple_name
from annotations.imports.label_studio import FLAT_KINDS, RESULT, flat_answer
from annotations.rubrics.kinds.rating import MAX_STEPS

MAX_OPTIONS = 50
MAX_QUESTIONS = 50
_PASSES = frozenset({"pass", "passed", "good", "correct", "acceptable"})
_KINDS = {
    "choices": "choice",
    "taxonomy": "multi_choice",
    "rating": "rating",
    "number": "rating",
    "textarea": "text",
    "labels": "spans",
    "hypertextlabels": "spans",
    "pairwise": "pairwise",
    "ranker": "ranking",
}
_TEXT: dict[str, Any] = {"kind": "text"}


def suggest_questions(
    rows: Sequence[Mapping[str, Any]],
    fields: Mapping[str, str],
    *,
    shape: Shape,
    controls: Mapping[str, str],
    questions: Sequence[Mapping[str, Any]] = (),
) -> list[dict[str, Any]]:
    """Return a question for each column of answers that no question of the rubric is there for.

    `controls` says what the controls of a Label Studio project ask; of other files the cells tell.
    """
    taken = {question["key"] for question in questions}
    found: list[dict[str, Any]] = []
    target = _target(fields)
    for column, field in fields.items():
        cells = [row[column] for row in rows if row.get(column) is not None]
        if not cells or not is_answer(column, field, shape) or field.removeprefix("answers.") in taken:
            continue
        name = column.removeprefix(RESULT)
        control = controls.get(name)
        if control:
            body = _of_kind(_KINDS[control], cells, target)
        else:
            body = _of_cells([flat_answer(cell, FLAT_KINDS) for cell in cells], target)
        key = _key(name, taken)
        taken.add(key)
        extra = {} if len(cells) == len(rows) or body["kind"] == "spans" else {"required": False}
        found.append({"key": key, "kind": body.pop("kind"), "title": _title(name), **body, **extra})
    return found[: MAX_QUESTIONS - len(questions)]


def _of_kind(kind: str, cells: Sequence[Any], target: str) -> dict[str, Any]:
    match kind:
        case "choice" | "multi_choice":
            several = kind == "multi_choice" or any(isinstance(cell, list) and len(cell) > 1 for cell in cells)
            options = _options(each for cell in cells for each in (cell if isinstance(cell, list) else [cell]))
            if not options:
                return dict(_TEXT)
            return {"kind": "multi_choice", **options} if several else {"kind": "choice", **options, **_passes(options)}
        case "rating":
            return _rating(cells) or dict(_TEXT)
        case "spans":
            tags = Counter(span["tag"] for cell in cells for span in cell)
            return {"kind": "spans", "target": target, "tags": [_option(tag) for tag in tags][:MAX_OPTIONS]}
        case "pairwise":
            return {"kind": "pairwise", "candidates": ["a", "b"]}
        case "ranking":
            candidates = list(dict.fromkeys(str(each) for cell in cells if isinstance(cell, list) for each in cell))
            return {"kind": "ranking", "candidates": candidates[:20]} if len(candidates) > 1 else dict(_TEXT)
    return dict(_TEXT)


def _of_cells(cells: Sequence[Any], target: str) -> dict[str, Any]:
    """Return what a column of a table seems to ask: a rating, a choice, several choices, spans, or text."""
    if rating := _rating([_number(cell) for cell in cells]):
        return rating
    lists = [read_answer({"kind": "json"}, cell) for cell in cells]
    if all(isinstance(each, list) for each in lists):
        flat = [part for each in lists for part in each]
        if flat and all(isinstance(part, dict) and {"start", "end"} <= part.keys() for part in flat):
            spans = [read_answer({"kind": "spans"}, each) for each in lists]
            if all("tag" in span for each in spans for span in each):
                return _of_kind("spans", spans, target)
        if flat and all(isinstance(part, str) for part in flat):
            return _of_kind("multi_choice", lists, target)
        return dict(_TEXT)
    texts = [cell for cell in cells if isinstance(cell, str)]
    if len(texts) == len(cells):
        for mark in (";", "|"):
            parts = [[part.strip() for part in cell.split(mark) if part.strip()] for cell in texts]
            distinct = {part for each in parts for part in each}
            if any(len(each) > 1 for each in parts) and len(distinct) <= MAX_OPTIONS and len(distinct) < len(texts):
                return _of_kind("multi_choice", parts, target)
    few = len({str(cell) for cell in cells})
    if few <= MAX_OPTIONS and (few * 2 <= len(cells) or few <= 5) and all(len(str(cell)) <= 100 for cell in cells):
        return _of_kind("choice", cells, target)
    return dict(_TEXT)


def _rating(cells: Sequence[Any]) -> dict[str, Any] | None:
    """Return a scale that holds whole numbers, one to five at least; None where they are none, or too far apart."""
    if not all(isinstance(cell, int | float) and not isinstance(cell, bool) and cell == int(cell) for cell in cells):
        return None
    low, high = int(min(cells)), int(max(cells))
    low, high = (min(low, 1), max(high, 5)) if low >= 1 else (low, max(high, low + 1))
    return {"kind": "rating", "min": low, "max": high} if high - low < min(MAX_STEPS, 21) else None


def _number(cell: Any) -> Any:
    return read_answer({"kind": "rating"}, cell) if isinstance(cell, str) else cell


def _options(values: Iterable[Any]) -> dict[str, Any]:
    counted = Counter(value if isinstance(value, str) else str(value) for value in values)
    names = sorted(name for name in counted if name.strip() and len(name) <= 200)
    if not names or len(names) > 200:
        return {}
    others = ["other"] if len(names) == 1 else []
    return {"options": [_option(name) for name in [*names, *others]]}


def _passes(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options whose words say that the work is good, where others are left that do not."""
    names = [option["value"] for option in options["options"]]
    passes = [name for name in names if name.strip().casefold() in _PASSES]
    return {"positive": passes} if passes and len(passes) < len(names) else {}


def _option(name: str) -> dict[str, str]:
    return {"value": name, "label": name}


def _target(fields: Mapping[str, str]) -> str:
    """Return where spans stand: in the output, if the file has one."""
    return (
        "output"
        if f"{ITEM}output" in fields.values() or not any(field.startswith(ITEM) for field in fields.values())
        else "input"
    )


def _key(name: str, taken: set[str]) -> str:
    key = simple_name(name)[:46] or "question"
    key = key if key[0].isalpha() else f"q_{key}"
    number = 2
    unique = key
    while unique in taken:
        unique, number = f"{key}_{number}", number + 1
    return unique


def _title(name: str) -> str:
    return simple_name(name).replace("_", " ").capitalize() or name[:500]
