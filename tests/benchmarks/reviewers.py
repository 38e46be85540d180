"""The load: reviewers on keep-alive connections, in a process of its own (`python -m tests.benchmarks.reviewers`).

Reads one JSON object from stdin and writes one to stdout. Plain sockets and prepared bytes, because on two shared cores
every microsecond of the client is taken from the server.
"""

import itertools
import json
import queue
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
import psycopg

CLAIM = b'{"count":1}'


class Reviewer:
    """One person's connection, holding one leased task at a time."""

    def __init__(self, port: int, token: str, slug: str) -> None:
        self.port = port
        self.socket = self._connect()
        self.head = (
            f"Host: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: "
        ).encode()
        self.claim_path = f"/api/v1/projects/{slug}/tasks/claim".encode()
        self.run = uuid.uuid4().hex
        self.numbers = itertools.count()
        self.task: dict[str, Any] = {}

    def _connect(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def post(self, path: bytes, body: bytes, status: bytes) -> Any:
        """Send a request and return the parsed answer, which must have the status."""
        request = b"POST %b HTTP/1.1\r\n%b%d\r\n\r\n%b" % (path, self.head, len(body), body)
        try:
            self.socket.sendall(request)
            answer = self._receive()
        except ConnectionError:  # idle connections are closed after a while; a submit may be repeated
            self.socket = self._connect()
            self.socket.sendall(request)
            answer = self._receive()
        while b"\r\n\r\n" not in answer:
            answer += self._receive()
        head, _, content = answer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(content) < length:
            content += self._receive()
        if head[9:12] != status:
            raise RuntimeError(f"{head[:12]!r} instead of {status!r}: {content[:500]!r}")
        return orjson.loads(content)

    def _receive(self) -> bytes:
        received = self.socket.recv(65536)
        if not received:
            raise ConnectionError("the server closed the connection")
        return received

    def claim(self) -> None:
        """Claim the next task."""
        (self.task,) = self.post(self.claim_path, CLAIM, b"200")["tasks"]

    def label(self, following: int) -> None:
        """Submit a pass for the task in hand; with `following` the next one comes along."""
        body = b'{"lease":"%b","answers":{"verdict":"pass"},"submit_id":"%b-%d","next":%d}' % (
            self.task["lease"]["token"].encode(),
            self.run.encode(),
            next(self.numbers),
            following,
        )
        answer = self.post(b"/api/v1/tasks/%d/label" % self.task["id"], body, b"201")
        if following:
            (self.task,) = answer["tasks"]

    def one_request(self) -> None:
        """Submit and claim the next in one."""
        self.label(1)

    def two_requests(self) -> None:
        """Submit, then claim."""
        self.label(0)
        self.claim()


@dataclass(frozen=True, slots=True)
class Load:
    """What happened: labels in all and a second, and the latencies in milliseconds."""

    done: int
    per_second: float
    p50: float
    p99: float


def _summary(latencies: Sequence[float], seconds: float, done: int) -> Load:
    ordered = sorted(latencies)
    at = [ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 for share in (0.5, 0.99)]
    return Load(done, len(ordered) / seconds, *at)


def closed_loop(work: Sequence[Callable[[], object]], seconds: float) -> Load:
    """Let everybody work without a pause; the first tenth of the time warms up and does not count."""
    start = time.perf_counter()
    counts_from, until = start + seconds * 0.1, start + seconds
    latencies: list[float] = []
    warming: list[float] = []

    def one(do: Callable[[], object]) -> None:
        begun = time.perf_counter()
        while begun < until:
            do()
            done = time.perf_counter()
            (latencies if begun >= counts_from else warming).append(done - begun)
            begun = done

    _together([lambda do=do: one(do) for do in work])
    return _summary(latencies, time.perf_counter() - counts_from, len(latencies) + len(warming))


def open_loop(work: Sequence[Callable[[], object]], seconds: float, per_second: float) -> Load:
    """Offer so much a second, whatever the server does; each latency counts from the moment the work was due."""
    due: queue.SimpleQueue[float | None] = queue.SimpleQueue()
    latencies: list[float] = []

    def one(do: Callable[[], object]) -> None:
        while (moment := due.get()) is not None:
            do()
            latencies.append(time.perf_counter() - moment)

    def offer() -> None:
        start = time.perf_counter()
        for number in range(int(seconds * per_second)):
            moment = start + number / per_second
            time.sleep(max(0.0, moment - time.perf_counter()))
            due.put(moment)
        for _ in work:
            due.put(None)

    start = time.perf_counter()
    _together([offer, *(lambda do=do: one(do) for do in work)])
    return _summary(latencies, time.perf_counter() - start, len(latencies))


def _together(work: Sequence[Callable[[], object]]) -> None:
    threads = [threading.Thread(target=do) for do in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def floor(database_url: str, connections: int, seconds: float) -> Load:
    """The least that a label could cost: a transaction that updates one row and inserts one, from Python."""

    def prepare(number: int) -> Callable[[], object]:
        connection = psycopg.connect(database_url)
        answers = '{"verdict": "pass"}'

        def one() -> None:
            connection.execute("UPDATE floor_seat SET n = n + 1 WHERE id = %s", [number])
            connection.execute("INSERT INTO floor_label (seat, answers) VALUES (%s, %s)", [number, answers])
            connection.commit()

        return one

    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS floor_seat (id int PRIMARY KEY, n int) WITH (fillfactor = 50)")
        connection.execute("CREATE TABLE IF NOT EXISTS floor_label (id bigserial PRIMARY KEY, seat int, answers jsonb)")
        connection.execute("INSERT INTO floor_seat SELECT g, 0 FROM generate_series(0, 63) g ON CONFLICT DO NOTHING")
    return closed_loop([prepare(number) for number in range(connections)], seconds)


def main() -> None:
    """Do what stdin asks for."""
    asked = json.load(sys.stdin)
    if asked["what"] == "floor":
        load = floor(asked["database_url"], asked["reviewers"], asked["seconds"])
    else:
        people = [Reviewer(asked["port"], token, asked["slug"]) for token in asked["tokens"]]
        for person in people:
            person.claim()
        work = [getattr(person, asked["what"]) for person in people]
        if "offered" in asked:
            load = open_loop(work, asked["seconds"], asked["offered"])
        else:
            load = closed_loop(work, asked["seconds"])
    json.dump(asdict(load), sys.stdout)


if __name__ == "__main__":
    main()
