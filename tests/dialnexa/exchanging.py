"""One request of the real client to a server of a few lines, and the ways in which such a server can behave."""

import asyncio
import socket

from decom.dialnexa.connection import Connection, Endpoint, Key, TransportMaker, network_transport_maker
from decom.dialnexa.gate import NUMBERS
from decom.dialnexa.replies import Answered, Reply, Unanswered
from tests.dialnexa.wire import Reaction, listening

SECRET = "key_7f3a:canary-secret-9d81"
PATH = f"{NUMBERS}/phn_1"


MAKE = network_transport_maker()


def endpoint(base_url: str, timeout: float = 10.0) -> Endpoint:
    return Endpoint(base_url, Key(SECRET), timeout)


async def ask(base_url: str, method: str = "DELETE", *, timeout: float = 10.0, make: TransportMaker = MAKE) -> Reply:
    connection = Connection(endpoint(base_url, timeout), make())
    try:
        return await connection.exchange(method, PATH)
    finally:
        await connection.aclose()


async def told(react: Reaction, method: str = "DELETE", *, timeout: float = 10.0, read_first: bool = True) -> Reply:
    """What comes of one request to a server that reacts so."""
    async with listening(react, read_first=read_first) as wire:
        return await ask(wire.base_url, method, timeout=timeout)


def answered(react: Reaction, method: str = "DELETE") -> Answered:
    reply = asyncio.run(told(react, method))
    assert isinstance(reply, Answered), reply
    return reply


def unanswered(react: Reaction, *, read_first: bool = True) -> Unanswered:
    reply = asyncio.run(told(react, read_first=read_first))
    assert isinstance(reply, Unanswered), reply
    return reply


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()
    raise ConnectionResetError


def after(head: bytes, then: Reaction) -> Reaction:
    """Write so much, then go on otherwise."""

    async def react(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        await writer.drain()
        await then(reader, writer)

    return react


def dripping(drop: bytes) -> Reaction:
    """A drop every tenth of a second until the client leaves."""

    async def react(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(0.1)

    return react
