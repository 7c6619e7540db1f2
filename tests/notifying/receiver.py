"""Receivers on loopback: one that remembers what it was sent, and some that are slow, dead or mad."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Receiver:
    """What came in."""

    port: int
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, target, body; in the order in which they came."""
    children: list[str] = field(default_factory=list)
    """Command line and environment of every child that this process has got since, as it was at each request."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def messages(self) -> list[dict[str, Any]]:
        """The bodies, read as JSON."""
        return [json.loads(body) for _, _, body in self.requests]

    def targets(self) -> list[str]:
        return [target for _, target, _ in self.requests]


@contextmanager
def receiving(status: int = 200, **headers: str) -> Iterator[Receiver]:
    """A server that remembers every request and answers it with `status`."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            receiver.children += [facts for pid, facts in _children() if pid not in before]
            receiver.requests.append((self.command, self.path, body))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        do_GET = do_POST = _answer

        def log_message(self, *_: object) -> None:
            pass

    before = {pid for pid, _ in _children()}
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


def _children() -> Iterator[tuple[str, str]]:
    """The ID of each child of this process, with its command line and environment."""
    for path in Path("/proc/self/task").glob("*/children"):
        for pid in path.read_text().split():
            process = Path("/proc") / pid
            try:
                yield pid, process.joinpath("cmdline").read_text() + process.joinpath("environ").read_text()
            except OSError:
                continue  # it has just ended


@contextmanager
def silent(asked: threading.Event | None = None) -> Iterator[str]:
    """The address of a server that takes connections and says nothing, ever; `asked` is set when one came."""

    def hush(_: socket.socket, over: threading.Event) -> None:
        if asked is not None:
            asked.set()
        over.wait()

    with _acting(hush) as address:
        yield address


@contextmanager
def dripping() -> Iterator[str]:
    """The address of a server whose answer never ends: a byte now and then."""

    def drip(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        while not over.wait(0.05):
            connection.sendall(b"x")

    with _acting(drip) as address:
        yield address


@contextmanager
def babbling() -> Iterator[str]:
    """The address of a server that speaks no HTTP."""

    def babble(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(65_536)
        connection.sendall(b"220 mail.example.com ESMTP\r\n")

    with _acting(babble) as address:
        yield address


@contextmanager
def _acting(act: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """The address of a server that does `act` to each connection, until the block is over."""
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):  # the other side may go away, which is what is tried
            act(connection, over)

    def accept() -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                serving.append(threading.Thread(target=serve, args=listening.accept()[:1]))
                serving[-1].start()

    serving: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/act"
        finally:
            over.set()
            for thread in (accepting, *serving):
                thread.join()


def dead() -> str:
    """The address of a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}/dead"
