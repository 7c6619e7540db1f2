"""HTTP/1.1, one answer a request. In: httpx's requests, without a body. Out: httpx's responses, and what was too much.

On h11 and asyncio alone, because httpcore hides what matters most here: bytes that are left over after an answer,
in its own buffer or in that of TLS. It reads them as the answer to the next request, and from then on every number
gets its neighbour's outcome. Here whatever comes beyond the one answer ends the connection and is told with it.
"""

import asyncio
import re
import select
import ssl
from collections.abc import AsyncIterator
from typing import Any

import h11
import httpx
import structlog

MOST_HEAD = 100 * 1024
"""Bytes of a status line with its headers."""
IDLE_FOR = 5.0
"""Seconds for which a connection waits for its next request; servers close idle ones, and a race is best not run."""
FALL_BACK_AFTER = 0.25
"""Seconds after which the next address of a host is tried beside one that does not answer."""
_ANOTHER = re.compile(rb"HTTP/|\A[\r\n]*H(T(TP?)?)?\Z", re.ASCII)
"""Another answer, or the first letters of one."""
_PARTING = re.compile(rb"[\r\n]*HTTP/1\.[01] 408\b", re.ASCII)
"""The word with which servers part from an idle connection: no answer to a request."""

log = structlog.get_logger()


class Transport(httpx.AsyncBaseTransport):
    """One connection at a time, opened again where the last one may not be used again."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._line: _Line | None = None
        self._origin: tuple[str, str, int | None] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it and read the head of its answer.

        Calls the request's `trace`, as httpcore does, right before its first byte leaves. The response's extension
        `surplus` says, once its body was read, whether more than the one answer came.
        """
        origin = (request.url.scheme, request.url.host, request.url.port)
        if self._line is None or origin != self._origin or not self._line.may_be_asked():
            await self.aclose()
            self._line, self._origin = await self._connected(request.url), origin
        return await self._line.ask(request)

    async def aclose(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            await line.close()

    async def _connected(self, url: httpx.URL) -> "_Line":
        tls = self._tls if url.scheme == "https" else None
        try:
            _, line = await asyncio.get_running_loop().create_connection(
                _Line,
                url.host,
                url.port or (443 if tls is not None else 80),
                ssl=tls,
                server_hostname=url.host if tls is not None else None,
                happy_eyeballs_delay=FALL_BACK_AFTER,
            )
        except OSError as error:  # refused, unknown, unreachable; also TLS that did not come about
            raise httpx.ConnectError(error.strerror or str(error)) from error
        return line


class _Line(asyncio.Protocol):
    """One connection: hears every byte that comes, also when nothing was asked."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD)
        self._transport: Any = None
        self._news: asyncio.Future[None] | None = None
        self._closed = self._loop.create_future()
        self._error: Exception | None = None
        self._ended = False
        self._idle = False
        """Between an answer and the next request."""
        self._idle_since = 0.0
        self._surplus = False

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._idle:
            self._too_much(data)
            return
        self._h11.receive_data(data)
        self._wake()

    def eof_received(self) -> None:
        self._end(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(error)
        self._closed.set_result(None)

    # What a transport calls

    def may_be_asked(self) -> bool:
        """Whether another request may be sent: the server neither left nor said anything meanwhile."""
        return (
            self._idle
            and not self._ended
            and not self._surplus
            and self._loop.time() < self._idle_since + IDLE_FOR
            and not self._has_unread()
        )

    async def ask(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read the head of its answer; on any error nothing more is sent here."""
        try:
            self._idle = self._surplus = False
            head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
            data = (self._h11.send(head) or b"") + (self._h11.send(h11.EndOfMessage()) or b"")
            trace = request.extensions.get("trace")
            if trace is not None:
                await trace("http11.send_request_headers.started", {"request": request})
            # What is there by now cannot be the answer to a request that has not left.
            self._surplus = self._h11.trailing_data[0] != b""
            self._transport.write(data)
            while not isinstance(event := await self.event(), h11.Response):
                if not isinstance(event, h11.InformationalResponse):
                    raise httpx.RemoteProtocolError("the server broke off where an answer should begin")
        except BaseException:
            self._transport.abort()
            raise
        return httpx.Response(
            event.status_code,
            headers=event.headers.raw_items(),
            stream=_Body(self),
            request=request,
            extensions={"http_version": b"HTTP/" + event.http_version, "surplus": lambda: self._surplus},
        )

    async def event(self) -> Any:
        """The next of h11's events, once enough bytes have come."""
        while True:
            if self._ended and self._h11.their_state is h11.SEND_RESPONSE and self._h11.trailing_data[0] == b"":
                raise self._error or httpx.RemoteProtocolError("the server closed the connection without an answer")
            try:
                event = self._h11.next_event()
            except h11.RemoteProtocolError as error:
                raise httpx.RemoteProtocolError(str(error)) from None
            if event is not h11.NEED_DATA:
                return event
            if self._error is not None:
                raise self._error
            self._news = self._loop.create_future()
            await self._news

    async def answered(self) -> None:
        """The answer was read to its end: from here on every byte is one too many, those in the buffer included."""
        self._idle = True
        rest, _ = self._h11.trailing_data
        if rest != b"":
            self._too_much(rest)
        elif self._has_unread():
            for _ in range(2):  # the first turn of the loop finds that there is something, the second reads it
                await asyncio.sleep(0)

    def let_go(self) -> None:
        """Nobody reads the answer any further."""
        if self._idle and not self._ended and (self._h11.our_state, self._h11.their_state) == (h11.DONE, h11.DONE):
            self._h11.start_next_cycle()
            self._idle_since = self._loop.time()
        else:
            self._transport.abort()

    async def close(self) -> None:
        """Close the connection, and return once it is closed."""
        self._transport.abort()
        await self._closed

    # The rest

    def _too_much(self, data: bytes) -> None:
        """Whatever it is, the connection ends: only another answer, or the beginning of one, casts doubt on the first.

        A line break too many, or the rest of a body that is longer than was said, is no answer.
        """
        if _ANOTHER.search(data) is not None and _PARTING.match(data) is None:
            self._surplus = True
            log.warning("answer_too_many", why="the service sent more than one response to a request")
        self._ended = True
        self._transport.abort()

    def _end(self, error: Exception | None) -> None:
        if not self._ended:
            self._ended = True
            self._error = None if error is None else httpx.ReadError(f"the connection broke: {error}")
            if error is None and not self._idle:
                self._h11.receive_data(b"")
            self._wake()

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def _has_unread(self) -> bool:
        """Whether the system holds something that was not read yet: bytes, or that the server has left."""
        sock = self._transport.get_extra_info("socket")
        if self._ended or sock is None or sock.fileno() < 0:
            return False
        poll = select.poll()
        poll.register(sock.fileno(), select.POLLIN)
        return len(poll.poll(0)) > 0


class _Body(httpx.AsyncByteStream):
    """An answer's body, as it comes."""

    def __init__(self, line: _Line) -> None:
        self._line = line

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while isinstance(event := await self._line.event(), h11.Data):
            yield bytes(event.data)
        if not isinstance(event, h11.EndOfMessage):
            raise httpx.RemoteProtocolError("the body broke off")
        await self._line.answered()

    async def aclose(self) -> None:
        self._line.let_go()
