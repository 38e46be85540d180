"""An item as a page shows it: the small model that the template `items/show.html` writes down.

Only what is in the given fields can come out: whoever must not see a field does not hand it in.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from sampling.items.content import text_of, text_of_step
from sampling.items.show.passages import Citations
from sampling.items.show.turns import NOTHING
from sampling.items.show.value import Reader, Value

_FOLD_OVER = 4_000
_STEP_OPEN_UP_TO = 1_500
_FACTS = {
    "system": "System", "system_version": "System version", "model": "Model", "prompt_version": "Prompt version",
    "decision": "Decision of the AI", "confidence": "Confidence", "latency_ms": "Latency (ms)",
    "cost_usd": "Cost (USD)", "feedback": "Feedback", "metadata": "Metadata",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an item under its title. `target` is what a question calls it, empty where none can.

    Where `candidates` are compared they are the part, and `value` is nothing.
    """

    title: str
    target: str
    value: Value
    folded: bool = False
    candidates: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class StepView:
    """One step on the way to the output."""

    number: int
    anchor: str
    name: SafeString
    kind: str
    failed: bool
    took: str
    parts: tuple[Part, ...]
    folded: bool


@dataclass(frozen=True, slots=True)
class ItemView:
    """Everything that is shown of an item, in the order of reading."""

    prefix: str
    name: SafeString
    occurred_at: Any
    parts: tuple[Part, ...]
    steps: tuple[StepView, ...]
    facts: tuple[tuple[str, SafeString], ...]

    @property
    def first_failed(self) -> StepView | None:
        """The step at which it first went wrong, if one did."""
        return next((step for step in self.steps if step.failed), None)

    @property
    def has_readings(self) -> bool:
        """Whether anything is shown otherwise than as it was written."""
        parts = (*self.parts, *(part for step in self.steps for part in step.parts))
        values = [part.value for part in parts if part.target]
        values += [candidate for part in parts for candidate in part.candidates]
        return any(value.kind not in {"plain", "nothing"} for value in values)


def view_item(
    fields: Mapping[str, Any],
    *,
    prefix: str,
    judged: bool = True,
    candidates: Sequence[str] = (),
    whole: bool = True,
) -> ItemView:
    """Return the view of an item's fields (parsed JSON). Ids on the page begin with `prefix`.

    `judged` says that the output is shown to be judged. `candidates` are keys of the output that are compared: shown
    beside each other, in this order and without their names; `whole` says whether the output is also shown as it is.
    """
    reader = Reader(Citations(prefix))
    steps = fields.get("steps") or []
    reader.name_passages(fields.get("context"))
    for step in steps:
        if step.get("kind") == "retrieval":
            reader.name_passages(step.get("output"))
    return ItemView(
        prefix=prefix,
        name=reader.name(str(fields.get("external_id") or "")),
        occurred_at=fields.get("occurred_at"),
        parts=tuple(_parts(fields, reader, _outputs(fields, reader, candidates, whole=whole, judged=judged))),
        steps=tuple(_step(step, number, reader, prefix) for number, step in enumerate(steps, 1)),
        facts=tuple(_facts(fields, reader)),
    )


def show_item(
    fields: Mapping[str, Any], *, prefix: str, candidates: Sequence[str] = (), whole: bool = True
) -> SafeString:
    """Return an item as HTML; the arguments are those of `view_item`."""
    item = view_item(fields, prefix=prefix, candidates=candidates, whole=whole)
    return render_to_string("items/show.html", {"item": item})


def _parts(fields: Mapping[str, Any], reader: Reader, read_outputs: Iterator[Part]) -> Iterator[Part]:
    # The output is read first, so that what is judged has the first call on the budget.
    outputs = list(read_outputs)
    value = reader.read(fields.get("input"))
    if fields.get("context") not in (None, ""):
        context = reader.read(fields["context"], cites=False)
        yield Part("Context", "context", context, folded=context.length > _FOLD_OVER)
    yield Part("Conversation" if value.kind == "messages" else "Input", "input", value)
    if fields.get("expected") is not None:  # of a row of a dataset; items have no such field
        yield Part("Expected answer", "", reader.read(fields["expected"], cites=False))
    yield from outputs


def _outputs(
    fields: Mapping[str, Any], reader: Reader, candidates: Sequence[str], *, whole: bool, judged: bool
) -> Iterator[Part]:
    output = fields.get("output")
    there = output if isinstance(output, dict) else {}
    compared = [there[candidate] for candidate in candidates if candidate in there]
    if compared:
        values = tuple(reader.read(value) for value in compared)
        yield Part("Answers to compare", "", Value("nothing", NOTHING, 0), candidates=values)
    if whole or not compared:
        title = "Output to review" if judged and not compared else "Output"
        yield Part(title, "output", reader.read(output))


def _step(step: Mapping[str, Any], number: int, reader: Reader, prefix: str) -> StepView:
    given = [name for name in ("input", "output", "error") if step.get(name) is not None]
    text = text_of_step(dict(step))
    # A question about a step asks about this one of its parts.
    asked = next((name for name in ("output", "input", "error") if text and text_of(step.get(name)) == text), None)
    retrieval = step.get("kind") == "retrieval"
    parts = tuple(
        Part(
            name.capitalize(),
            f"steps.{number - 1}" if name == asked else "",
            reader.read(step[name], cites=not (retrieval and name == "output"), whole=name == asked),
        )
        for name in given
    )
    failed = step.get("error") not in (None, "", {})
    return StepView(
        number=number,
        anchor=f"{prefix}-s{number}",
        name=reader.name(str(step.get("name") or "step")),
        kind=str(step.get("kind") or "other"),
        failed=failed,
        took=_took(step.get("latency_ms")),
        parts=parts,
        folded=not failed and sum(part.value.length for part in parts) > _STEP_OPEN_UP_TO,
    )


def _took(milliseconds: Any) -> str:
    if not isinstance(milliseconds, int | float):
        return ""
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= 1000 else f"{milliseconds:.0f} ms"


def _facts(fields: Mapping[str, Any], reader: Reader) -> Iterator[tuple[str, SafeString]]:
    for field, title in _FACTS.items():
        value = fields.get(field)
        if value not in (None, "", {}):
            yield title, reader.best(value, cites=False)
