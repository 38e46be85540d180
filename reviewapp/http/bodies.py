"""Reading request bodies within limits that hold while they stream.

`read_lines(request, key="items")` is for endpoints that take many records: it takes `application/x-ndjson`, and
`application/json` as `{"items": [...]}`, either of them with `Content-Encoding: gzip`, and yields a `Line` a record:

    for line in read_lines(request, key="items"):
        line.number    # 1-based: the line in NDJSON, the position in the list in JSON
        line.data      # NDJSON: the bytes of the line, not parsed; JSON: the parsed element
        line.problem   # None, or why there is no data: line_too_large, too_deep, invalid_text

`read_lines(request, key="labels", any_shape=True)` also takes them under `items`, as the bare list, and one by itself.

A bad line is thus the caller's to count, and never spoils the good ones. What is wrong with the body as a whole is
raised while reading: 413 `body_too_large` and `inflated_too_large`, 415, 400. It may be raised after good lines were
yielded; callers store in batches, and the same records again are duplicates, so sending again is safe.

`read_json(request)` returns the whole body of every other endpoint.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from django.http import HttpRequest, UnreadablePostError

from reviewapp.http.errors import MalformedError, TooLargeError, UnsupportedMediaTypeError
from reviewapp.http.lines import TOO_DEEP, Line, cut_array, cut_lines, is_too_deep, wrap_records

MAX_SENT_BYTES = 20 * 1024 * 1024
MAX_INFLATED_BYTES = 200 * 1024 * 1024
_CHUNK = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS

JSON = "application/json"
NDJSON = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})


def read_lines(request: HttpRequest, *, key: str, any_shape: bool = False) -> Iterator[Line]:
    """Yield the records of a body; in JSON they are the elements of the list under `key`.

    With `any_shape` JSON may also hold it under `items`, be that list itself, or one record.
    """
    kind = request.content_type or ""
    if kind in NDJSON:
        return cut_lines(read_content(request, limit=MAX_INFLATED_BYTES))
    if kind == JSON:
        content = read_content(request, limit=MAX_INFLATED_BYTES)
        return cut_array(wrap_records(content, key=key) if any_shape else content, key=key)
    raise UnsupportedMediaTypeError(f"Send {JSON} or application/x-ndjson, not {kind or 'a body without a type'}.")


def read_json(request: HttpRequest) -> Any:
    """Return the parsed body of an endpoint that takes one JSON document."""
    kind = request.content_type or ""
    if kind != JSON:
        raise UnsupportedMediaTypeError(f"Send {JSON}, not {kind or 'a body without a type'}.")
    body = b"".join(read_content(request, limit=MAX_SENT_BYTES))
    if is_too_deep(body):
        raise MalformedError(TOO_DEEP.message, code=TOO_DEEP.code)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedError(f"The body is not JSON: {error}.") from None


def read_content(request: HttpRequest, *, limit: int) -> Iterator[bytes]:
    """Return the body's bytes in pieces, inflated where they were sent compressed; up to `limit` of these."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "gzip":
        return inflate(_sent(request), limit=limit)
    if encoding in {"", "identity"}:
        return _sent(request)
    raise UnsupportedMediaTypeError(
        f"Send the body plain or with Content-Encoding gzip, not {encoding}.", headers={"Accept-Encoding": "gzip"}
    )


def _sent(request: HttpRequest) -> Iterator[bytes]:
    """Yield the bytes that were sent, also in chunked transfer, which Django by itself reads as an empty body."""
    stream: Any = request
    declared: int | None = int(request.META.get("CONTENT_LENGTH") or 0)
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        if not request.META.get("wsgi.input_terminated"):
            raise MalformedError("This server needs a Content-Length.", code="length_required")
        stream, declared = request.META["wsgi.input"], None
    if declared is not None and declared > MAX_SENT_BYTES:
        raise _too_large()
    arrived = 0
    while True:
        try:
            chunk = stream.read(_CHUNK)
        except (UnreadablePostError, OSError) as error:
            raise MalformedError("The body broke off.", code="body_cut_short") from error
        if not chunk:
            break
        arrived += len(chunk)
        if arrived > MAX_SENT_BYTES:
            raise _too_large()
        yield chunk
    if declared is not None and arrived < declared:
        raise MalformedError("The body broke off.", code="body_cut_short")


def _too_large() -> TooLargeError:
    return TooLargeError(
        f"A body may have {MAX_SENT_BYTES // 1024**2} MiB as sent. Compress it with gzip, or send it in parts.",
        code="body_too_large",
    )


def inflate(chunks: Iterable[bytes], *, limit: int | None) -> Iterator[bytes]:
    """Yield the bytes of a gzip stream (of one or several members) in small pieces, up to a limit."""
    inflater = zlib.decompressobj(_GZIP)
    inflated, begun = 0, False
    for chunk in chunks:
        pending, piece = chunk, b""
        # A full piece may have more behind it although all input was taken.
        while pending or len(piece) == _CHUNK:
            begun = True
            try:
                piece = inflater.decompress(pending, _CHUNK)
            except zlib.error as error:
                raise MalformedError(f"The body is not gzip: {error}.", code="not_gzip") from None
            inflated += len(piece)
            if limit is not None and inflated > limit:
                raise TooLargeError(
                    f"A body may have {limit // 1024**2} MiB when inflated. Send it in parts.",
                    code="inflated_too_large",
                )
            if piece:
                yield piece
            pending = inflater.unconsumed_tail
            if inflater.eof:
                pending, piece = inflater.unused_data.lstrip(b"\0"), b""  # some writers pad
                inflater, begun = zlib.decompressobj(_GZIP), False
    if begun:
        raise MalformedError("The body broke off inside its gzip stream.", code="body_cut_short")
