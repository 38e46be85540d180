"""The OpenAPI document and the page drawn from it, open to everybody."""

import pytest
from django.test import Client
from ninja.openapi.schema import OpenAPISchema

from reviewapp.http.docs_page import read_groups
from reviewapp.http.openapi import operations
from reviewapp.urls import api


@pytest.fixture
def document() -> dict:
    return Client().get("/api/v1/openapi.json").json()


def test_the_document_needs_no_sign_in(document):
    assert document["openapi"].startswith("3.")
    assert "/api/v1/projects/{p}" in document["paths"]


def test_it_names_both_ways_to_sign_in(document):
    schemes = document["components"]["securitySchemes"]
    assert {scheme["type"] for scheme in schemes.values()} == {"http", "apiKey"}


def test_every_operation_says_how_it_refuses(document):
    for method, path, operation in operations(document):
        refusals = {status for status in operation["responses"] if status >= "400"}
        assert {"401", "403", "429", "500"} <= refusals, (method, path)
        assert ("404" in refusals) == ("{" in path), (method, path)


def test_every_name_stands_for_one_shape(monkeypatch):
    """Classes of one name in two modules would overwrite one another, and the document would describe neither."""
    known: dict[str, dict] = {}

    def note(self, definitions):
        for name, shape in definitions.items():
            assert known.setdefault(name, shape) == shape, name
        self.schemas.update(definitions)

    monkeypatch.setattr(OpenAPISchema, "add_schema_definitions", note)
    api.get_openapi_schema(path_prefix="/api/v1/")
    assert len(known) > 100


def test_every_reference_can_be_followed(document):
    def references(part):
        if isinstance(part, dict):
            yield from (value for key, value in part.items() if key == "$ref")
            for value in part.values():
                yield from references(value)
        elif isinstance(part, list):
            for value in part:
                yield from references(value)

    models = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= models


def test_the_page_shows_every_endpoint_without_script_or_inline_style(document):
    response = Client().get("/api/docs")
    text = response.content.decode()
    for _, path, operation in operations(document):
        assert path in text
        assert f'id="{operation["operationId"]}"' in text
    assert "<style" not in text
    assert " style=" not in text
    assert "unsafe-inline" not in response["Content-Security-Policy"]


def test_the_page_tells_types_and_gives_a_curl_line():
    groups = {group.name: group for group in read_groups(api.get_openapi_schema())}
    (tokens,) = [endpoint for endpoint in groups["People and tokens"].endpoints if endpoint.id == "create_token"]
    values = {value.name: (value.place, value.kind, value.required) for value in tokens.values}
    assert values["p"] == ("path", "string", True)
    assert values["scopes"] == ("body", "list of string", True)
    assert values["expires_days"] == ("body", "integer or null", False)
    assert tokens.answers[0].status == "201"
    assert [field.name for field in tokens.answers[0].fields] == ["id", "token"]
    assert tokens.curl.startswith("curl -X POST 'http://")
    assert tokens.curl.endswith("""-d '{"scopes": []}'""")


def test_kinds_are_told_by_what_a_value_may_be():
    schema = {
        "components": {"schemas": {"Colour": {"enum": ["red", "blue"]}, "Thing": {"properties": {}}}},
        "paths": {
            "/things": {
                "post": {
                    "operationId": "add_thing",
                    "summary": "Add",
                    "parameters": [],
                    "requestBody": {
                        "content": {
                            "application/json": {
                                "schema": {
                                    "properties": {
                                        "colour": {"$ref": "#/components/schemas/Colour"},
                                        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
                                        "kind": {"const": "thing"},
                                        "any": {},
                                        "at": {"type": "string", "format": "date-time"},
                                    }
                                }
                            }
                        }
                    },
                    "responses": {200: {"description": "OK"}},
                }
            }
        },
    }
    (group,) = read_groups(schema)
    assert [value.kind for value in group.endpoints[0].values] == [
        "red | blue",
        "list of Thing",
        "thing",
        "anything",
        "date-time",
    ]
    assert group.name == "Other"
