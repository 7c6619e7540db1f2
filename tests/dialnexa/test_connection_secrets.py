"""TLS, and the key: sent to the service over a connection it vouches for, and shown nowhere."""

import asyncio
import base64
import json
import logging
import socket
import traceback

import pytest

from decom.dialnexa.connection import (
    Connection,
    Key,
    network_transport_maker,
)
from decom.dialnexa.gate import Gate, RequestBlocked
from decom.dialnexa.models import Malformed, number
from decom.dialnexa.replies import Answered, Reply, Unanswered
from decom.errors import BadSettings
from tests.dialnexa.exchanging import (
    MAKE,
    SECRET,
    ask,
    endpoint,
    hang_up,
    reset,
    silence,
    told,
)
from tests.dialnexa.wire import CERTIFICATE, Reaction, answering, listening, ok, our_certificate


async def over_tls(react: Reaction | None = None, host: str = "127.0.0.1") -> Reply:
    async with listening(react or ok(), tls=our_certificate()) as wire:
        return await ask(f"https://{host}:{wire.port}/v1", make=network_transport_maker())


def test_tls_to_a_port_that_speaks_none_fails_before_anything_left():
    async def main() -> Reply:
        async with listening(answering(b"HTTP/1.1 400 Bad Request\r\n", close=True), read_first=False) as wire:
            return await ask(f"https://127.0.0.1:{wire.port}/v1", make=network_transport_maker())

    reply = asyncio.run(main())
    assert isinstance(reply, Unanswered) and not reply.sent and not reply.certificate


def test_a_certificate_that_nobody_vouches_for_is_named_as_such_and_nothing_left():
    reply = asyncio.run(over_tls())
    assert isinstance(reply, Unanswered) and not reply.sent and reply.certificate


def test_a_certificate_for_another_host_is_no_better(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    reply = asyncio.run(over_tls(host="localhost"))
    assert isinstance(reply, Unanswered) and not reply.sent and reply.certificate


def test_a_certificate_that_the_machine_trusts_is_enough(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    assert isinstance(asyncio.run(over_tls()), Answered)


def test_only_http_1_1_is_spoken_whatever_the_server_offers(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    chosen: list[str | None] = []

    async def react(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chosen.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await ok()(reader, writer)

    async def main() -> Reply:
        offered = our_certificate()
        offered.set_alpn_protocols(["h2", "http/1.1"])
        async with listening(react, tls=offered) as wire:
            return await ask(f"https://127.0.0.1:{wire.port}/v1", make=network_transport_maker())

    assert isinstance(asyncio.run(main()), Answered)
    assert chosen == ["http/1.1"]


def test_secrets_of_tls_that_are_to_be_written_where_nothing_can_be_are_no_bug_of_ours(monkeypatch, tmp_path):
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "no such folder" / "keys.log"))
    with pytest.raises(BadSettings) as refused:
        network_transport_maker()
    assert refused.value.where == "SSLKEYLOGFILE" and "unset SSLKEYLOGFILE" in (refused.value.remedy or "")


def test_garbage_within_tls_is_in_doubt_and_no_affair_of_the_certificate(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))

    async def garble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        with socket.socket(fileno=socket.dup(sock.fileno())) as raw:
            raw.send(b"this is not TLS any more, and long enough to be taken for a record")
        await asyncio.sleep(5.0)
        writer.transport.abort()

    reply = asyncio.run(over_tls(garble))
    assert isinstance(reply, Unanswered) and reply.sent and not reply.certificate


def test_a_request_is_what_the_service_is_to_see_and_nothing_more():
    async def main() -> bytes:
        async with listening(ok()) as wire:
            connection = Connection(endpoint(wire.base_url + "/"), MAKE())
            await connection.exchange("GET", "/batch-calls", {"status": "running,waiting", "page": "1"})
            await connection.aclose()
            return wire.requests[0]

    first, *headers = asyncio.run(main()).decode().split("\r\n")
    assert first == "GET /v1/batch-calls?status=running%2Cwaiting&page=1 HTTP/1.1"
    sent = dict(line.split(": ", 1) for line in headers if line != "")
    assert sent.pop("Host").startswith("127.0.0.1:")
    assert sent.pop("User-Agent").startswith("decom/")
    assert sent == {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "keep-alive",
        "Authorization": f"Bearer {SECRET}",
    }


def test_the_key_has_a_public_half():
    assert Key(SECRET).public_half == "key_7f3a"
    assert Key("no-colon").public_half == "no-colon"


def test_the_key_is_shown_nowhere(caplog):
    caplog.set_level(logging.DEBUG)
    place = endpoint("http://127.0.0.1:1/v1")
    connection = Connection(place, MAKE())
    shown = [repr(place), str(place), repr(place.key), str(place.key), f"{place.key!a}", repr(connection)]
    reactions = (ok(), hang_up, reset, answering(b"HTTP/1.1 302 Found\r\nlocation: http://\x01["))
    shown += [repr(asyncio.run(told(react))) for react in reactions]
    shown.append(caplog.text)
    assert not any(SECRET in text or "canary" in text for text in shown)


def test_a_traceback_with_locals_does_not_show_the_key_either():
    async def main() -> str:
        async with listening(silence) as wire:
            connection = Connection(endpoint(wire.base_url), Gate(MAKE(), "http://127.0.0.1:1/v1"))
            try:
                await connection.exchange("GET", "/campaigns")
            except RequestBlocked as error:
                told_all = traceback.TracebackException.from_exception(error, capture_locals=True)
                return "".join(told_all.format())
            finally:
                await connection.aclose()
        raise AssertionError("it was let through")

    # httpx and the gate hold the request itself; its headers are masked in their representation.
    assert "canary" not in asyncio.run(main())


ECHO = json.dumps({"message": f"no right for {SECRET}", "x": base64.b64encode(SECRET.encode()).decode()}).encode()
RAW = SECRET.encode()
HEADERS = b"www-authenticate: Bearer %b\r\nx-%b: 1\r\ncontent-length: 0" % (RAW, RAW.replace(b":", b"-"))


@pytest.mark.parametrize("method", ["DELETE", "GET"])
@pytest.mark.parametrize(
    "react",
    [
        pytest.param(answering(b"HTTP/1.1 403 X\r\ncontent-length: %d" % len(ECHO), ECHO), id="body"),
        pytest.param(answering(b"HTTP/1.1 200 X\r\n" + HEADERS), id="headers"),
        pytest.param(answering(b"HTTP/1.1 302 X\r\nlocation: http://[%b/\r\ncontent-length: 0" % RAW), id="location"),
        pytest.param(answering(RAW), id="no answer"),
        pytest.param(answering(b"HTTP/1.1 200 X\r\n%b" % RAW.replace(b":", b" ")), id="no header"),
    ],
)
def test_a_key_that_the_answer_says_again_goes_no_further(react, method):
    reply = asyncio.run(told(react, method))
    assert "canary" not in repr(reply) and base64.b64encode(SECRET.encode()).decode() not in repr(reply)
    assert "***" in repr(reply)


def test_an_id_that_holds_the_key_can_be_used_for_nothing():
    """What is masked cannot stand in a path: better no listing than a release of something else."""
    half = SECRET.partition(":")[2]
    body = json.dumps([{"id": f"phn_{half}", "phone_number": "+14155550100"}]).encode()
    reply = asyncio.run(told(ok(body), "GET"))
    assert isinstance(reply, Answered)
    with pytest.raises(Malformed):
        number(json.loads(reply.body)[0])


@pytest.mark.parametrize(
    "secret", ["", "id:sec\nret", "id:secret\n", "id:sec ret", "id:s\u00e9cret", "\u201cid:x\u201d", "id:\x7f"]
)
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(secret):
    with pytest.raises(BadSettings) as refused:
        Key(secret)
    assert secret == "" or secret not in str(refused.value)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_of_the_environment_hears_nothing(name, monkeypatch):
    async def main() -> None:
        async with listening(ok()) as proxy, listening(ok()) as wire:
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setenv("NO_PROXY", "")
            reply = await ask(wire.base_url, make=network_transport_maker())
            assert isinstance(reply, Answered)
            assert len(wire.requests) == 1 and proxy.requests == []

    asyncio.run(main())
