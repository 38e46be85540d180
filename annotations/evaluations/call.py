"""Calling the system under evaluation: one row a request, some at a time, again where that may help."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import orjson

from annotations.evaluations.spec import Endpoint, Model
from annotations.evaluations.template import fill, fill_text, has_input, place_in
from annotations.rubrics.kinds.base import find_unstorable
from reviewapp.http.lines import is_too_deep
from reviewapp.http.outgoing import Answer, Outgoing, OutgoingFailedError

_BACKOFF, _LONGEST_WAIT = 0.5, 8.0
MAX_OUTPUT = 1024 * 1024
_AGAIN = {408, 425, 429, 500, 502, 503, 504, 529}


class Called(NamedTuple):
    """What came back for one row; `problem` says why nothing did."""

    output: Any = None
    problem: str = ""
    latency_ms: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


class Time(NamedTuple):
    """Until when calls are begun, and until when all of them end (of `time.monotonic`)."""

    begin: float
    end: float


def call_rows(
    rows: Sequence[Mapping[str, Any]], system: Endpoint | Model, *, secret: str | None, until: Time
) -> list[Called | None]:
    """Return what the system answers to each row, in order; None where the call was not begun in time.

    A call is tried again as often as it may be and the time allows. Raises OutgoingRefusedError where the address must
    not be called; everything else is the row's problem.
    """
    request = _model_request if isinstance(system, Model) else _endpoint_request
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if isinstance(system, Endpoint):
        headers |= system.headers
    if system.auth is not None and secret is not None:
        headers[system.auth.header] = f"{system.auth.scheme} {secret}".strip()
    with (
        Outgoing(connections=system.concurrency) as outgoing,
        ThreadPoolExecutor(max_workers=system.concurrency) as workers,
    ):

        def one(row: Mapping[str, Any]) -> Called | None:
            if time.monotonic() > until.begin:
                return None
            return _call(outgoing, request(system, row), headers, system, end=until.end)

        return list(workers.map(one, rows))


class _Request(NamedTuple):
    method: str
    url: str
    content: bytes | None


def _endpoint_request(system: Any, row: Mapping[str, Any]) -> _Request:
    template = system.request
    if template is None:
        template = {name: f"{{{{ {name} }}}}" for name in ("external_id", "input", "context", "metadata")}
    content = None if system.method == "GET" else orjson.dumps(fill(template, row))
    return _Request(system.method, fill_text(system.url, row, quoted=True), content)


def _model_request(system: Any, row: Mapping[str, Any]) -> _Request:
    """Return a chat request: the prompt with the input in it, or the prompt as the system's message before it."""
    said = row["input"]
    if has_input(system.prompt):
        messages = [{"role": "user", "content": fill_text(system.prompt, row)}]
    else:
        is_chat = isinstance(said, list) and all(isinstance(each, dict) and "role" in each for each in said)
        messages = said if is_chat else [{"role": "user", "content": fill_text("{{ input }}", row)}]
        if system.prompt:
            messages = [{"role": "system", "content": fill_text(system.prompt, row)}, *messages]
    body = {**system.params, "model": system.model, "messages": messages}
    return _Request("POST", f"{system.base_url.rstrip('/')}/chat/completions", orjson.dumps(body))


def _call(
    outgoing: Outgoing, request: _Request, headers: Mapping[str, str], system: Endpoint | Model, *, end: float
) -> Called:
    problem = ""
    for attempt in range(system.retries + 1):
        begun = time.monotonic()
        try:
            answer = outgoing.send(
                request.method,
                request.url,
                headers=headers,
                content=request.content,
                timeout_seconds=system.timeout_seconds,
            )
        except OutgoingFailedError as error:
            problem, wait = error.message, _BACKOFF * 2**attempt
        else:
            took = (time.monotonic() - begun) * 1000
            if 200 <= answer.status < 300:
                return _read(answer, system, took)
            problem, wait = f"HTTP {answer.status}", _wait(answer, attempt)
            if answer.status not in _AGAIN:
                break
        wait = min(wait, _LONGEST_WAIT)
        if attempt == system.retries or time.monotonic() + wait + system.timeout_seconds > end:
            break
        time.sleep(wait)
    return Called(problem=problem[:500])


def _wait(answer: Answer, attempt: int) -> float:
    asked = answer.headers.get("Retry-After", "")
    return float(asked) if asked.isdecimal() and len(asked) < 6 else _BACKOFF * 2**attempt


def _read(answer: Answer, system: Endpoint | Model, took: float) -> Called:
    if len(answer.body) > MAX_OUTPUT:
        return Called(problem=f"The answer has more than {MAX_OUTPUT:,} bytes.", latency_ms=took)
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        if isinstance(system, Model) or system.response_path:
            return Called(problem="The answer is not JSON.", latency_ms=took)
        body = answer.body.decode(errors="replace").replace("\0", "")
    else:
        if is_too_deep(answer.body):
            return Called(problem="The answer is nested too deeply.", latency_ms=took)
    path = "choices.0.message.content" if isinstance(system, Model) else system.response_path
    unwrapped = body["output"] if isinstance(body, dict) and "output" in body else body
    output = place_in(body, path) if path else unwrapped
    if output is None:
        return Called(problem=f"The answer has nothing at {path or 'output'}.", latency_ms=took)
    if why := find_unstorable(output):
        return Called(problem=f"The answer cannot be kept: {why}", latency_ms=took)
    usage = body.get("usage") if isinstance(body, dict) else None
    tokens_in, tokens_out = (
        _whole(usage, *names) for names in (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens"))
    )
    return Called(output, "", took, tokens_in, tokens_out, _cost(body, system, tokens_in, tokens_out))


def _whole(usage: Any, *names: str) -> int | None:
    found = next((usage.get(name) for name in names if name in usage), None) if isinstance(usage, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 10**12 else None


def _cost(body: Any, system: Endpoint | Model, tokens_in: int | None, tokens_out: int | None) -> float | None:
    """Return what the answer cost: as it says, or by the model's price; None where nobody knows."""
    if isinstance(system, Endpoint):
        said = place_in(body, system.cost_path) if system.cost_path else None
        return float(said) if isinstance(said, int | float) and not isinstance(said, bool) and said >= 0 else None
    prices = system.input_usd_per_mtok, system.output_usd_per_mtok
    if tokens_in is None or tokens_out is None or prices[0] is None or prices[1] is None:
        return None
    return (tokens_in * prices[0] + tokens_out * prices[1]) / 1e6
