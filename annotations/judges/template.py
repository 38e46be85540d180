"""The language of a judge's prompt: jinja2's sandbox, with less in it.

Prompts are written by leads and rendered on the server: no calls, no arithmetic on texts, few filters, and an end to
how long a prompt can get.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reviewapp.http.errors import FieldError, InvalidError

VARIABLES = ("input", "output", "context", "steps", "metadata", "guidelines", "questions", "examples")
MAX_TEMPLATE = 50_000
MAX_RENDERED = 400_000
_FILTERS = ("default", "first", "join", "last", "length", "list", "lower", "trim", "upper")
# What a prompt begins with: the rubric is in its guidelines and in the questions that stand before it.
PROMPT = """{{ guidelines }}

{{ examples }}

What was asked:
{{ input }}

What it rests on:
{{ context }}

The answer to judge:
{{ output }}

Say first what speaks against the answer, then decide."""


class PromptTooLongError(Exception):
    """The rendered prompt is longer than a judge is sent."""


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(["*", "**", "%", "+", "//", "/"])

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if not isinstance(left, int) or not isinstance(right, int) or operator in {"*", "**"}:
            raise SecurityError(f"{operator} is not for prompts")
        return super().call_binop(context, operator, left, right)

    def is_safe_callable(self, obj: Any) -> bool:
        return isinstance(getattr(obj, "__self__", None), dict) and getattr(obj, "__name__", "") in {
            "items",
            "keys",
            "values",
        }


def _environment() -> _Sandbox:
    made = _Sandbox(autoescape=False, undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True)
    made.globals.clear()
    kept: dict[str, Callable[..., Any]] = {name: made.filters[name] for name in _FILTERS}
    made.filters.clear()
    made.filters.update(kept)
    return made


_ENVIRONMENT = _environment()


@lru_cache(maxsize=128)
def compile_prompt(source: str) -> Template:
    """Return the template, or raise InvalidError saying what is wrong with it at `prompt`."""
    if not source.strip() or len(source) > MAX_TEMPLATE:
        raise _refused(f"A prompt has 1 to {MAX_TEMPLATE:,} characters.")
    try:
        return _ENVIRONMENT.from_string(source)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        raise _refused(
            f"The prompt cannot be read: {error.message or error}{f' (line {line})' if line else ''}."
        ) from None


def render(template: Template, values: Mapping[str, Any]) -> str:
    """Return the prompt; InvalidError where it asks for what there is not, PromptTooLongError where it gets long."""
    pieces, size = [], 0
    try:
        for piece in template.generate(**values):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_RENDERED:
                raise PromptTooLongError
    except (TemplateError, SecurityError) as error:
        raise _refused(f"The prompt cannot be filled in: {error}. It knows {', '.join(VARIABLES)}.") from None
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise _refused(f"The prompt cannot be filled in: {error}.") from None
    return "".join(pieces)


def _refused(message: str) -> InvalidError:
    return InvalidError(message, code="prompt_invalid", fields=(FieldError("prompt", message),))
