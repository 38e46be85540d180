"""Bodies are read within their limits, piece by piece."""

import gzip
import io
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from django.test import RequestFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewapp.http import bodies
from reviewapp.http.bodies import inflate, read_json, read_lines
from reviewapp.http.errors import InvalidError, MalformedError, RefusalError, TooLargeError, UnsupportedMediaTypeError
from reviewapp.http.lines import MAX_LINE_BYTES, cut_array, cut_lines, is_too_deep

KiB = 1024


def posted(data: bytes, kind: str = "application/x-ndjson", **meta: Any) -> Any:
    return RequestFactory().post("/", data=data, content_type=kind, CONTENT_TYPE=kind, **meta)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def test_lines_are_numbered_and_blank_ones_left_out():
    lines = list(read_lines(posted(b'{"a":1}\n\n  \n{"a":2}\r\n{"a":3}'), key="items"))
    assert [(line.number, line.data) for line in lines] == [(1, b'{"a":1}'), (4, b'{"a":2}\r'), (5, b'{"a":3}')]


def test_a_list_yields_its_parsed_elements_by_position():
    lines = list(read_lines(posted(b' {"items" : [ {"a":[1,2]} , "x,]", null ]} ', "application/json"), key="items"))
    assert [(line.number, line.data) for line in lines] == [(1, {"a": [1, 2]}), (2, "x,]"), (3, None)]


@pytest.mark.parametrize("body", [b'{"items": []}', b'{"items":[ ]}\n'])
def test_an_empty_list_has_no_lines(body):
    assert list(read_lines(posted(body, "application/json"), key="items")) == []


def test_gzip_is_inflated_also_in_several_members():
    data = gzip.compress(b"1\n2\n") + gzip.compress(b"3\n") + b"\0\0"
    lines = list(read_lines(posted(data, headers={"Content-Encoding": "gzip"}), key="items"))
    assert [line.data for line in lines] == [b"1", b"2", b"3"]


def test_a_byte_order_mark_is_no_part_of_the_first_line():
    assert [line.data for line in cut_lines([b"\xef\xbb\xbf1\n", b"2"])] == [b"1", b"2"]
    assert [line.data for line in cut_array([b'\xef\xbb\xbf{"k":[1]}'], key="k")] == [1]


@pytest.mark.parametrize("size", [70_001, 64 * KiB])
def test_a_line_too_long_spoils_no_other(size):
    data = b"1\n" + b"x" * (MAX_LINE_BYTES + 1) + b"\n3\n"
    lines = list(cut_lines(pieces(data, size)))
    assert [(line.number, line.data) for line in lines] == [(1, b"1"), (2, None), (3, b"3")]
    assert lines[1].problem.code == "line_too_large"


def test_a_last_line_too_long_is_told_once():
    lines = list(cut_lines(pieces(b"1\n" + b"x" * (3 * MAX_LINE_BYTES), 64 * KiB)))
    assert [line.problem and line.problem.code for line in lines] == [None, "line_too_large"]


@pytest.mark.parametrize("size", [70_001, 4 * MAX_LINE_BYTES])
def test_an_element_too_long_spoils_no_other(size):
    long = b'{"text": "' + rb"\"]" * MAX_LINE_BYTES + b'"}'
    lines = list(cut_array(pieces(b'{"items": [1, ' + long + b", 3]}", size), key="items"))
    assert [(line.number, line.data) for line in lines] == [(1, 1), (2, None), (3, 3)]
    assert lines[1].problem.code == "line_too_large"


def test_a_line_of_the_greatest_length_is_taken():
    (line,) = cut_lines(pieces(b'"' + b"x" * (MAX_LINE_BYTES - 2) + b'"\n', 64 * KiB))
    assert line.problem is None


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def test_64_levels_are_taken_and_65_are_not():
    lines = list(cut_lines([nested(64) + b"\n" + nested(65)]))
    assert [line.problem and line.problem.code for line in lines] == [None, "too_deep"]
    lines = list(cut_array([b'{"k": [' + nested(64) + b"," + nested(65) + b",1]}"], key="k"))
    assert [line.problem and line.problem.code for line in lines] == [None, "too_deep", None]


def test_brackets_in_strings_and_side_by_side_are_no_depth():
    assert not is_too_deep(orjson.dumps(["[{" * 100, *([] for _ in range(100))]))


def test_a_lone_surrogate_spoils_its_element_alone():
    lines = list(cut_array([rb'{"k": ["\ud800", "ok"]}'], key="k"))
    assert [(line.data, line.problem and line.problem.code) for line in lines] == [(None, "invalid_text"), ("ok", None)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"items",
        b"[1]",
        b'{"items": [1',
        b'{"items": ["a',
        b'{"items": [1,]}',
        b'{"items": [,1]}',
        b'{"items": [1}',
        b'{"items": [{]}]}',
        b'{"items": [{"a": }]}',
        b'{"items": [NaN]}',
        b'{"items": [1]',
        b'{"items": [1]} 2',
        b'{"it\\x": [1]}',
    ],
)
def test_what_is_not_json_is_malformed(body):
    with pytest.raises(MalformedError) as refused:
        list(read_lines(posted(body, "application/json"), key="items"))
    assert (refused.value.status, refused.value.code) == (400, "malformed")


def test_a_body_that_never_begins_is_malformed():
    with pytest.raises(MalformedError):
        list(cut_array((b" " * 1000 for _ in range(1000)), key="items"))


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"{}", "items"),
        (b'{"items": {}}', "items"),
        (b'{"rows": []}', "rows"),
        (b'{"items": [], "more": 1}', "items"),
    ],
)
def test_an_object_of_another_shape_is_invalid(body, path):
    with pytest.raises(InvalidError) as refused:
        list(read_lines(posted(body, "application/json"), key="items"))
    assert [field.path for field in refused.value.fields] == [path]


@settings(deadline=None)
@given(
    values=st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(alphabet='a",[]{}\\:\n☃', max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
            max_leaves=8,
        ),
        max_size=6,
    ),
    size=st.integers(1, 40),
)
def test_any_list_cut_anywhere_yields_its_elements(values, size):
    body = orjson.dumps({"items": values}, option=orjson.OPT_INDENT_2 if size % 2 else None)
    assert [line.data for line in cut_array(pieces(body, size), key="items")] == values


@settings(deadline=None)
@given(values=st.lists(st.text(max_size=20), max_size=6), size=st.integers(1, 40))
def test_any_lines_cut_anywhere_are_whole(values, size):
    body = b"\n".join(orjson.dumps(value) for value in values)
    assert [orjson.loads(line.data) for line in cut_lines(pieces(body, size))] == values


def test_a_body_over_the_limit_is_refused_before_it_is_read():
    request = posted(b"1", CONTENT_LENGTH=str(bodies.MAX_SENT_BYTES + 1))
    with pytest.raises(TooLargeError) as refused:
        list(read_lines(request, key="items"))
    assert (refused.value.status, refused.value.code) == (413, "body_too_large")


def test_a_gzip_bomb_is_refused_while_it_streams(monkeypatch):
    monkeypatch.setattr(bodies, "MAX_INFLATED_BYTES", 1024**2)
    data = gzip.compress((b"x" * 1000 + b"\n") * 8 * 1024)
    with pytest.raises(TooLargeError) as refused:
        list(read_lines(posted(data, headers={"Content-Encoding": "gzip"}), key="items"))
    assert refused.value.code == "inflated_too_large"


@pytest.mark.parametrize("spoil", [lambda data: data[:-4], lambda data: b"no" + data, lambda data: data[:30]])
def test_broken_gzip_is_malformed(spoil):
    with pytest.raises(MalformedError) as refused:
        list(inflate([spoil(gzip.compress(bytes(range(256)) * 50))], limit=None))
    assert refused.value.code in {"not_gzip", "body_cut_short"}


@settings(deadline=None)
@given(st.integers(0, 3 * 64 * KiB))
def test_everything_comes_out_of_gzip(length):
    data = b"a" * length
    assert b"".join(inflate([gzip.compress(data)], limit=None)) == data


@pytest.mark.parametrize("kind", ["text/plain", "text/csv", "application/octet-stream"])
def test_other_content_types_are_not_supported(kind):
    for read in (read_json, lambda request: read_lines(request, key="items")):
        with pytest.raises(UnsupportedMediaTypeError) as refused:
            read(posted(b"{}", kind))
        assert refused.value.status == 415


def test_other_encodings_are_not_supported():
    with pytest.raises(UnsupportedMediaTypeError) as refused:
        read_lines(posted(b"1", headers={"Content-Encoding": "br"}), key="items")
    assert refused.value.headers == {"Accept-Encoding": "gzip"}


def test_a_body_shorter_than_declared_was_cut_short():
    request = posted(b"1\n2", CONTENT_LENGTH="900")
    request._stream = io.BytesIO(b"1\n2")
    with pytest.raises(MalformedError) as refused:
        list(read_lines(request, key="items"))
    assert refused.value.code == "body_cut_short"


class Broken(io.BytesIO):
    def read(self, *sizes: Any) -> bytes:
        raise OSError("connection reset")


def test_a_connection_that_breaks_is_a_body_cut_short():
    request = posted(b"1\n2")
    request._stream = Broken()
    with pytest.raises(MalformedError) as refused:
        list(read_lines(request, key="items"))
    assert refused.value.code == "body_cut_short"


def chunked(data: bytes, **meta: Any) -> Any:
    request = posted(b"", headers={"Transfer-Encoding": "chunked"}, **meta)
    request.META["wsgi.input"] = io.BytesIO(data)
    return request


def test_a_chunked_body_is_read_to_its_end():
    lines = list(read_lines(chunked(b"1\n2", **{"wsgi.input_terminated": True}), key="items"))
    assert [line.data for line in lines] == [b"1", b"2"]


def test_a_chunked_body_is_limited_while_it_streams(monkeypatch):
    monkeypatch.setattr(bodies, "MAX_SENT_BYTES", 100)
    with pytest.raises(TooLargeError):
        list(read_lines(chunked(b"1\n" * 100, **{"wsgi.input_terminated": True}), key="items"))


def test_a_server_that_cannot_end_chunked_bodies_asks_for_a_length():
    with pytest.raises(MalformedError) as refused:
        list(read_lines(chunked(b"1"), key="items"))
    assert refused.value.code == "length_required"


def test_one_document_is_read_whole():
    assert read_json(posted(b'{"a": [1]}', "application/json")) == {"a": [1]}


@pytest.mark.parametrize(("body", "code"), [(b"{", "malformed"), (nested(65), "too_deep")])
def test_one_document_must_be_json_and_not_too_deep(body, code):
    with pytest.raises(RefusalError) as refused:
        read_json(posted(body, "application/json"))
    assert (refused.value.status, refused.value.code) == (400, code)
