"""A server of our own that answers as it is told to, for requests that go out."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Stub:
    """Where it listens, what it was sent, and how it answers the next request: (status, headers, pieces of body)."""

    url: str = ""
    host: str = ""
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answer: Callable[[], tuple[int, dict[str, str], list[bytes]]] = lambda: (200, {}, [b"fine"])
    pause: float = 0


@contextmanager
def stub_server() -> Iterator[Stub]:
    """Listen on this machine until the block ends."""
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            stub.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            status, headers, pieces = stub.answer()
            self.send_response(status)
            for name, value in {"Content-Length": str(sum(map(len, pieces))), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            for piece in pieces:
                time.sleep(stub.pause)
                try:
                    self.wfile.write(piece)
                except OSError:
                    return

        do_GET = do_POST  # noqa: N815 — the name that http.server asks for

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    stub.host = f"127.0.0.1:{server.server_port}"
    stub.url = f"http://{stub.host}/hook"
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
