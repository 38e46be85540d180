"""Values of attributes in both encodings, as plain Python: text, numbers, true and false, lists, objects.

Bytes become base64 text, as JSON has no bytes. Protobuf's parser stops at 100 levels by itself.
"""

import base64
import binascii
import math
from collections.abc import Iterable
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

Attributes = dict[str, Any]


def protobuf_attributes(pairs: Iterable[KeyValue]) -> Attributes:
    """Return the attributes of a message; of a key that comes twice the later one."""
    return {pair.key: _protobuf_value(pair.value) for pair in pairs}


def _protobuf_value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    match kind:
        case "string_value":
            return value.string_value
        case "int_value":
            return value.int_value
        case "double_value":
            return value.double_value if math.isfinite(value.double_value) else None
        case "bool_value":
            return value.bool_value
        case "array_value":
            return [_protobuf_value(each) for each in value.array_value.values]
        case "kvlist_value":
            return protobuf_attributes(value.kvlist_value.values)
        case "bytes_value":
            return base64.b64encode(value.bytes_value).decode()
    return None


def json_attributes(pairs: Any) -> Attributes:
    """Return the attributes of a JSON list of keys and values; what is none is left out, as an unknown field is."""
    if not isinstance(pairs, list):
        return {}
    return {
        pair["key"]: _json_value(pair.get("value"))
        for pair in pairs
        if isinstance(pair, dict) and isinstance(pair.get("key"), str)
    }


def _json_value(value: Any) -> Any:
    if not isinstance(value, dict):
        return None
    for kind, inner in value.items():
        match kind:
            case "stringValue" if isinstance(inner, str):
                return inner
            case "intValue":
                return json_integer(inner)
            case "doubleValue":
                return _json_double(inner)
            case "boolValue" if isinstance(inner, bool):
                return inner
            case "arrayValue" if isinstance(inner, dict) and isinstance(inner.get("values", []), list):
                return [_json_value(each) for each in inner.get("values", [])]
            case "kvlistValue" if isinstance(inner, dict):
                return json_attributes(inner.get("values"))
            case "bytesValue" if isinstance(inner, str) and _is_base64(inner):
                return inner
    return None


def json_integer(value: Any) -> int | None:
    """Return a 64-bit number as JSON writes it, as a number or in text; None where it is none."""
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if -(2**63) <= value < 2**64 else None


def _json_double(value: Any) -> float | None:
    if isinstance(value, str):  # "NaN", "Infinity", and numbers in text
        try:
            value = float(value)
        except ValueError:
            return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if math.isfinite(value) else None


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True
