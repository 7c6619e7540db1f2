"""A server of a few lines below HTTP: what it is to do with a connection in, the bytes that it was sent out."""

import asyncio
import selectors
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

CERTIFICATE = Path(__file__).with_name("loopback.pem")
"""A certificate for 127.0.0.1, with its key."""
HASTE = 25.0

Reaction = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What to do once a request's head was read."""


@dataclass
class Wire:
    """What the server saw."""

    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    """The head of every request, as it came."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a request's head has come."""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a client left before it was answered in full."""

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


@asynccontextmanager
async def listening(
    react: Reaction, *, read_first: bool = True, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Wire]:
    """Serve on loopback while the block runs; `read_first` False: react before the request was read."""
    wire = Wire()
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            while True:
                if read_first:
                    wire.requests.append(await reader.readuntil(b"\r\n\r\n"))
                    wire.asked.set()
                await react(reader, writer)
                await writer.drain()
                if writer.is_closing():
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            wire.left.set()
        finally:
            writer.close()
            connections.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await server.wait_closed()


def our_certificate() -> ssl.SSLContext:
    """What a server needs to speak TLS as 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


class _Hasty(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / HASTE)


class HastyLoop(asyncio.SelectorEventLoop):
    """A real loop with real sockets, for which a second is over in 40 ms."""

    def __init__(self) -> None:
        super().__init__(_Hasty())

    def time(self) -> float:
        return super().time() * HASTE


def hastily(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` with real sockets and short seconds."""
    with asyncio.Runner(loop_factory=HastyLoop) as runner:
        return runner.run(main)


def answering(head: bytes, body: bytes = b"", *, close: bool = False) -> Reaction:
    """Answer with these bytes."""

    async def react(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"\r\n\r\n" + body)
        if close:
            writer.close()

    return react


def ok(body: bytes = b'{"message":"done"}') -> Reaction:
    """Answer 200 with this body."""
    return answering(b"HTTP/1.1 200 OK\r\ncontent-length: %d" % len(body), body)
