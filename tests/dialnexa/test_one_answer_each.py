"""One answer a request: what is left over after it is never read as the answer to the next one."""

import asyncio
from collections.abc import Sequence

import httpx
import pytest

from decom.dialnexa.connection import Connection, network_transport_maker
from decom.dialnexa.http11 import IDLE_FOR
from decom.dialnexa.replies import Answered, Proof, Reply, Unanswered, proof
from tests.dialnexa.exchanging import PATH, endpoint
from tests.dialnexa.wire import CERTIFICATE, Reaction, hastily, listening, our_certificate

REMOVED = b'HTTP/1.1 200 OK\r\ncontent-length: 18\r\n\r\n{"message":"done"}'
HELD = b"HTTP/1.1 409 Conflict\r\ncontent-length: 2\r\n\r\n{}"
PARTING = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"


def answering_in_turn(*answers: Sequence[bytes]) -> Reaction:
    """Answer the nth request with the nth answer, each written in so many pieces, and one segment after all."""
    left = iter(answers)

    async def react(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in next(left):
            writer.write(piece)

    return react


async def replies_of(react: Reaction, requests: int, *, tls: bool = False, method: str = "DELETE") -> list[Reply]:
    """What one connection makes of so many requests, one after the other."""
    async with listening(react, tls=our_certificate() if tls else None) as wire:
        base_url = f"{'https' if tls else 'http'}://127.0.0.1:{wire.port}/v1"
        connection = Connection(endpoint(base_url), network_transport_maker()())
        try:
            return [await connection.exchange(method, PATH) for _ in range(requests)]
        finally:
            await connection.aclose()


@pytest.mark.parametrize("method", ["DELETE", "GET"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "over TLS"])
@pytest.mark.parametrize(
    "surplus",
    [REMOVED, b"HTTP/1.1 200", b"H", b"} \n" + HELD],
    ids=["an answer", "half of one", "a letter of one", "more than one"],
)
def test_an_answer_with_more_behind_it_is_in_doubt_and_the_next_request_has_its_own(surplus, tls, method, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    react = answering_in_turn([REMOVED, surplus], [HELD], [REMOVED])
    first, *others = asyncio.run(replies_of(react, 3, tls=tls, method=method))
    assert isinstance(first, Unanswered) and first.sent and "more than one response" in first.why
    assert proof(first, "phn_1") is Proof.IN_DOUBT
    assert [reply.status for reply in others if isinstance(reply, Answered)] == [409, 200]


def test_an_answer_too_many_is_in_doubt_also_where_the_connection_was_to_end():
    (only,) = asyncio.run(replies_of(answering_in_turn([PARTING, REMOVED]), 1))
    assert isinstance(only, Unanswered) and only.sent


@pytest.mark.parametrize(
    "rest",
    [b"\r\n", b"\n", b"\0", b'ne"}', b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n"],
    ids=["a line break", "half of one", "a zero", "the end of a body that is longer than it says", "a parting word"],
)
def test_what_is_left_over_and_no_answer_ends_the_connection_and_casts_no_doubt(rest):
    replies = asyncio.run(replies_of(answering_in_turn([REMOVED, rest], [HELD, rest], [REMOVED]), 3))
    assert [reply.status for reply in replies if isinstance(reply, Answered)] == [200, 409, 200]


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "over TLS"])
def test_an_answer_too_many_that_comes_a_moment_later_is_not_the_next_requests(tls, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    may_go_on, gone_on = asyncio.Event(), asyncio.Event()

    async def late(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if may_go_on.is_set():
            writer.write(HELD)
            return
        writer.write(REMOVED)
        await may_go_on.wait()
        writer.write(REMOVED)
        gone_on.set()

    async def main() -> list[Reply]:
        async with listening(late, tls=our_certificate() if tls else None) as wire:
            base_url = f"{'https' if tls else 'http'}://127.0.0.1:{wire.port}/v1"
            connection = Connection(endpoint(base_url), network_transport_maker()())
            first = await connection.exchange("DELETE", PATH)
            may_go_on.set()
            await gone_on.wait()
            second = await connection.exchange("DELETE", PATH)
            await connection.aclose()
            return [first, second]

    assert [reply.status for reply in asyncio.run(main()) if isinstance(reply, Answered)] == [200, 409]


def test_what_came_before_the_request_left_is_no_answer_to_it():
    heard = asyncio.Event()

    async def speak_first(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(REMOVED)
        await writer.drain()
        heard.set()
        await asyncio.sleep(5)

    async def until_it_spoke(*_: object) -> None:
        await heard.wait()
        for _turn in range(3):
            await asyncio.sleep(0)

    async def main() -> bool:
        async with listening(speak_first, read_first=False) as wire:
            transport = network_transport_maker()()
            request = httpx.Request("DELETE", wire.base_url, extensions={"trace": until_it_spoke})
            response = await transport.handle_async_request(request)
            assert await response.aread() == b'{"message":"done"}'
            await transport.aclose()
            return response.extensions["surplus"]()  # type: ignore[no-any-return]

    assert asyncio.run(main())


@pytest.mark.parametrize(("status", "believed"), [(200, False), (404, False), (429, False), (500, True), (503, True)])
def test_of_answers_with_a_surplus_only_those_are_believed_that_say_nothing_of_the_number(status, believed):
    class Surplus(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(status, headers={"retry-after": "7"}, extensions={"surplus": lambda: True})

    async def main() -> Reply:
        return await Connection(endpoint("http://127.0.0.1:1/v1"), Surplus()).exchange("DELETE", PATH)

    assert isinstance(asyncio.run(main()), Answered) == believed


def test_a_connection_that_was_idle_for_long_is_not_used_again():
    async def main() -> int:
        peers: set[object] = set()

        async def count(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            peers.add(writer.get_extra_info("peername"))
            writer.write(HELD)

        async with listening(count) as wire:
            connection = Connection(endpoint(wire.base_url), network_transport_maker()())
            for pause in (0.0, 0.5, IDLE_FOR + 1.0):
                await asyncio.sleep(pause)
                await connection.exchange("DELETE", PATH)
            await connection.aclose()
        return len(peers)

    assert hastily(main()) == 2
