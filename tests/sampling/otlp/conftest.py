"""An exporter's side of the door: requests with a project's token, answers parsed."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from sampling.models import Item
from tests.sampling.otlp.requests import as_json, request

PROTOBUF, JSON = "application/x-protobuf", "application/json"


@dataclass(frozen=True)
class Exporter:
    """Sends to `/v1/traces` and insists on the status."""

    client: Client

    def post(self, body: bytes, *, content_type: str = PROTOBUF, status: int = 200, **extra: Any) -> Any:
        """Return the response."""
        # Django's client leaves the type of an empty body out.
        response = self.client.post("/v1/traces", body, content_type=content_type, CONTENT_TYPE=content_type, **extra)
        assert response.status_code == status, (response.status_code, response.content)
        return response

    def send(self, *spans: Any, encoding: str = PROTOBUF, **about: Any) -> dict[str, Any]:
        """Send spans and return the partial success as a mapping; empty where all were stored."""
        message = request(*spans, **about)
        if encoding == JSON:
            return dict(self.post(as_json(message), content_type=JSON).json().get("partialSuccess", {}))
        answer = ExportTraceServiceResponse.FromString(self.post(message.SerializeToString()).content)
        return dict(MessageToDict(answer).get("partialSuccess", {}))

    def item(self, *spans: Any, **about: Any) -> Item:
        """Send spans of which one becomes an item, and return it."""
        assert self.send(*spans, **about) == {}
        return Item.objects.get()


@pytest.fixture
def exporter(cast, api_of):
    """An exporter with a token of Lea's."""
    return Exporter(api_of(cast.lea, "ingest").client)
