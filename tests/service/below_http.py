"""Faults on the bare connection: cut, reset, silent, dripping, half an answer, none of HTTP.

In: an exchange and its fault. Out: trouble on the wire. One function a kind, listed in `BELOW_HTTP`.
"""

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus

from tests.service.exchange import Captured, Exchange
from tests.service.faults import Fault
from tests.service.other_answers import CLOSE, Act

DRIP_SECONDS = 0.05
CHUNK = bytes(65536)


def raw_head(exchange: Exchange, line: str, *headers: tuple[bytes, bytes]) -> bytes:
    """A status line and headers, as bytes."""
    lines = [line.encode(), *(name + b": " + value for name, value in (*headers, (b"date", exchange.date())))]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def ok_line(answer: Captured) -> str:
    return f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"


async def drop_before(exchange: Exchange, fault: Fault) -> None:
    await exchange.cut()


async def drop_after(exchange: Exchange, fault: Fault) -> None:
    await exchange.ask()
    await exchange.cut()


async def reset_before(exchange: Exchange, fault: Fault) -> None:
    await exchange.reset()


async def reset_after(exchange: Exchange, fault: Fault) -> None:
    await exchange.ask()
    await exchange.reset()


async def hang_before(exchange: Exchange, fault: Fault) -> None:
    await exchange.gone(fault.amount_or(60))
    await exchange.cut()


async def hang_after(exchange: Exchange, fault: Fault) -> None:
    await exchange.ask()
    await hang_before(exchange, fault)


async def half_body(exchange: Exchange, fault: Fault) -> None:
    answer = await exchange.ask()
    length = (b"content-length", str(len(answer.body)).encode())
    head = raw_head(exchange, ok_line(answer), *answer.without_length(), length)
    exchange.write(head + answer.body[: len(answer.body) // 2], answer.status)
    await exchange.cut()


async def wrong_length(exchange: Exchange, fault: Fault) -> None:
    answer = await exchange.ask()
    length = max(0, len(answer.body) + int(fault.amount_or(-5)))
    head = raw_head(exchange, ok_line(answer), *answer.without_length(), (b"content-length", str(length).encode()))
    exchange.write(head + answer.body, answer.status)
    await exchange.cut()


async def early_hints(exchange: Exchange, fault: Fault) -> None:
    await exchange.ask()
    exchange.write(b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n")
    await exchange.cut()


async def garbage(exchange: Exchange, fault: Fault) -> None:
    await exchange.ask()
    exchange.write(b"\x16\x03\x01 this was never HTTP\r\n\r\n")
    await exchange.cut()


async def redirect(exchange: Exchange, fault: Fault) -> None:
    status = int(fault.amount_or(307))
    place = fault.text if fault.text is not None else f"{exchange.record.target}?moved=1"
    # Past HTTP, because a Location may be anything here, and the server would refuse to send some of it.
    headers = ((b"location", place.encode("utf-8", "surrogateescape")), (b"content-length", b"0"), CLOSE)
    exchange.write(raw_head(exchange, f"HTTP/1.1 {status} Moved", *headers), status)
    await exchange.cut()


async def close_race(exchange: Exchange, fault: Fault) -> None:
    await exchange.give(await exchange.ask())
    exchange.transport.close()


async def drip(exchange: Exchange, fault: Fault) -> None:
    answer = await exchange.ask()
    length = (b"content-length", b"1000000")
    exchange.write(raw_head(exchange, ok_line(answer), *answer.without_length(), length), answer.status)
    await trickle(exchange, lambda turn: b" ", fault.amount_or(60))


async def drip_headers(exchange: Exchange, fault: Fault) -> None:
    answer = await exchange.ask()
    exchange.write(f"{ok_line(answer)}\r\n".encode())
    await trickle(exchange, lambda turn: f"x-drip-{turn}: 1\r\n".encode(), fault.amount_or(60))


async def trickle(exchange: Exchange, drop: Callable[[int], bytes], seconds: float) -> None:
    """A drop every 50 ms until the client leaves, or for so many seconds."""
    for turn in range(max(1, int(seconds / DRIP_SECONDS))):
        exchange.transport.write(drop(turn))
        if await exchange.gone(DRIP_SECONDS):
            return
    await exchange.cut()


async def big_body(exchange: Exchange, fault: Fault) -> None:
    answer = await exchange.ask()
    exchange.record.status = answer.status
    headers = [*answer.without_length(), (b"date", exchange.date())]
    await exchange.send({"type": "http.response.start", "status": answer.status, "headers": headers})
    for _ in range(max(1, int(fault.amount_or(64 << 20)) // len(CHUNK))):
        await exchange.send({"type": "http.response.body", "body": CHUNK, "more_body": True})
        # A client that reads as fast as we write would else keep everyone waiting.
        await asyncio.sleep(0)
        if exchange.transport.is_closing():
            return
    await exchange.send({"type": "http.response.body", "body": b""})


BELOW_HTTP: Mapping[str, Act] = {
    "drop_before": drop_before,
    "drop_after": drop_after,
    "reset_before": reset_before,
    "reset_after": reset_after,
    "hang_before": hang_before,
    "hang_after": hang_after,
    "half_body": half_body,
    "wrong_length": wrong_length,
    "early_hints": early_hints,
    "garbage": garbage,
    "redirect_307": redirect,
    "close_race": close_race,
    "drip": drip,
    "drip_headers": drip_headers,
    "big_body": big_body,
}
