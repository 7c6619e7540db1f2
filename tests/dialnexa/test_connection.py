"""No answer: whether the request may have left is told by the trace, over real sockets."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest

from decom.dialnexa.connection import (
    Connection,
)
from decom.dialnexa.gate import Gate, RequestBlocked
from decom.dialnexa.replies import Proof, Reply, Unanswered, proof
from tests.dialnexa.exchanging import (
    MAKE,
    PATH,
    SECRET,
    after,
    ask,
    dripping,
    endpoint,
    hang_up,
    reset,
    silence,
    told,
    unanswered,
)
from tests.dialnexa.wire import answering, hastily, listening, ok


def test_a_refused_connection_proves_that_nothing_left():
    with closing(socket.create_server(("127.0.0.1", 0))) as sock:
        port = sock.getsockname()[1]
    reply = asyncio.run(ask(f"http://127.0.0.1:{port}/v1"))
    assert isinstance(reply, Unanswered) and not reply.sent and not reply.certificate
    assert reply.why.startswith("ConnectError: Connect call failed")


def test_a_connection_that_is_never_accepted_is_given_up_and_nothing_left():
    with closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(sock.getsockname())
            reply = hastily(ask(f"http://127.0.0.1:{sock.getsockname()[1]}/v1", timeout=2.0))
        finally:
            for filler in fillers:
                filler.close()
    assert isinstance(reply, Unanswered) and not reply.sent


@pytest.mark.parametrize("host", ["127.0.0.1:1", "127.0.0.1:0", "127.0.0.1:99999", "[::1]:1", "no-such-host.invalid"])
def test_a_place_that_does_not_exist_is_a_reply_too_and_nothing_left(host, monkeypatch):
    # The system's resolver must not be asked for a name: that would leave this machine.
    monkeypatch.setattr(socket, "getaddrinfo", _only_addresses(socket.getaddrinfo))
    reply = asyncio.run(ask(f"http://{host}/v1"))
    assert isinstance(reply, Unanswered) and not reply.sent


def _only_addresses(real: Callable[..., object]) -> Callable[..., object]:
    def resolve(host: str, *rest: object, **more: object) -> object:
        if not host.replace(".", "").isdigit() and host != "::1":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *rest, **more)

    return resolve


@pytest.mark.parametrize(
    "react",
    [
        pytest.param(hang_up, id="closed"),
        pytest.param(reset, id="reset"),
        pytest.param(after(b"\x16\x03\x01 this was never HTTP\r\n\r\n", hang_up), id="garbage"),
        pytest.param(after(b"HTTP/1.1 20", hang_up), id="half a status line"),
        pytest.param(after(b"HTTP/1.1 200 OK\r\ncontent-le", hang_up), id="half a header"),
        pytest.param(after(b"HTTP/1.1 200 OK\r\nx y: z\r\n\r\n", hang_up), id="a header that is none"),
        pytest.param(after(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n", hang_up), id="early hints"),
        pytest.param(after(b"HTTP/1.1 100 Continue\r\n\r\n", reset), id="continue"),
        pytest.param(after(b"HTTP/1.1 200 OK\r\nx: " + b"x" * 200_000, hang_up), id="a header without end"),
        pytest.param(
            answering(b"HTTP/1.1 302 Found\r\nlocation: http://\x01[\r\ncontent-length: 0"), id="a malformed Location"
        ),
    ],
)
def test_once_a_byte_may_have_left_it_is_in_doubt(react):
    reply = unanswered(react)
    assert reply.sent and not reply.certificate
    assert proof(reply, "phn_1") is Proof.IN_DOUBT


@pytest.mark.parametrize("react", [hang_up, reset], ids=["closed", "reset"])
def test_a_connection_cut_before_the_request_was_read_is_in_doubt_all_the_same(react):
    assert unanswered(react, read_first=False).sent


@pytest.mark.parametrize(
    "react",
    [
        pytest.param(silence, id="silence"),
        pytest.param(after(b"HTTP/1.1 200 OK\r\n", silence), id="a status line and silence"),
        pytest.param(after(b"HTTP/1.1 200 OK\r\n", dripping(b"x-drip: 1\r\n")), id="headers that drip"),
        pytest.param(dripping(b"H"), id="a status line that drips"),
        pytest.param(dripping(b"HTTP/1.1 103 Early Hints\r\n\r\n"), id="hints without end"),
    ],
)
def test_an_answer_has_the_timeout_and_no_longer_all_in_all(react):
    assert hastily(told(react, timeout=3.0)) == Unanswered(sent=True, why="no response within 3 s")


def test_an_exchange_that_is_cancelled_says_so_and_hangs_up():
    async def main() -> None:
        async with listening(silence) as wire:
            task = asyncio.create_task(ask(wire.base_url))
            await wire.asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(wire.left.wait(), 5.0)

    asyncio.run(main())


def test_a_request_that_nobody_approved_is_raised_as_the_mistake_that_it_is():
    async def main(base_url: str) -> None:
        gate = Gate(MAKE(), base_url)
        connection = Connection(endpoint(base_url), gate)
        with pytest.raises(RequestBlocked):
            await connection.exchange("DELETE", PATH)
        await connection.aclose()

    async def with_server() -> None:
        async with listening(ok()) as wire:
            await main(wire.base_url)
            assert wire.requests == []

    asyncio.run(with_server())


class Breaking(httpx.AsyncBaseTransport):
    """Comes as far as some event of the trace, and then raises."""

    def __init__(self, event: str, error: BaseException) -> None:
        self.event = event
        self.error = error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.extensions["trace"](self.event, {})
        raise self.error


NOT_VERIFIED = ssl.SSLCertVerificationError(1, "certificate verify failed")


@pytest.mark.parametrize(
    ("event", "error", "sent", "certificate"),
    [
        ("connection.connect_tcp.started", httpx.ConnectTimeout(""), False, False),
        ("connection.connect_tcp.complete", httpx.ConnectError("refused"), False, False),
        ("connection.start_tls.started", NOT_VERIFIED, False, True),
        ("connection.start_tls.complete", httpx.PoolTimeout(""), False, False),
        ("http11.send_request_headers.started", httpx.WriteTimeout(""), True, False),
        ("http11.send_request_headers.started", NOT_VERIFIED, True, False),
        ("http11.send_request_headers.started", ssl.SSLError(1, "wrong version number"), True, False),
        ("http11.send_request_headers.started", ExceptionGroup("all of them", [OSError("refused")]), True, False),
        ("http2.send_request_headers.started", ValueError(), True, False),
    ],
)
def test_the_trace_and_not_the_exception_says_whether_it_left(event, error, sent, certificate):
    async def main() -> Reply:
        connection = Connection(endpoint("http://127.0.0.1:1/v1"), Breaking(event, error))
        try:
            return await connection.exchange("DELETE", PATH)
        finally:
            await connection.aclose()

    reply = asyncio.run(main())
    assert isinstance(reply, Unanswered)
    assert (reply.sent, reply.certificate) == (sent, certificate)
    assert reply.why.startswith(type(error).__name__) and len(reply.why) <= 300


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (httpx.ConnectError("All connection attempts failed"), "ConnectError: All connection attempts failed"),
        (httpx.ConnectTimeout(""), "ConnectTimeout"),
        (ValueError("x" * 400), "ValueError: " + "x" * 288),
        (ValueError("x" * 280 + SECRET), "ValueError: " + "x" * 280 + "***"),
    ],
)
def test_an_error_becomes_a_few_words(error, why):
    async def main() -> Reply:
        return await Connection(endpoint("http://127.0.0.1:1/v1"), Breaking("", error)).exchange("DELETE", PATH)

    assert asyncio.run(main()) == Unanswered(False, why)
