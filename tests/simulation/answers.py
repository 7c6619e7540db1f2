"""Answers that are not the account's, and how every answer goes over the wire. In: a fault. Out: an httpx response."""

import asyncio
import gzip
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate

import httpx

from tests.service.gateways import GATEWAYS
from tests.simulation.faults import Faults
from tests.simulation.loop import MIDNIGHT
from tests.simulation.seen import Request
from tests.simulation.voice import Voice, as_bytes, error

EPOCH = MIDNIGHT.timestamp()
JSON = "application/json; charset=utf-8"
HTML = "text/html"
LONG_PAUSE = 600.0
"""Seconds that a client is told to wait at most."""
PAGE = b"<!doctype html><html><title>gateway</title></html>"

_PAGES = {"502": 502, "503": 503, "504": 504}
_UNTRUE = {
    "202_never": (202, b'{"message":"Release accepted"}'),
    "207": (207, b'{"results":[{"status":500,"error":"carrier did not answer"}]}'),
    "success_false": (200, b'{"success":false,"message":"carrier did not answer"}'),
}


@dataclass(slots=True)
class Given:
    """What is on its way to the client."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    broken: bool = False
    """The body breaks off in the middle."""
    dripping: bool = False
    """The body never ends."""
    about_number: bool = False

    def coded(self, *, junk: bool) -> "Given":
        """The same in a coding that nobody asked for: twice over, or not what it says."""
        content = b"\x1f\x8b junk" if junk else gzip.compress(gzip.compress(self.content, 1), 1)
        return Given(self.status, content, {**self.headers, "content-encoding": "gzip" if junk else "gzip, gzip"})


def instead(fault: str, entry: Request, voice: Voice, chance: random.Random, faults: Faults) -> Given:
    """An answer that is not the account's."""
    word = fault.partition("_")[0]
    if fault in _UNTRUE:
        status, body = _UNTRUE[fault]
        return Given(status, body, {"content-type": JSON})
    if fault in ("html_200", "html_200_after"):
        return Given(200, PAGE, {"content-type": HTML})
    if fault == "html_404":
        return Given(404, PAGE, {"content-type": HTML})
    if fault == "route_404":
        return Given(404, as_bytes(error(404, f"Cannot {entry.method} /v2/numbers").body), {"content-type": JSON})
    if fault == "vague_404":
        return Given(404, b"")
    if fault == "gateway_404":
        return _gateway(entry, chance, faults)
    if fault == "redirect":
        return Given(307, b"", {"location": "https://elsewhere.example/login"})
    if word == "429":
        return throttled(chance.choice((0.5, 2.0, 94.5) if fault == "429_fraction" else (0.5, 2.0, 7.0)), fault)
    if word in _PAGES:
        asked = {"retry-after": "3"} if word == "503" else {}
        return Given(_PAGES[word], PAGE, {"content-type": HTML, **asked})
    message = ["nickname must be a string", "agent_id must be a UUID"] if word == "422" else f"status {word}"
    said = message if isinstance(message, list) else voice.said(message)
    return Given(int(word), as_bytes(error(int(word), said).body), {"content-type": JSON})


def _gateway(entry: Request, chance: random.Random, faults: Faults) -> Given:
    """A gateway's own 404. Nest's way is the service's own for a route, so that it speaks only of numbers here."""
    name = chance.choice([name for name in GATEWAYS if name != "nest" or entry.number_id is not None])
    faults.count({f"gateway {name}": 1})
    kind, body = GATEWAYS[name](entry.method, entry.target)
    return Given(404, body.encode(), {"content-type": kind})


def throttled(wait: float, fault: str) -> Given:
    """A 429, saying how long to wait or not."""
    given = too_many()
    seconds = int(wait) + 1
    if fault == "429_date":
        # The client's clock and the server's are one here, but for its jumps: the date is all that counts.
        dates = {"date": formatdate(EPOCH, usegmt=True), "retry-after": formatdate(EPOCH + seconds, usegmt=True)}
        given.headers = {**given.headers, **dates}
    elif fault != "429_bare":
        asked = {"429_fraction": f"{wait + 0.7:.1f}", "429_long": f"{LONG_PAUSE:.0f}"}.get(fault, str(seconds))
        given.headers = {**given.headers, "retry-after": asked}
    return given


def too_many() -> Given:
    """A 429 that says nothing of itself; a limit's headers come with it."""
    return Given(429, as_bytes(error(429, "Too Many Requests").body), {"content-type": JSON})


def response(request: httpx.Request, entry: Request, given: Given, headers: Mapping[str, str]) -> httpx.Response:
    """The answer as it goes over the wire; what the client was told is noted."""
    entry.status, entry.about_number = given.status, given.about_number
    entry.page = given.headers.get("content-type", "").startswith(HTML)
    told = {**given.headers, **headers}
    asked = told.get("retry-after", "")
    entry.retry_after = float(asked) if asked.replace(".", "").isdigit() else None
    return httpx.Response(given.status, headers=told, stream=_Body(given), request=request)


class _Body(httpx.AsyncByteStream):
    """A body as it comes over the wire."""

    def __init__(self, given: Given) -> None:
        self._given = given

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = self._given.content
        if self._given.broken:
            yield content[: len(content) // 2]
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
        while self._given.dripping:
            await asyncio.sleep(1.0)
            yield b" "
        yield content
