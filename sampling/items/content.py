"""What a question may ask about: an item's content, and the text in which the offsets of spans count.

`text_of` is the one definition of that text; `static/js/review/target_text.js` is its twin, and tests hold the two
together. docs/rubrics.md describes it for people who read exported offsets.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from json import dumps
from math import isfinite
from typing import Any

TARGET = re.compile(r"^(?:input|output|context|steps\.(?:0|[1-9]\d{0,3}))$")


@dataclass(frozen=True, slots=True)
class ItemContent:
    """The content of one item, as parsed JSON."""

    input: Any
    output: Any
    context: Any = None
    steps: Any = None

    def text(self, target: str) -> str:
        """Return the text of a target (`input`, `output`, `context`, `steps.<n>` from 0); empty where there is none."""
        if target.startswith("steps."):
            steps, number = self.steps or [], int(target.removeprefix("steps."))
            return text_of_step(steps[number]) if number < len(steps) else ""
        return text_of({"input": self.input, "output": self.output, "context": self.context}[target])


def text_of_step(step: dict[str, Any]) -> str:
    """Return the text of a step: of its output, else of its input, else of its error."""
    return next((text for part in ("output", "input", "error") if (text := text_of(step.get(part)))), "")


def text_of(value: Any) -> str:
    """Return the text of a value.

    Text is itself, unchanged. Text parts (`{"type": "text", "text": …}`) are joined by a line feed. Messages are the
    text of each message's content, then its other fields but `role`, joined by an empty line. Anything else is JSON,
    indented by two, with sorted keys.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if is_text_parts(value):
        return "\n".join(part["text"] for part in value)
    if is_messages(value):
        return "\n\n".join(text_of_message(message) for message in value)
    return "".join(_json(value, "\n"))


def is_messages(value: Any) -> bool:
    """Return whether a value is a list of messages: objects with a role and a content."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(turn, dict) and isinstance(turn.get("role"), str) and "content" in turn for turn in value)
    )


def is_text_parts(value: Any) -> bool:
    """Return whether a value is a list of text parts."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)
            for part in value
        )
    )


def text_of_message(message: dict[str, Any]) -> str:
    """Return the text of a message: its content, and below it as JSON what it has besides (tool calls, a name)."""
    rest = {name: value for name, value in message.items() if name not in {"role", "content"}}
    return "\n".join(text for text in (text_of(message["content"]), text_of(rest or None)) if text)


def _json(value: Any, line: str) -> list[str]:
    """Return a value as pieces of JSON text; `line` is the line feed with the indentation of the present depth."""
    if isinstance(value, bool) or value is None:
        return ["null" if value is None else str(value).lower()]
    if isinstance(value, int | float):
        return [number_text(value)]
    if isinstance(value, str):
        return [dumps(value, ensure_ascii=False)]
    opened, closed = "{}" if isinstance(value, dict) else "[]"
    if not value:
        return [opened + closed]
    deeper = line + "  "
    pieces = [opened]
    if isinstance(value, dict):
        for name in sorted(value, key=_utf16):
            pieces += [deeper, dumps(name, ensure_ascii=False), ": ", *_json(value[name], deeper), ","]
    else:
        for one in value:
            pieces += [deeper, *_json(one, deeper), ","]
    pieces[-1] = line + closed
    return pieces


@lru_cache(maxsize=4096)
def _utf16(name: str) -> bytes:
    """Sort as JavaScript does, so that both twins write the keys in one order."""
    return name.encode("utf-16-be", "surrogatepass")


def number_text(number: float) -> str:
    """Return a number as ECMAScript writes it (a double, shortest form): 1.0 is 1, 1e21 is 1e+21."""
    try:
        value = float(number)
    except OverflowError:
        return "null"  # what JSON.stringify writes for an infinite number
    if not isfinite(value):
        return "null"
    if value == 0:
        return "0"
    sign, magnitude = ("-" if value < 0 else ""), repr(abs(value))
    mantissa, _, power = magnitude.partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    # The value is 0.digits × 10^point.
    point = int(power or 0) + len(whole) - (len(whole + fraction) - len(digits) if whole == "0" else 0)
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    exponent = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"{sign}{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}{exponent}"
