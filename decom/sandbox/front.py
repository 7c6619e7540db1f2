"""The door of the sandbox: raw requests in, answers out. Here each is remembered, let in or refused.

Order: remember, act out a fault that strikes before the service, key, rate limit, the service itself.
Imports nothing of the client.
"""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Literal

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from decom.sandbox.account import World
from decom.sandbox.answers import JSON, error_body
from decom.sandbox.api import NUMBERS, RECORD, Api
from decom.sandbox.limits import Limiter, Moment
from decom.sandbox.memory import Memory, Record

Phase = Literal["arrival", "applied", "answered"]
"""A request has arrived · it has changed the account · the last byte of its answer was handed to the socket."""

Hook = Callable[[Phase, Record], None]
"""Called in the server's thread; the request waits until it returns."""

Headers = list[tuple[bytes, bytes]]
NUMBER_PATH = f"{NUMBERS}/"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service answers, before anything happens to it on its way."""

    status: int
    headers: Headers
    body: bytes


def refusal(status: int, message: str | list[str], headers: Headers | None = None) -> Answer:
    """An error in the service's own shape."""
    return Answer(status, [(b"content-type", JSON.encode()), *(headers or [])], error_body(status, message))


def when(phase: Phase, nth: int, action: Callable[[], None], *, method: str = "DELETE") -> Hook:
    """A hook that calls `action` once: at `phase` of the `nth` (from 1) request with `method`."""

    def hook(reached: Phase, record: Record) -> None:
        if reached == phase and record.nth == nth and record.method == method:
            action()

    return hook


def kill(pid: int, signal_number: int) -> Callable[[], None]:
    """An action for `when`: send the signal to one process. A process that is gone already is left alone."""

    def action() -> None:
        try:
            os.kill(pid, signal_number)
        except ProcessLookupError:
            return

    return action


class Front:
    """One sandbox as an ASGI application."""

    def __init__(self, world: World, limiter: Limiter) -> None:
        self.world = world
        self.limiter = limiter
        self.memory = Memory()
        self.on_phase: Hook | None = None
        self._api = Api(world).app()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        record = self._remember(scope)
        memory = self.memory
        memory.in_flight += 1
        record.in_flight = memory.in_flight
        memory.peak_in_flight = max(memory.peak_in_flight, memory.in_flight)
        try:
            self._tell("arrival", record)
            await self._serve(record, scope, receive, send)
            self._tell("answered", record)
        except asyncio.CancelledError:
            # The server stops, and the connection is cut already: uvicorn would log this as an error of ours.
            return
        finally:
            memory.in_flight -= 1
            record.answered = time.monotonic()

    async def _serve(self, record: Record, scope: Scope, receive: Receive, send: Send) -> None:
        await self.give(await self.ask(record, scope, receive), record, send)

    async def ask(self, record: Record, scope: Scope, receive: Receive) -> Answer:
        """What the service answers to this request, done for good when this returns."""
        key = _key(scope)
        if key is None or key != self.world.key or key == "":
            return refusal(401, "Invalid or missing API key")
        moment = Moment(time.monotonic(), time.time())
        granted, headers = self.limiter.ask(_route(scope), moment, self.world.clock_skew)
        if not granted:
            record.over_limit = True
            return refusal(429, "ThrottlerException: Too Many Requests", headers)
        scope[RECORD] = record
        applied_before = record.applied
        answer = await _captured(self._api, scope, receive)
        if record.applied and not applied_before:
            self._tell("applied", record)
        return Answer(answer.status, answer.headers + headers, answer.body) if headers else answer

    async def give(self, answer: Answer, record: Record, send: Send) -> None:
        """Send the answer as it is, with the server's own date."""
        record.status = answer.status
        date = formatdate(time.time() + self.world.clock_skew, usegmt=True).encode()
        headers = [*answer.headers, (b"date", date)]
        if not any(name == b"content-length" for name, _ in headers):
            headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _remember(self, scope: Scope) -> Record:
        memory, method = self.memory, scope["method"]
        memory.methods[method] += 1
        query = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        path: str = scope["path"]
        key = _key(scope)
        record = Record(
            seq=len(memory.log) + 1,
            nth=memory.methods[method],
            arrived=time.monotonic(),
            wall=time.time(),
            method=method,
            target=target.decode("latin-1"),
            key_id=None if key is None else key.partition(":")[0],
            number_id=path.removeprefix(NUMBER_PATH) if path.startswith(NUMBER_PATH) else None,
            in_flight=0,
        )
        memory.log.append(record)
        return record

    def _tell(self, phase: Phase, record: Record) -> None:
        if self.on_phase is not None:
            self.on_phase(phase, record)


def _key(scope: Scope) -> str | None:
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
    return Answer(start["status"], list(start["headers"]), body)
