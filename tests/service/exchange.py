"""One request and its answer: the service on one side, the bare connection on the other.

In: what a client sent. Out: what the service answers, or whatever a fault makes of it.
"""

import asyncio
import socket
import struct
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from decom.sandbox.answers import JSON, Headers, error_body, json_bytes
from tests.service.hooks import Hook, Phase
from tests.service.request_log import Record, RequestLog
from tests.service.world import World

TRANSPORT = "transport"
"""Key in `scope["state"]`: the connection's transport."""

FLUSH_SECONDS = 5.0
"""How long a closed connection may take to hand over its last bytes."""

CHANGES = ("DELETE", "PATCH")
"""The methods of which a 200 of the service's own means that the account is another now."""


@dataclass(frozen=True, slots=True)
class Captured:
    """What the service answers, before anything happens to it on its way."""

    status: int
    headers: Headers
    body: bytes

    def without_length(self) -> Headers:
        """The headers, for another body."""
        return [(name, value) for name, value in self.headers if name != b"content-length"]


def refusal(status: int, message: str | list[str], headers: Headers | None = None) -> Captured:
    """An error in the service's own shape."""
    body = json_bytes(error_body(status, message))
    return Captured(status, [(b"content-type", JSON.encode()), *(headers or [])], body)


@dataclass(slots=True)
class Backstage:
    """What stands behind the door: the sandbox, and who is told."""

    world: World
    app: ASGIApp
    """The sandbox that answers for this world."""
    requests: RequestLog = field(default_factory=RequestLog)
    on_phase: Hook | None = None
    late: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    """What goes on after its request has ended."""

    def tell(self, phase: Phase, record: Record) -> None:
        if self.on_phase is not None:
            self.on_phase(phase, record)


class Exchange:
    """One request being answered."""

    def __init__(self, backstage: Backstage, record: Record, scope: Scope, receive: Receive, send: Send) -> None:
        self.backstage = backstage
        self.record = record
        self.send = send
        self._scope = scope
        self._receive = receive
        self._body: bytes | None = None

    @property
    def world(self) -> World:
        return self.backstage.world

    @property
    def transport(self) -> asyncio.Transport:
        """The bare connection. Raises KeyError where the application does not run on the sandbox's own server."""
        transport: asyncio.Transport = self._scope["state"][TRANSPORT]
        return transport

    # --- What the service does ------------------------------------------------------------------------------

    async def ask(self, **extras: object) -> Captured:
        """What the service answers; whatever it had to do is done when this returns. Each call asks once more.

        `extras` come into the endpoint's scope.
        """
        record, world = self.record, self.world
        if world.revoked:
            return refusal(401, "Invalid or missing API key")
        answer = await _captured(self.backstage.app, {**self._scope, **extras}, self._replay)
        if answer.status == 200 and record.method in CHANGES:
            record.applied = True
            if record.method == "DELETE" and record.number_id is not None:
                world.removed[record.number_id] = record.seq
            self.backstage.tell("applied", record)
        return answer

    async def give(self, answer: Captured) -> None:
        """Send the answer as it is, with the server's own date."""
        self.record.status = answer.status
        headers = [*answer.headers, *([(b"date", self.date())] if self.world.tells_date else [])]
        if not any(name == b"content-length" for name, _ in headers):
            headers.append((b"content-length", str(len(answer.body)).encode()))
        await self.send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": answer.body})

    def date(self) -> bytes:
        return formatdate(time.time() + self.world.clock_skew, usegmt=True).encode()

    async def load(self) -> None:
        """Read the request to its end, so that it can be asked when the client is gone."""
        await self._replay()

    async def _replay(self) -> Message:
        """The request's body as one message, however often it is asked for."""
        if self._body is None:
            self._body, more = b"", True
            while more:
                message = await self._receive()
                self._body += message.get("body", b"")
                more = message.get("more_body", False)
        return {"type": "http.request", "body": self._body, "more_body": False}

    # --- The bare connection --------------------------------------------------------------------------------

    def write(self, data: bytes, status: int | None = None) -> None:
        """Put bytes on the connection past HTTP; `status` is what they say, None where they say none."""
        self.record.status = status
        self.transport.write(data)

    async def gone(self, seconds: float) -> bool:
        """Wait until the client has left, for `seconds` at most; whether it has."""
        try:
            async with asyncio.timeout(seconds):
                while (await self._receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            return False
        return True

    async def cut(self) -> None:
        """Close the connection behind the bytes that were written."""
        self.transport.close()
        if not await self.gone(FLUSH_SECONDS):
            self.transport.abort()
            await self.gone(FLUSH_SECONDS)

    async def reset(self) -> None:
        """End the connection with a reset; bytes on their way may be lost."""
        linger = struct.pack("ii", 1, 0)
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.transport.abort()
        await self.gone(FLUSH_SECONDS)

    def later(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Go on with `work` when this request has ended. A server that stops does not wait for it."""
        task = asyncio.get_running_loop().create_task(work())
        self.backstage.late.add(task)
        task.add_done_callback(self.backstage.late.discard)


async def _captured(app: ASGIApp, scope: Scope, receive: Receive) -> Captured:
    """What `app` answers, whole."""
    start: Message = {}
    body = b""

    async def keep(message: Message) -> None:
        nonlocal start, body
        if message["type"] == "http.response.start":
            start = message
        else:
            body += message.get("body", b"")

    await app(scope, receive, keep)
    return Captured(start["status"], list(start["headers"]), body)
