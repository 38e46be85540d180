"""A provider that is simulated: no model is asked, and its rationale says so.

Inside a project it is the provider kind `simulated`, for the demo and for trying things out without a key. As a server
(`serve_simulated`) it speaks both real protocols and can be slow, busy, dripping, hanging or broken, which is what
tests and benchmarks of the way to providers need.

What it says is worked out from a word of the material: `[pass]`, `[fail]`, `[unsure]`, `[broken]` in it decide; without
one the hash of the material does, at the share of passes that the model's name carries (`simulated-80`). Words in that
name have it behave as providers do: `simulated-slow-80`, `-busy-`, `-broken-`, `-hanging-`. Models of the setting
SIMULATED_MODELS ask a function instead: the demo has one that knows what was planted.
"""

import itertools
import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from django.utils.module_loading import import_string

SAYS = "Simulated: no model was asked."
_OUTPUT = re.compile(r"<<<output ([0-9a-f]+)>>>\n(.*?)\n<<<end \1>>>", re.DOTALL)
_calls = itertools.count(1)
_SHARE = re.compile(r"-(\d{1,3})$")


def answer_simulated(model: str, messages: Sequence[Any], schema: Mapping[str, Any] | None) -> str:
    """Return a body in the form of chat completions, worked out from the messages alone."""
    prompt = "\n".join(message.content for message in messages)
    text = reply_text(model, messages[1].content if len(messages) > 1 else prompt, schema, system=messages[0].content)
    return orjson.dumps(openai_body(model, prompt, text)).decode()


class Simulated(NamedTuple):
    """How the simulated model answers: after so many seconds, with a status, headers and body."""

    seconds: float
    status: int
    headers: Mapping[str, str]
    body: str


def simulate(model: str, messages: Sequence[Any], schema: Mapping[str, Any] | None) -> Simulated:
    """Return an answer in the manner that words of the model's name ask for: slow, busy, broken, hanging."""
    words, number = model.split("-"), next(_calls)
    seconds = math.inf if "hanging" in words and number % 20 == 0 else 0.5 if "slow" in words else 0.0
    if "busy" in words and number % 3 == 0:
        return Simulated(0.0, 429, {"retry-after": "0.2"}, '{"error": {"message": "Simulated: too much at once."}}')
    body = answer_simulated(model, messages, schema)
    if "broken" in words and int(sha256(messages[-1].content.encode()).hexdigest()[:8], 16) % 5 == 0:
        body = orjson.dumps(openai_body(model, "", '{"rationale": "Simulated: cut off in the mid')).decode()
    return Simulated(seconds, 200, {}, body)


def reply_text(model: str, asked: str, schema: Mapping[str, Any] | None, *, system: str = "") -> str:
    """Return what the simulated model replies."""
    found = _OUTPUT.findall(asked)
    material = found[-1][1] if found else asked
    if "[broken]" in material:
        return '{"verdict": "pas'
    share, planted = _SHARE.search(model), settings.SIMULATED_MODELS.get(model)
    number = int(sha256(f"{model}:{material}".encode()).hexdigest()[:8], 16) / 2**32
    passes = number < (int(share.group(1)) / 100 if share else 0.7)
    passes = True if "[pass]" in material else False if "[fail]" in material else passes
    passes = import_string(planted)(material) if planted else passes
    body: dict[str, Any] = {"rationale": SAYS}
    for key, values in _questions(schema, system).items():
        body[key] = values[0] if passes or len(values) == 1 else values[1]
    return orjson.dumps(body).decode()


def _questions(schema: Mapping[str, Any] | None, system: str) -> dict[str, list[Any]]:
    """Return each question's allowed answers, from the schema, else from the words of the system message."""
    if schema is None:
        lines = re.findall(r"^- (\w+): .*?\(one of (.*)\)$", system, re.MULTILINE)
        return {key: re.findall(r'"([^"]*)"', values) for key, values in lines} or {"verdict": ["pass", "fail"]}
    found: dict[str, list[Any]] = {}
    for key, about in schema.get("properties", {}).items():
        if key in schema.get("required", []) and key != "rationale":
            unnamed: dict[str, list[Any]] = {"array": [[]], "integer": [0]}
            values: list[Any] = about.get("enum") or unnamed.get(str(about.get("type")), [SAYS])
            found[key] = [value for value in values if value is not None]
    return found


def openai_body(model: str, prompt: str, text: str) -> dict[str, Any]:
    """Return the answer of chat completions with this text."""
    return {
        "id": "simulated",
        "object": "chat.completion",
        "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": count_tokens(prompt), "completion_tokens": count_tokens(text)},
    }


def count_tokens(text: str) -> int:
    """Return about how many tokens a text has."""
    return len(text) // 4 + 1


@dataclass
class Simulation:
    """The server: where it listens, what it was asked, and how it behaves. `behave` may give the next answers' status.

    `behave(nth)` returns None for a usual answer, else (status, headers, body).
    """

    url: str = ""
    latency: float = 0.0
    drip: float = 0.0
    reply: Callable[[dict[str, Any]], str] | None = None
    behave: Callable[[int], tuple[int, dict[str, str], bytes] | None] = lambda nth: None  # noqa: ARG005
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, path: str, key: str, body: dict[str, Any]) -> int:
        """Keep what was asked; return which request it was."""
        with self._lock:
            self.asked.append(body)
            self.paths.append(path)
            self.keys.append(key)
            return len(self.asked)


@contextmanager
def serve_simulated(simulation: Simulation | None = None, *, port: int = 0) -> Iterator[Simulation]:
    """Serve both protocols on this machine until the block ends."""
    kept = simulation or Simulation()

    class Handler(_Handler):
        simulation = kept

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.request_queue_size = 256
    server.socket.listen(256)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    simulation: Simulation
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        """Answer a request of either protocol."""
        one = self.simulation
        body = orjson.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        key = self.headers.get("x-api-key") or self.headers.get("Authorization", "").removeprefix("Bearer ")
        nth = one.note(self.path, key, body)
        special = one.behave(nth)
        if one.latency:
            time.sleep(one.latency)
        status, headers, content = special or (200, {}, orjson.dumps(self._answer(body)))
        try:
            self.send_response(status)
            for name, value in {**one.headers, **headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            if one.drip:
                for place in range(len(content)):
                    time.sleep(one.drip)
                    self.wfile.write(content[place : place + 1])
                    self.wfile.flush()
            else:
                self.wfile.write(content)
        except OSError:  # whoever asked has gone
            return

    def _answer(self, body: dict[str, Any]) -> dict[str, Any]:
        anthropic = self.path.endswith("/messages")
        turns = [str(turn["content"]) for turn in body["messages"]]
        system = str(body.get("system", "")) if anthropic else turns[0]
        schema = (
            (body.get("tools") or [{}])[0].get("input_schema")
            if anthropic
            else (body.get("response_format") or {}).get("json_schema", {}).get("schema")
        )
        asked = turns[0] if anthropic or len(turns) == 1 else turns[1]
        text = (
            self.simulation.reply(body)
            if self.simulation.reply
            else reply_text(body["model"], asked, schema, system=system)
        )
        prompt = "\n".join([system, *turns] if anthropic else turns)
        if not anthropic:
            return openai_body(body["model"], prompt, text)
        used = (
            {"type": "tool_use", "name": "verdict", "input": orjson.loads(text)}
            if schema and text.endswith("}")
            else None
        )
        return {
            "type": "message",
            "content": [used or {"type": "text", "text": text}],
            "stop_reason": "tool_use" if used else "end_turn",
            "usage": {"input_tokens": count_tokens(prompt), "output_tokens": count_tokens(text)},
        }

    def log_message(self, *words: object) -> None:
        """Say nothing."""
