"""The API's documentation as a page, drawn from the OpenAPI document on the server: no script needed."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from reviewapp.http.api import api
from reviewapp.http.openapi import MEANINGS, operations


class Value(NamedTuple):
    """A parameter, or a field of a body: `place` is path, query or body."""

    name: str
    place: str
    kind: str
    required: bool
    text: str


class Answer(NamedTuple):
    """What an endpoint may answer."""

    status: str
    text: str
    fields: list[Value]


class Endpoint(NamedTuple):
    """One endpoint as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    values: list[Value]
    answers: list[Answer]
    refusals: list[Answer]
    curl: str


class Group(NamedTuple):
    """The endpoints of one tag."""

    name: str
    anchor: str
    endpoints: list[Endpoint]


def api_docs(request: HttpRequest) -> HttpResponse:
    """Show every endpoint, grouped by tag."""
    schema = api.get_openapi_schema()
    shown = {"groups": read_groups(schema), "refusals": MEANINGS, "public_url": settings.PUBLIC_URL}
    return render(request, "api_docs.html", shown)


def read_groups(schema: dict[str, Any]) -> list[Group]:
    """Return the document's endpoints by tag, in the order in which they were added."""
    models = schema["components"]["schemas"]
    groups: dict[str, list[Endpoint]] = {}
    for method, path, operation in operations(schema):
        tag = (operation.get("tags") or ["Other"])[0]
        groups.setdefault(tag, []).append(_endpoint(method, path, operation, models))
    return [Group(name, name.lower().replace(" ", "-"), endpoints) for name, endpoints in groups.items()]


def _endpoint(method: str, path: str, operation: dict[str, Any], models: dict[str, Any]) -> Endpoint:
    body = _json_schema(operation.get("requestBody", {}))
    values = [
        Value(
            parameter["name"],
            parameter["in"],
            _kind(parameter["schema"], models),
            parameter["required"],
            parameter.get("description", ""),
        )
        for parameter in operation["parameters"]
    ]
    answers = [
        Answer(str(status), answer["description"], list(_fields(_json_schema(answer), models, place="answer")))
        for status, answer in operation["responses"].items()
    ]
    return Endpoint(
        id=operation["operationId"],
        method=method,
        path=path,
        summary=operation["summary"],
        text=operation.get("description", ""),
        values=[*values, *_fields(body, models, place="body")],
        answers=[answer for answer in answers if answer.status < "400"],
        refusals=[answer for answer in answers if answer.status >= "400"],
        curl=_curl(method, path, _example(body, models)),
    )


def _json_schema(part: dict[str, Any]) -> dict[str, Any]:
    content = part.get("content", {})
    return dict(content.get("application/json", next(iter(content.values()), {})).get("schema", {}))


def _resolved(schema: dict[str, Any], models: dict[str, Any]) -> dict[str, Any]:
    """Return what a reference stands for; of several possibilities the first that is not null."""
    if "$ref" in schema:
        return dict(models.get(schema["$ref"].rpartition("/")[2], {}))
    for choice in schema.get("anyOf", schema.get("oneOf", [])):
        if choice.get("type") != "null":
            return _resolved(choice, models)
    return schema


def _fields(schema: dict[str, Any], models: dict[str, Any], *, place: str) -> Iterator[Value]:
    resolved = _resolved(schema, models)
    required = resolved.get("required", [])
    for name, field in resolved.get("properties", {}).items():
        yield Value(name, place, _kind(field, models), name in required, field.get("description", ""))


def _kind(schema: dict[str, Any], models: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_kind(choice, models) for choice in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if "$ref" in schema:
        resolved = _resolved(schema, models)
        return _kind(resolved, models) if "enum" in resolved else str(schema["$ref"].rpartition("/")[2])
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}), models)}"
    return str(schema.get("format", kind)) if kind == "string" else str(kind)


def _example(schema: dict[str, Any], models: dict[str, Any]) -> Any:
    """Return a body with its required fields, or None where there is none."""
    if not schema:
        return None
    resolved = _resolved(schema, models)
    required = resolved.get("required", [])
    samples: dict[str, Any] = {"string": "…", "integer": 1, "number": 0.5, "boolean": True, "array": [], "object": {}}
    return {
        name: _resolved(field, models).get("default", samples.get(_resolved(field, models).get("type", "object"), {}))
        for name, field in resolved.get("properties", {}).items()
        if name in required
    }


def _curl(method: str, path: str, body: Any) -> str:
    parts = ["curl"] if method == "GET" else ["curl", "-X", method]
    parts += [f"'{settings.PUBLIC_URL}{path}'", '-H "Authorization: Bearer $TOKEN"']
    if body is not None:
        parts += ["-H 'Content-Type: application/json'", f"-d '{json.dumps(body, ensure_ascii=False)}'"]
    return " ".join(parts)
