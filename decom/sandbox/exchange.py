"""One request and its answer: key, limit and service on one side, the bare connection on the other.

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

from decom.sandbox.account import World
from decom.sandbox.answers import Answer, Headers, refusal
from decom.sandbox.api import RECORD, Api
from decom.sandbox.hooks import Hook, Phase
from decom.sandbox.limits import Limiter, Moment
from decom.sandbox.memory import Memory, Record

TRANSPORT = "transport"
"""Key in `scope["state"]`: the connection's transport."""

FLUSH_SECONDS = 5.0
"""How long a closed connection may take to hand over its last bytes."""


@dataclass(slots=True)
class Service:
    """What stands behind the door: the account, its limit, its endpoints, and who is told."""

    world: World
    limiter: Limiter
    memory: Memory = field(default_factory=Memory)
    on_phase: Hook | None = None
    app: ASGIApp = field(init=False)
    late: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    """What goes on after its request has ended."""

    def __post_init__(self) -> None:
        self.app = Api(self.world).app()

    def tell(self, phase: Phase, record: Record) -> None:
        if self.on_phase is not None:
            self.on_phase(phase, record)


class Exchange:
    """One request being answered."""

    def __init__(self, service: Service, record: Record, scope: Scope, receive: Receive, send: Send) -> None:
        self.service = service
        self.record = record
        self.send = send
        self._scope = scope
        self._receive = receive
        self._body: bytes | None = None

    @property
    def world(self) -> World:
        return self.service.world

    @property
    def transport(self) -> asyncio.Transport:
        """The bare connection. Raises KeyError where the application does not run on the sandbox's own server."""
        transport: asyncio.Transport = self._scope["state"][TRANSPORT]
        return transport

    # --- What the service does ------------------------------------------------------------------------------

    async def ask(self, **extras: object) -> Answer:
        """What the service answers; whatever it had to do is done when this returns. Each call asks once more.

        `extras` come into the endpoint's scope.
        """
        key = key_in(self._scope)
        if key != self.world.key or self.world.revoked:
            return refusal(401, "Invalid or missing API key")
        moment = Moment(time.monotonic(), time.time())
        granted, headers = self.service.limiter.ask(_route(self._scope), moment, self.world.clock_skew)
        if not granted:
            self.record.over_limit = True
            return refusal(429, "ThrottlerException: Too Many Requests", headers)
        applied_before = self.record.applied
        answer = await _captured(self.service.app, {**self._scope, RECORD: self.record, **extras}, self._replay)
        if self.record.applied and not applied_before:
            self.service.tell("applied", self.record)
        return Answer(answer.status, answer.headers + headers, answer.body) if headers else answer

    async def give(self, answer: Answer) -> None:
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
        self.service.late.add(task)
        task.add_done_callback(self.service.late.discard)


def key_in(scope: Scope) -> str | None:
    """The Bearer key that came with the request, None without one."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, key = value.decode("latin-1").partition(" ")
            return key if scheme == "Bearer" else None
    return None


def _route(scope: Scope) -> str:
    """The route's name for buckets of their own: `GET /v1/campaigns/:id`."""
    parts = scope["path"].split("/", 3)
    return f"{scope['method']} {'/'.join(parts[:3])}{'/:id' if len(parts) > 3 else ''}"


async def _captured(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
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
    headers: Headers = list(start["headers"])
    return Answer(start["status"], headers, body)
