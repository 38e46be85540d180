"""What the OpenAPI document says about refusals: their shape, and which an operation may answer."""

from copy import deepcopy
from typing import Any

_ERROR: dict[str, Any] = {
    "title": "Error",
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "fields"],
            "properties": {
                "code": {"type": "string", "description": "For programs; stays the same.", "examples": ["not_found"]},
                "message": {"type": "string", "description": "For a person."},
                "fields": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["path", "message"],
                        "properties": {
                            "path": {"type": "string", "examples": ["items.3.input"]},
                            "message": {"type": "string"},
                        },
                    },
                },
            },
        }
    },
}
MEANINGS = {
    400: "Malformed: not JSON, or a cursor that is none.",
    401: "Nobody is signed in, and no valid token was sent.",
    403: "The role, or the token's scopes, do not allow this.",
    404: "No such thing, or none that you may know of.",
    409: "The present state does not allow this.",
    413: "The body is too large.",
    415: "The content type or encoding is not one that is read here.",
    422: "Well formed, and against the rules; the fields say where.",
    429: "Too many requests; the header Retry-After says when to try again.",
    500: "Something went wrong here; the message holds the request id.",
}
_METHODS = ("get", "post", "put", "patch", "delete")


def operations(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return (METHOD, path, operation) of everything that the document describes."""
    return [
        (method.upper(), path, item[method])
        for path, item in schema["paths"].items()
        for method in _METHODS
        if method in item
    ]


def add_refusals(schema: dict[str, Any]) -> None:
    """Add to every operation the refusals it may answer."""
    schema["components"]["schemas"]["Error"] = _ERROR
    for method, path, operation in operations(schema):
        _share_definitions(operation, schema["components"]["schemas"])
        for status in _refusals(method, path, operation):
            operation["responses"].setdefault(
                status,
                {
                    "description": MEANINGS[status],
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                },
            )


def _share_definitions(operation: dict[str, Any], models: dict[str, Any]) -> None:
    """Move what a hand-written body schema defines to where references look for it."""
    if "requestBody" not in operation:
        return
    body = operation["requestBody"] = deepcopy(operation["requestBody"])  # it may belong to the endpoint's code
    for content in body["content"].values():
        models.update(content["schema"].pop("$defs", {}))


def _refusals(method: str, path: str, operation: dict[str, Any]) -> list[int]:
    statuses = {429, 500}
    if operation.get("security"):
        statuses |= {401, 403}
    if "{" in path:
        statuses |= {404}
    if operation.get("parameters"):
        statuses |= {400, 422}
    if operation.get("requestBody"):
        statuses |= {400, 413, 415, 422}
    if method != "GET":
        statuses |= {409}
    return sorted(statuses)
