"""The service as a client sees it: an httpx transport over a `Workspace`. In: requests, faults. Out: answers, or none.

As httpcore does, it calls the request's trace exactly when something may have left. What was received is carried out
by the world's own agenda, so that it happens also when the client is dead by then.
"""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.service.limits import Announced
from tests.simulation.answers import EPOCH, JSON, LONG_PAUSE, Given, instead, response, too_many
from tests.simulation.faults import (
    APPLIED_SILENT,
    DOUBTFUL_AFTER,
    HALF_READS,
    NOT_SENT,
    ODD_READS,
    SUCCESSES,
    UNTRUE_SUCCESSES,
    Faults,
)
from tests.simulation.happening import swap
from tests.simulation.loop import VirtualLoop
from tests.simulation.seen import Request
from tests.simulation.voice import ILLS, Answer, Voice, as_bytes, error
from tests.simulation.world import Workspace

LATE_AT_MOST = 0.8
"""A late or stale fault lasts at most this share of the settle time: nobody can see through a longer one."""


@dataclass(slots=True)
class VirtualService:
    """One server, which outlives the clients that talk to it."""

    world: Workspace
    voice: Voice
    faults: Faults
    base_path: str
    settle: float
    """Seconds after which whatever was received has been carried out, and no copy is behind any more."""
    chance: random.Random
    limit: Announced | None = None
    log: list[Request] = field(default_factory=list)
    on_request: dict[int, Callable[[], None]] = field(default_factory=dict)
    """What changes on the account when the nth request arrives."""
    look_at_disk: Callable[[str], int | None] = lambda number_id: None
    """How many intents for a number are on the disk; None where nobody can look."""
    on_pause: Callable[[], None] = lambda: None
    """What happens on the account while a client waits for long, as it was told to."""

    def allowed(self, now: float) -> tuple[bool, Mapping[str, str]]:
        """Whether the limit lets a request through that arrives now, and the headers that say so."""
        if self.limit is None:
            return True, {}
        accepted, headers = self.limit.ask(now, EPOCH + now)
        return accepted, {name.lower(): value for name, value in headers.items()}


class Wire(httpx.AsyncBaseTransport):
    """One client's connection."""

    def __init__(
        self,
        service: VirtualService,
        loop: VirtualLoop,
        event: Callable[[str], Awaitable[None]],
        *,
        beside: bool = False,
    ) -> None:
        """`event` is told of everything that happens, and may never return: then the client is dead.

        `beside`: the client is a second command, started while another is at work.
        """
        self._beside = beside
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
        entry = Request(len(service.log) + 1, method, target, now, fault=fault, beside=self._beside)
        service.log.append(entry)
        if method == "DELETE":
            entry.intents = service.look_at_disk(entry.number_id or "")
        if fault == "swap" and "page=" in target and "page=1&" not in target:
            swap(service.world, target, service.chance)
        happens = service.on_request.pop(entry.seq, None)
        if happens is not None:
            happens()
        return entry

    async def _exchange(self, request: httpx.Request, entry: Request) -> httpx.Response:
        service, fault = self._service, entry.fault or ""
        if fault == "write_error":
            raise httpx.WriteError("broken pipe")
        received = self._loop.time() + service.chance.uniform(0.001, 0.3)
        accepted, headers = service.allowed(self._loop.time())
        found: list[Answer] = []
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if accepted and _is_carried_out(fault):
            self._carry_out_later(request, entry, received, lambda: found.append(self._carry_out(entry, key)))
        await asyncio.sleep(received - self._loop.time())
        service.world.advance(max(received, self._loop.time()))
        await self._event("received")
        if fault == "429_long":
            service.world.at(self._loop.time() + LONG_PAUSE / 2, service.on_pause)
        await self._silence(fault)
        given = self._given(entry, found[0] if found else None) if accepted else too_many()
        await asyncio.sleep(service.chance.uniform(0.001, 0.3))
        service.world.advance(self._loop.time())
        await self._event("answered")
        entry.ended = self._loop.time()
        return response(request, entry, given, headers)

    def _carry_out_later(
        self, request: httpx.Request, entry: Request, received: float, carry_out: Callable[[], None]
    ) -> None:
        """Put what the account does on its agenda; a late release is known to be under way from now on."""
        world, fault = self._service.world, entry.fault or ""
        if not fault.endswith("late_apply") and fault != "202_late":
            world.at(received, carry_out)
            return
        number_id = entry.number_id or ""

        def begin() -> None:
            if number_id in world.numbers:
                world.pending.add(number_id)

        def end() -> None:
            world.pending.discard(number_id)
            carry_out()

        world.at(received, begin)
        world.at(received + self._late(request, fault), end)

    def _late(self, request: httpx.Request, fault: str) -> float:
        """Seconds until a late DELETE is carried out; where the client waits in vain, after it has given up."""
        timeout: float = request.extensions["timeout"]["read"] if fault == "hang_late_apply" else 0.0
        return min(timeout + self._service.chance.uniform(0.1, LATE_AT_MOST * self._service.settle), 1e9)

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

    def _carry_out(self, entry: Request, key: str) -> Answer:
        """What the account does with a request."""
        service, fault = self._service, entry.fault
        world, voice = service.world, service.voice
        if key != world.key:
            return error(401, voice.said("Invalid API key"))
        if entry.method == "DELETE":
            told = world.delete(entry.number_id or "", entry.seq)
            if fault == "gateway_retry":
                told = world.delete(entry.number_id or "", entry.seq)
            if told.status == 200:
                return Answer(200, {"message": voice.said(str(told.words))})
            gone = voice.not_found.format(entry.number_id)
            return error(told.status, gone if told.status == 404 else voice.said(str(told.words)))
        parts = urlsplit(entry.target)
        query = dict(parse_qsl(parts.query))
        if fault == "page_drift" and query.get("page", "1") != "1":
            query["shift"] = service.chance.choice(("1", "-1"))
        stale = LATE_AT_MOST * service.settle if fault == "stale_read" else 0.0
        answer = voice.read(world, parts.path.removeprefix(service.base_path), query, stale)
        return _more_than_it_is(answer) if fault == "total_mismatch" else answer

    def _given(self, entry: Request, answer: Answer | None) -> Given:
        """The answer that the client gets, in its odd form where there is a fault."""
        fault, service = entry.fault or "", self._service
        if answer is None or fault in DOUBTFUL_AFTER:
            return instead(fault, entry, service.voice, service.chance, service.faults)
        body = as_bytes(answer.body, service.voice.echo if service.chance.random() < 0.3 else "")
        given = Given(answer.status, body, {"content-type": JSON})
        given.about_number = answer.status == 404 and b"Cannot " not in body
        if answer.status == 429:
            service.faults.count({"one is locked": 1})
            given.headers = {**given.headers, "retry-after": "1"}
        if answer.status != 200:
            return given
        if fault in SUCCESSES:
            return spoilt_success(given, fault)
        if fault == "says_failed":
            answer = ILLS[service.chance.choice(("success", "statusCode", "errors", "partial"))](answer)
            return Given(200, as_bytes(answer.body), given.headers)
        if fault == "206":
            return Given(206, as_bytes(ILLS["206"](answer).body), given.headers)
        entry.holds, entry.calls, entry.ids = answer.holds, answer.calls, answer.ids
        return given


def spoilt_success(given: Given, fault: str) -> Given:
    """A success in an odd form, which the account stands by all the same."""
    if fault in ("202", "204", "206", "202_late"):
        return Given(int(fault[:3]), b"" if fault == "204" else given.content, given.headers)
    bodies = {"empty_200": b"", "not_json": b"{released", "surrogate": b'{"message":"gone \\ud83d \\u0000 =1+1"}'}
    if fault in bodies:
        return Given(200, bodies[fault], given.headers)
    if fault.startswith("coded"):
        return given.coded(junk=fault == "coded_junk")
    given.broken, given.dripping = fault == "half_body", fault == "drip"
    return given


def _more_than_it_is(answer: Answer) -> Answer:
    return ILLS["total more"](answer)


def _is_carried_out(fault: str) -> bool:
    """Whether the account ever sees a request with this fault."""
    seen = (*APPLIED_SILENT, *DOUBTFUL_AFTER, *SUCCESSES, *ODD_READS, *HALF_READS)
    return fault in ("", "gateway_retry", *seen) and fault not in UNTRUE_SUCCESSES
