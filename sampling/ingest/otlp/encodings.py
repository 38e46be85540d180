"""The two ways in which OTLP is written: how a request is read, and how it is answered."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from sampling.ingest.otlp.cut_json import cut_json
from sampling.ingest.otlp.cut_protobuf import cut_protobuf
from sampling.ingest.otlp.receive import Parser
from sampling.ingest.otlp.resources import RawSpan, join_resources
from sampling.ingest.otlp.span import parse_json, parse_protobuf


class Encoding(NamedTuple):
    """`cut` and `parse` read a request; the others write the answers: all stored, some refused, the whole refused."""

    content_type: str
    cut: Callable[[Iterable[bytes]], Iterator[RawSpan]]
    parse: Parser
    success: bytes
    partial_success: Callable[[int, str], bytes]
    status: Callable[[str], bytes]


def _protobuf_partial_success(rejected: int, message: str) -> bytes:
    partial = ExportTracePartialSuccess(rejected_spans=rejected, error_message=message)
    body: bytes = ExportTraceServiceResponse(partial_success=partial).SerializeToString()
    return body


def _json_partial_success(rejected: int, message: str) -> bytes:
    # 64-bit numbers are texts in protobuf's JSON.
    return orjson.dumps({"partialSuccess": {"rejectedSpans": str(rejected), "errorMessage": message}})


def _protobuf_status(message: str) -> bytes:
    """Return a google.rpc.Status: its field 2 is the message, a text with its length before it."""
    text = message.encode()
    size, length = len(text), bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return b"\x12" + bytes(length) + text


def _json_status(message: str) -> bytes:
    return orjson.dumps({"message": message})


PROTOBUF = Encoding(
    content_type="application/x-protobuf",
    cut=lambda chunks: join_resources(cut_protobuf(chunks)),
    parse=parse_protobuf,
    success=b"",
    partial_success=_protobuf_partial_success,
    status=_protobuf_status,
)
JSON = Encoding(
    content_type="application/json",
    cut=lambda chunks: join_resources(cut_json(chunks)),
    parse=parse_json,
    success=b"{}",
    partial_success=_json_partial_success,
    status=_json_status,
)


def find_encoding(content_type: str) -> Encoding | None:
    """Return the encoding of a content type without parameters, or None."""
    return next((each for each in (PROTOBUF, JSON) if each.content_type == content_type), None)
