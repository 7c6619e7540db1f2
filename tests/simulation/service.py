"""The service as a client sees it: an httpx transport over a `World`. In: requests, faults. Out: answers, or none.

As httpcore does, it calls the request's trace exactly when something may have left. What was received is carried out
by the world's own agenda, so that it happens also when the client is dead by then.
"""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.simulation.faults import APPLIED_SILENT, DOUBTFUL_AFTER, NOT_SENT, ODD_READS, SUCCESSES, Faults
from tests.simulation.loop import MIDNIGHT, VirtualLoop
from tests.simulation.seen import Request
from tests.simulation.world import Answer, World, as_bytes, error

EPOCH = MIDNIGHT.timestamp()
JSON = "application/json; charset=utf-8"
HTML = "text/html"
PAGE = b"<!doctype html><html><title>gateway</title></html>"
LATE_AT_MOST = 0.8
"""A late or stale fault lasts at most this share of the settle time: nobody can see through a longer one."""

_PAGES = {"502": 502, "503": 503, "504": 504}


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many requests in a window that begins with its first request."""

    requests: int
    seconds: float


@dataclass(slots=True)
class Told:
    """What is on its way to the client."""

    status: int
    content: bytes
    headers: dict[str, str]
    broken: bool = False
    """The body breaks off in the middle."""
    dripping: bool = False
    """The body never ends."""
    about_number: bool = False


class Service:
    """One server, which outlives the clients that talk to it."""

    def __init__(self, world: World, faults: Faults, seed: int, *, base_path: str, settle: float) -> None:
        self.world = world
        self.faults = faults
        self.base_path = base_path
        self.settle = settle
        self.limit: Limit | None = None
        self.log: list[Request] = []
        self.on_request: dict[int, Callable[[], None]] = {}
        """What changes on the account when the nth request arrives."""
        self.chance = random.Random(f"{seed} service")
        self.look_at_disk: Callable[[str], int] = lambda number_id: 0
        """How many intents for a number are on the disk."""
        self._window = (-1e9, 0)

    def throttled(self, now: float) -> float | None:
        """Count a request; seconds to wait where it is one too many."""
        if self.limit is None:
            return None
        began, used = self._window
        if now >= began + self.limit.seconds:
            began, used = now, 0
        self._window = (began, used + 1)
        return None if used < self.limit.requests else began + self.limit.seconds - now

    def limit_headers(self, now: float) -> dict[str, str]:
        """What the server says of its limit."""
        if self.limit is None:
            return {}
        began, used = self._window
        return {
            "X-RateLimit-Limit": str(self.limit.requests),
            "X-RateLimit-Remaining": str(max(0, self.limit.requests - used)),
            "X-RateLimit-Reset": str(max(0, int(began + self.limit.seconds - now) + 1)),
        }


class Wire(httpx.AsyncBaseTransport):
    """One client's connection."""

    def __init__(self, service: Service, loop: VirtualLoop, event: Callable[[str], Awaitable[None]]) -> None:
        """`event` is told of everything that happens, and may never return: then the client is dead."""
        self._service = service
        self._loop = loop
        self._event = event

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        service = self._service
        target = request.url.raw_path.decode("ascii")
        fault = service.faults.choose(request.method, target, len(service.log) + 1)
        if fault is not None and fault in NOT_SENT:
            await self._not_sent(fault)
        await request.extensions["trace"]("http11.send_request_headers.started", {"request": request})
        entry = self._arrived(request.method, target, fault)
        try:
            await self._event("arrival")
            return await self._exchange(request, entry)
        finally:
            if entry.ended is None and not self._loop.dead:
                entry.ended = self._loop.time()

    async def _not_sent(self, fault: str) -> None:
        await self._event("connecting")
        await asyncio.sleep(self._service.chance.uniform(0.001, 0.2))
        if fault == "connect_timeout":
            raise httpx.ConnectTimeout("timed out")
        if fault == "certificate":
            cause = ssl.SSLCertVerificationError("certificate has expired")
            raise httpx.ConnectError("certificate verify failed") from cause
        raise httpx.ConnectError("connection refused")

    def _arrived(self, method: str, target: str, fault: str | None) -> Request:
        service, now = self._service, self._loop.time()
        service.world.advance(now)
        entry = Request(len(service.log) + 1, method, target, now, fault=fault)
        service.log.append(entry)
        if method == "DELETE":
            entry.intents = service.look_at_disk(entry.number_id or "")
        happens = service.on_request.pop(entry.seq, None)
        if happens is not None:
            happens()
        return entry

    async def _exchange(self, request: httpx.Request, entry: Request) -> httpx.Response:
        service, fault = self._service, entry.fault or ""
        if fault == "write_error":
            raise httpx.WriteError("broken pipe")
        received = self._loop.time() + service.chance.uniform(0.001, 0.3)
        wait = service.throttled(self._loop.time())
        found: list[Answer] = []
        if wait is None and _is_carried_out(fault):
            at = received + (self._late(request, fault) if fault.endswith("late_apply") else 0.0)
            service.world.at(at, lambda: found.append(self._carry_out(entry)))
        await asyncio.sleep(received - self._loop.time())
        service.world.advance(max(received, self._loop.time()))
        await self._event("received")
        await self._silence(fault)
        told = self._throttle(wait) if wait is not None else self._told(fault, found[0] if found else None)
        await asyncio.sleep(service.chance.uniform(0.001, 0.3))
        service.world.advance(self._loop.time())
        await self._event("answered")
        return self._response(request, entry, told)

    def _late(self, request: httpx.Request, fault: str) -> float:
        """Seconds until a late DELETE is carried out; where the client waits in vain, after it has given up."""
        timeout: float = request.extensions["timeout"]["read"] if fault == "hang_late_apply" else 0.0
        return timeout + self._service.chance.uniform(0.1, LATE_AT_MOST * self._service.settle)

    async def _silence(self, fault: str) -> None:
        """Where no answer comes: end the connection, or never come back."""
        if fault.startswith("hang"):
            await asyncio.get_running_loop().create_future()
        if fault.startswith("drop") or fault == "late_apply":
            await asyncio.sleep(self._service.chance.uniform(0.001, 0.3))
            await self._event("dropped")
            if self._service.chance.random() < 0.5:
                raise httpx.ReadError("connection reset")
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")

    def _carry_out(self, entry: Request) -> Answer:
        """What the account does with a request."""
        world, fault = self._service.world, entry.fault
        if entry.method == "DELETE":
            answer = world.delete(entry.number_id or "", entry.seq)
            return world.delete(entry.number_id or "", entry.seq) if fault == "gateway_retry" else answer
        parts = urlsplit(entry.target)
        query = dict(parse_qsl(parts.query))
        if fault == "page_drift":
            query["shift"] = self._service.chance.choice(("1", "-1"))
        if fault == "total_mismatch":
            query["more"] = "1"
        stale = LATE_AT_MOST * self._service.settle if fault == "stale_read" else 0.0
        return world.read(parts.path.removeprefix(self._service.base_path), query, stale)

    def _told(self, fault: str, answer: Answer | None) -> Told:
        """The answer that the client gets, in its odd form where there is a fault."""
        if answer is None or fault in DOUBTFUL_AFTER:
            return self._instead(fault)
        about = answer.status == 404 and b"Cannot " not in as_bytes(answer.body)
        told = Told(answer.status, as_bytes(answer.body), {"content-type": JSON}, about_number=about)
        if answer.status != 200:
            return told
        if fault in ("202", "204"):
            return Told(int(fault), b"" if fault == "204" else told.content, told.headers)
        if fault == "empty_200":
            return Told(200, b"", {})
        if fault == "not_json":
            return Told(200, b"{released", told.headers)
        if fault == "surrogate":
            return Told(200, b'{"message":"gone \\ud83d \\u0000 =1+1"}', told.headers)
        told.broken, told.dripping = fault == "half_body", fault == "drip"
        return told

    def _instead(self, fault: str) -> Told:
        """An answer that is not the account's."""
        word = fault.partition("_")[0]
        if fault in ("html_200", "html_200_after"):
            return Told(200, PAGE, {"content-type": HTML})
        if fault == "html_404":
            return Told(404, PAGE, {"content-type": HTML})
        if fault == "route_404":
            return Told(404, as_bytes(error(404, "Cannot GET /v2/numbers").body), {"content-type": JSON})
        if fault == "vague_404":
            return Told(404, b"", {})
        if fault == "redirect":
            return Told(307, b"", {"location": "https://elsewhere.example/login"})
        if word == "429":
            return self._throttle(self._service.chance.choice((0.5, 2.0, 7.0)), fault)
        if word in _PAGES:
            asked = {"retry-after": "3"} if word == "503" else {}
            return Told(_PAGES[word], PAGE, {"content-type": HTML, **asked})
        message = ["nickname must be a string", "agent_id must be a UUID"] if word == "422" else f"status {word}"
        return Told(int(word), as_bytes(error(int(word), message).body), {"content-type": JSON})

    def _throttle(self, wait: float, fault: str = "") -> Told:
        """A 429, saying how long to wait or not."""
        headers = {"content-type": JSON}
        seconds = int(wait) + 1
        if fault == "429_date":
            now = EPOCH + self._loop.time()
            headers["date"] = formatdate(now, usegmt=True)
            headers["retry-after"] = formatdate(int(now) + seconds, usegmt=True)
        elif fault != "429_bare":
            headers["retry-after"] = str(seconds)
        return Told(429, as_bytes(error(429, "Too Many Requests").body), headers)

    def _response(self, request: httpx.Request, entry: Request, told: Told) -> httpx.Response:
        entry.ended = self._loop.time()
        entry.status, entry.about_number = told.status, told.about_number
        entry.page = told.headers.get("content-type") == HTML
        asked = told.headers.get("retry-after", "")
        entry.retry_after = float(asked) if asked.isdigit() else None
        headers = {**told.headers, **self._service.limit_headers(entry.ended)}
        return httpx.Response(told.status, headers=headers, stream=_Body(told), request=request)


class _Body(httpx.AsyncByteStream):
    """A body as it comes over the wire."""

    def __init__(self, told: Told) -> None:
        self._told = told

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = self._told.content
        if self._told.broken:
            yield content[: len(content) // 2]
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
        while self._told.dripping:
            await asyncio.sleep(1.0)
            yield b" "
        yield content


def _is_carried_out(fault: str) -> bool:
    """Whether the account ever sees a request with this fault."""
    return fault in ("", "gateway_retry", *APPLIED_SILENT, *DOUBTFUL_AFTER, *SUCCESSES, *ODD_READS)
