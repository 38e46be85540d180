"""Label Studio's JSON export as rows: one for each annotation that somebody finished, one column for each answer.

A row has `task.id`, `data.…` and `meta.…` of its task (`task.external_id` is what one of them names so, else the id),
`annotation.completed_by`, `.created_at` and `.lead_time` (seconds), and `result.<from_name>` for each control that was
used. Cancelled annotations and predictions are no labels.

Offsets of spans count UTF-16 code units there, as browsers do, and Unicode code points here. They are translated in the
text that they stand in, and the quoted text goes with them, so that what does not stand there is refused later. White
space of a quote is not compared: it is that of the page, where line breaks become a backslash and an n, or are lost.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from reviewapp.http.lines import Line, LineProblem

RESULT, DATA = "result.", "data."
_ANNOTATIONS = ("annotations", "completions")
_BLANKS = re.compile(r"\s+|\\[nr]")
_NO_TASK = LineProblem("not_a_task", "Something in this task is not as Label Studio writes it.")


def is_label_studio(record: Any) -> bool:
    """Tell whether a record is a task of Label Studio with its annotations."""
    return (
        isinstance(record, dict)
        and isinstance(record.get("data"), dict)
        and any(isinstance(record.get(name), list) for name in _ANNOTATIONS)
    )


class LabelStudioRows:
    """Rows of an export; `kinds` says of each control what it asks, `left_out` counts what is no label of ours."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = lines
        self.kinds: dict[str, str] = {}
        self.left_out: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Line]:
        """Yield the rows; each has the number of its task in the file."""
        for line in self._lines:
            task = parsed(line.data)
            if line.problem is not None or not is_label_studio(task):
                yield line
                continue
            try:
                rows = self._rows(task)
            except (AttributeError, TypeError, ValueError):  # a list, a number or a text where Label Studio has another
                yield Line(line.number, None, _NO_TASK)
                continue
            yield from (Line(line.number, row) for row in rows)
        self.left_out = +self.left_out

    def _rows(self, task: dict[str, Any]) -> list[dict[str, Any]]:
        """Return a row for each annotation of a task."""
        about, rows = _about(task), []
        found = next(task[name] for name in _ANNOTATIONS if isinstance(task.get(name), list))
        for annotation in found:
            if not isinstance(annotation, dict) or annotation.get("was_cancelled"):
                self.left_out["cancelled annotations"] += 1
                continue
            rows.append({**about, **_who_and_when(annotation), **self._answers(annotation, task)})
        self.left_out["tasks without an annotation"] += not found
        return rows

    def _answers(self, annotation: dict[str, Any], task: dict[str, Any]) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        for result in annotation.get("result") or []:
            name, kind, value = (result.get(part) for part in ("from_name", "type", "value"))
            if not isinstance(name, str) or not isinstance(value, dict) or kind not in _READERS:
                self.left_out[f"results of type {kind}"] += 1
                continue
            if "start" in value and kind not in _SPANS:
                self.left_out["answers about single passages"] += 1
                continue
            self.kinds[name] = kind
            read = _READERS[kind](value, {"": task["data"].get(result.get("to_name")), **task["data"]})
            before = answers.get(f"{RESULT}{name}")
            answers[f"{RESULT}{name}"] = [*before, *read] if isinstance(before, list) else read
        return answers


def parsed(data: Any) -> Any:
    """Return what a line holds, None where it is no JSON."""
    if not isinstance(data, bytes):
        return data
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _about(task: dict[str, Any]) -> dict[str, Any]:
    about: dict[str, Any] = {"task.id": task.get("id")}
    for part in ("data", "meta"):
        about |= {f"{part}.{name}": value for name, value in (task.get(part) or {}).items()}
    named = (about.get(name) for name in ("data.external_id", "meta.external_id"))
    about["task.external_id"] = next((value for value in named if value is not None), task.get("id"))
    return about


def _who_and_when(annotation: dict[str, Any]) -> dict[str, Any]:
    who = annotation.get("completed_by", annotation.get("created_username"))
    if isinstance(who, dict):
        who = who.get("email") or who.get("username") or who.get("id")
    if isinstance(who, str) and ", " in who:
        who = who.strip().split(", ")[0]  # created_username is "name, id"
    return {
        "annotation.completed_by": who,
        "annotation.created_at": annotation.get("created_at"),
        "annotation.lead_time": annotation.get("lead_time"),
    }


def flat_answer(value: Any, kinds: Iterable[str]) -> Any:
    """Return the answer in a cell of the flat exports (JSON_MIN, CSV) to a control of one of these kinds.

    They write a single choice or text as it is, else `{"choices": [...]}` or `[{"rating": 4}]`, in CSV as JSON. What is
    none of these stays as it is.
    """
    found = parsed(value.encode()) if isinstance(value, str) and value.startswith(("{", "[{")) else value
    if isinstance(found, list) and len(found) == 1:
        (found,) = found
    if isinstance(found, dict) and len(found) == 1:
        for kind in kinds:
            if isinstance(found.get(_VALUES[kind]), _SHAPES.get(kind, object)):
                return _READERS[kind](found, {})
    return value


def flat_spans(spans: Sequence[Any], texts: Mapping[str, Any]) -> list[Any]:
    """Return the spans in a cell of the flat exports, one for each tag; `texts` are cells that they may stand in."""
    found: list[Any] = []
    for span in spans:
        kind = next((kind for kind in _SPANS if isinstance(span, dict) and isinstance(span.get(kind), list)), None)
        found += [span] if kind is None else _READERS[kind](span, dict(texts))
    return found


def _listed(name: str) -> Callable[[dict[str, Any], dict[str, Any]], Any]:
    return lambda value, _: list(value.get(name) or [])


def _taxonomy(value: dict[str, Any], _: dict[str, Any]) -> list[str]:
    """Return the chosen paths, each as one option."""
    return [" / ".join(map(str, path)) if isinstance(path, list) else str(path) for path in value.get("taxonomy") or []]


def _text(value: dict[str, Any], _: dict[str, Any]) -> str:
    text = value.get("text")
    return "\n".join(map(str, text)) if isinstance(text, list) else str(text or "")


def _ranker(value: dict[str, Any], _: dict[str, Any]) -> Any:
    found = value.get("ranker")
    return next(iter(found.values()), []) if isinstance(found, dict) else found


def _spans(kind: str) -> Callable[[dict[str, Any], dict[str, Any]], list[dict[str, Any]]]:
    def read(value: dict[str, Any], data: dict[str, Any]) -> list[dict[str, Any]]:
        whole = value.get("globalOffsets") or value
        start, end, quote = whole.get("start"), whole.get("end"), value.get("text")
        if type(start) is int and type(end) is int:
            start, end, quote = _code_points(start, end, quote, data)
        span = {"start": start, "end": end, **({"quote": quote} if isinstance(quote, str) else {})}
        return [{**span, "tag": tag} for tag in value.get(kind) or value.get("labels") or []]

    return read


def _code_points(start: int, end: int, quote: Any, data: dict[str, Any]) -> tuple[int, int, Any]:
    """Return offsets in code points and the quote, by the text in which the quoted text stands between them."""
    for text in (value for value in data.values() if isinstance(value, str)):
        units = text.encode("utf-16-le", "surrogatepass")
        if len(units) < 2 * end:
            continue
        try:
            before, marked = units[: 2 * start].decode("utf-16-le"), units[2 * start : 2 * end].decode("utf-16-le")
        except UnicodeDecodeError:
            continue  # half of a character
        if not isinstance(quote, str):
            return len(before), len(before) + len(marked), None
        if _BLANKS.sub("", marked) == _BLANKS.sub("", quote):
            return len(before), len(before) + len(marked), marked
    return start, end, quote


_SPANS = ("labels", "hypertextlabels")
_VALUES = {
    "choices": "choices",
    "taxonomy": "taxonomy",
    "rating": "rating",
    "number": "number",
    "textarea": "text",
    "pairwise": "selected",
    "ranker": "ranker",
}
FLAT_KINDS = tuple(_VALUES)
_SHAPES = {
    "choices": list,
    "taxonomy": list,
    "textarea": list,
    "ranker": dict,
    "rating": int,
    "number": int,
    "pairwise": str,
}
_READERS: dict[str, Callable[[dict[str, Any], dict[str, Any]], Any]] = {
    "choices": _listed("choices"),
    "taxonomy": _taxonomy,
    "rating": lambda value, _: value.get("rating"),
    "number": lambda value, _: value.get("number"),
    "textarea": _text,
    "pairwise": lambda value, _: value.get("selected"),
    "ranker": _ranker,
    **{kind: _spans(kind) for kind in _SPANS},
}
