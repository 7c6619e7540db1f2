"""An answer: the status first, the body as far as it is of use; and one connection for many requests."""

import asyncio
import gzip
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from decom.dialnexa.connection import (
    MOST_DELETE_BODY,
    MOST_GET_BODY,
    SECONDS_FOR_DELETE_BODY,
    Connection,
)
from decom.dialnexa.replies import Answered, Proof, Reply, proof
from tests.dialnexa.exchanging import (
    MAKE,
    PATH,
    SECRET,
    after,
    answered,
    ask,
    dripping,
    endpoint,
    hang_up,
    told,
)
from tests.dialnexa.wire import answering, hastily, listening, ok


def test_an_answer_has_its_status_headers_and_body():
    head = b"HTTP/1.1 409 Conflict\r\nX-RateLimit-Limit: 150\r\nWarning: a\r\nwarning: b\r\ncontent-length: 2"
    reply = answered(answering(head, b"{}"))
    assert reply.status == 409 and reply.body == b"{}" and reply.complete
    assert reply.headers["x-ratelimit-limit"] == "150" and reply.headers["warning"] == "a, b"


@pytest.mark.parametrize(
    ("head", "body", "complete"),
    [
        pytest.param(b"content-length: 99", b'{"message":"rel', False, id="half a body"),
        pytest.param(b"transfer-encoding: chunked", b'14\r\n{"message"', False, id="half a chunk"),
        pytest.param(b"transfer-encoding: chunked", b"zz\r\n", False, id="a chunk that is none"),
        pytest.param(b"content-encoding: gzip\r\ncontent-length: 10", b"\x1f\x8b no gzip", False, id="bad gzip"),
        pytest.param(b"content-length: 7", b"no JSON", True, id="no JSON"),
        pytest.param(b"content-length: 0", b"", True, id="nothing"),
        pytest.param(b"x: y", b"until the end", True, id="until the end"),
    ],
)
@pytest.mark.parametrize("method", ["DELETE", "GET"])
def test_a_body_that_breaks_off_does_not_cost_the_status(head, body, complete, method):
    reply = answered(answering(b"HTTP/1.1 200 OK\r\n" + head, body, close=True), method)
    assert (reply.status, reply.complete) == (200, complete)


def test_an_old_answer_without_a_length_is_whole_as_far_as_anyone_can_tell():
    reply = answered(answering(b"HTTP/1.0 200 OK", b'{"message":"rel', close=True))
    assert (reply.status, reply.body, reply.complete) == (200, b'{"message":"rel', True)


@pytest.mark.parametrize("method", ["DELETE", "GET"])
@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "deflate", "gzip, gzip", "identity, gzip", "x-unheard-of"])
@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_body_in_any_coding_is_not_read_and_its_status_counts(status, coding, method):
    body = gzip.compress(b'{"message":"Phone number not found"}')
    head = f"HTTP/1.1 {status} X\r\ncontent-encoding: {coding}\r\ncontent-length: {len(body)}".encode()
    reply = answered(answering(head, body), method)
    assert (reply.status, reply.body, reply.complete) == (status, b"", False)


@pytest.mark.parametrize("coding", ["identity", "Identity", "", "identity, identity"])
def test_a_body_that_says_it_is_in_no_coding_is_read(coding):
    head = f"HTTP/1.1 200 X\r\ncontent-encoding: {coding}\r\ncontent-length: 2".encode()
    assert (answered(answering(head, b"{}")).body, answered(answering(head, b"{}")).complete) == (b"{}", True)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_a_body_that_is_not_in_utf_8_is_not_read(encoding):
    """Nobody's JSON is, and an echoed key would not be found in it."""
    reply = answered(ok(f'{{"message":"{SECRET}"}}'.encode(encoding)))
    assert (reply.status, reply.body, reply.complete) == (200, b"", False)


def test_a_few_bytes_that_unpack_to_gigabytes_cost_nothing():
    bomb = gzip.compress(gzip.compress(b"\0" * 100_000_000, 9), 9)
    assert len(bomb) < 2_000
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip, gzip\r\ncontent-length: %d" % len(bomb)
    tracemalloc.start()
    try:
        reply = answered(answering(head, bomb), "GET")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (reply.status, reply.complete) == (200, False)
    assert most < 10_000_000


@pytest.mark.parametrize(
    ("method", "most", "more"),
    [
        ("DELETE", MOST_DELETE_BODY, 0),
        ("DELETE", MOST_DELETE_BODY, 1),
        ("DELETE", MOST_DELETE_BODY, 10_000_000),
        ("GET", MOST_GET_BODY, 0),
        ("GET", MOST_GET_BODY, 1),
    ],
)
def test_a_body_is_read_as_far_as_it_is_of_use(method, most, more):
    reply = answered(ok(b"x" * (most + more)), method)
    assert (reply.status, len(reply.body), reply.complete) == (200, most, more == 0)


def test_the_body_of_a_delete_may_drip_for_five_seconds():
    assert SECONDS_FOR_DELETE_BODY == 5.0

    async def timed() -> tuple[Reply, float]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"
        return await told(after(head, dripping(b" ")), timeout=60.0), loop.time() - started

    reply, seconds = hastily(timed())
    assert isinstance(reply, Answered) and (reply.status, reply.complete) == (200, False)
    assert 5.0 <= seconds < 40.0


def test_the_body_of_a_get_may_drip_for_the_timeout():
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"
    reply = hastily(told(after(head, dripping(b" ")), "GET", timeout=10.0))
    assert isinstance(reply, Answered) and (reply.status, reply.complete) == (200, False)


def test_an_answer_that_comes_before_the_request_is_an_answer():
    reply = asyncio.run(told(answering(b"HTTP/1.1 503 Busy\r\ncontent-length: 0", close=True), read_first=False))
    assert isinstance(reply, Answered) and reply.status == 503


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status):
    async def main() -> None:
        async with listening(ok()) as elsewhere:
            place = f"{elsewhere.base_url}{PATH}".encode()
            head = b"HTTP/1.1 %d Moved\r\nlocation: %b\r\ncontent-length: 0" % (status, place)
            async with listening(answering(head)) as wire:
                reply = await ask(wire.base_url)
                assert isinstance(reply, Answered) and proof(reply, "phn_1") is Proof.STRANGE
                assert len(wire.requests) == 1
            assert elsewhere.requests == []

    asyncio.run(main())


@settings(max_examples=40)
@given(
    raw=st.binary(max_size=60)
    | st.builds(
        lambda status, head, body: b"HTTP/1.1 %03d X\r\n%b\r\n\r\n%b" % (status, head, body),
        st.integers(0, 999),
        st.sampled_from([b"content-length: 4", b"content-length: -1", b"transfer-encoding: chunked", b"x: \xff", b":"]),
        st.binary(max_size=8),
    )
)
@example(raw=b"HTTP/1.1 000 X\r\n\r\n")
@example(raw=b"HTTP/1.1 999 X\r\n\r\n")
@example(raw=b"HTTP/1.1 200 X\r\ncontent-encoding: br, gzip, what\r\n\r\nx")
def test_no_bytes_at_all_can_break_an_exchange(raw):
    reply = asyncio.run(told(after(raw, hang_up)))
    assert isinstance(reply, Answered) or reply.sent


def test_requests_follow_each_other_on_one_connection_and_none_is_sent_twice():
    async def main() -> list[bytes]:
        connected = 0

        async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connected
            connected += writer.get_extra_info("peername") not in peers
            peers.add(writer.get_extra_info("peername"))
            await ok()(reader, writer)

        peers: set[object] = set()
        async with listening(count) as wire:
            connection = Connection(endpoint(wire.base_url), MAKE())
            for _ in range(3):
                assert isinstance(await connection.exchange("DELETE", PATH), Answered)
            await connection.aclose()
            assert connected == 1
            return wire.requests

    assert len(asyncio.run(main())) == 3


def test_after_a_body_that_was_cut_off_the_next_request_is_sent():
    async def main() -> list[bool]:
        async with listening(ok(b"x" * (MOST_DELETE_BODY + 1))) as wire:
            connection = Connection(endpoint(wire.base_url, 2.0), MAKE())
            replies = [await connection.exchange("DELETE", PATH) for _ in range(3)]
            await connection.aclose()
            return [isinstance(reply, Answered) for reply in replies]

    assert asyncio.run(main()) == [True] * 3


@pytest.mark.parametrize(
    "parting", [b"", b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n"], ids=["a FIN", "a 408"]
)
def test_a_connection_that_the_server_closed_while_idle_costs_no_request(parting):
    async def main() -> list[bytes]:
        async def answer_and_leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await ok()(reader, writer)
            await writer.drain()
            writer.write(parting)
            writer.close()

        async with listening(answer_and_leave) as wire:
            connection = Connection(endpoint(wire.base_url), MAKE())
            for _ in range(3):
                reply = await connection.exchange("DELETE", PATH)
                assert isinstance(reply, Answered) and reply.status == 200
                await asyncio.sleep(0.05)
            await connection.aclose()
            return wire.requests

    assert len(asyncio.run(main())) == 3
