"""Requests that the server makes: to webhooks, providers and endpoints whose addresses people typed.

The one place that speaks HTTP to the outside. Each new connection resolves its host, checks every address
(`outgoing_guard`), and connects to one that was checked. Redirects are answers and never followed, environment proxies
are not asked, answers are capped, and one deadline holds from the first packet to the last.
"""

import re
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpcore
import httpx

from reviewapp.http.outgoing_guard import OutgoingRefusedError, Place, checked_addresses, place_of

USER_AGENT = "reviewapp"
MAX_ANSWER_BYTES = 10 * 1024 * 1024
CONNECT_SECONDS = 10.0
TIMEOUT_SECONDS = 60.0
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"(?:[!-~](?:[ \t!-~]*[!-~])?)?")
__all__ = ["Answer", "Outgoing", "OutgoingFailedError", "OutgoingRefusedError"]


class OutgoingFailedError(Exception):
    """The call came to nothing. `sent` tells whether the other side may have seen the request all the same."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.message = message
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side answered, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Call(NamedTuple):
    """The request that this thread is making: connections are opened and read within it."""

    scheme: str
    deadline: float


_call: ContextVar[_Call] = ContextVar("outgoing_call")


class Outgoing:
    """A pool of connections to the outside; safe to use from several threads, closed by its `with`."""

    def __init__(self, *, connections: int = 10, max_answer_bytes: int = MAX_ANSWER_BYTES) -> None:
        self._max_answer_bytes = max_answer_bytes
        self._client = httpx.Client(
            transport=_GuardedTransport(connections),
            trust_env=False,
            follow_redirects=False,
            headers={"User-Agent": USER_AGENT},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> Answer:
        """Make one request and return the answer, a redirect or an error status too.

        Raises OutgoingRefusedError where the address must not be called or a header cannot be sent, and
        OutgoingFailedError where nothing whole came back within the time and size allowed.
        """
        place = place_of(url)
        _check_headers(headers or {})
        token = _call.set(_Call(place.scheme, time.monotonic() + timeout_seconds))
        timeout = httpx.Timeout(None, connect=CONNECT_SECONDS, pool=timeout_seconds)
        try:
            with self._client.stream(
                method, url, headers=dict(headers or {}), content=content, timeout=timeout
            ) as response:
                return Answer(response.status_code, response.headers, self._read(response))
        except httpx.TimeoutException as error:
            late = not isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout)
            raise OutgoingFailedError(
                f"{place.host} did not answer within {timeout_seconds:g} s." if late else f"{place.host} is not there.",
                sent=late,
            ) from error
        except (httpx.TransportError, httpx.DecodingError, httpx.InvalidURL) as error:
            before = isinstance(error, httpx.ConnectError | httpx.UnsupportedProtocol | httpx.LocalProtocolError)
            said = str(error) or type(error).__name__
            raise OutgoingFailedError(f"{place.host}: {said}", sent=not before) from error
        finally:
            _call.reset(token)

    def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > self._max_answer_bytes:
                raise OutgoingFailedError(f"The answer has more than {self._max_answer_bytes:,} bytes.", sent=True)
        return bytes(body)


class _GuardedTransport(httpx.BaseTransport):
    """httpx on httpcore's pool with our own way to open connections, which httpx's transport has no argument for."""

    def __init__(self, connections: int) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=_trusted(),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=30,
            network_backend=_GuardedBackend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request over a guarded connection."""
        with _as_httpx():
            answer = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Stream(answer), extensions=answer.extensions
        )

    def close(self) -> None:
        """Close the pool."""
        self._pool.close()


class _Stream(httpx.SyncByteStream):
    """The body of an answer, its errors in httpx's words."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _GuardedBackend(httpcore.NetworkBackend):
    """Opens connections to checked addresses only."""

    def __init__(self) -> None:
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve, check, and connect to the first checked address that answers."""
        try:
            addresses = checked_addresses(Place(_call.get().scheme, host.rstrip(".").lower(), port))
        except OSError:
            raise httpcore.ConnectError("the name cannot be resolved") from None
        failed: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses:
            try:
                stream = self._plain.connect_tcp(address, port, _left(timeout), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _TimedStream(stream)
        raise failed


class _TimedStream(httpcore.NetworkStream):
    """A connection on which no wait outlasts the request's deadline: a server that drips does not hold a worker."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Speak TLS, with the certificate of the name that was asked for and not of the address."""
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _check_headers(headers: Mapping[str, str]) -> None:
    """Refuse a header that HTTP cannot hold without saying its value, which may be a key; httpx would quote it."""
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            message = f"The header {name[:60]!r} cannot be sent: it, or the key in it, has a sign that no header has."
            raise OutgoingRefusedError(message, code="header_refused")


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """Return whom to trust: the authorities that come with httpx, or those of `SSL_CERT_FILE`."""
    return httpx.create_ssl_context()


def _left(timeout: float | None) -> float:
    """Return the seconds that a step may take: its own limit, or what is left of the request's."""
    left = _call.get().deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the request's time is up")
    return left if timeout is None else min(timeout, left)


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Raise httpcore's errors under the same names of httpx."""
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
    ) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
