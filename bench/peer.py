"""The server that every contestant talks to: an account of a given size in, answers as fast as Python can give them.

It reads no more of a request than its first line, forgets nothing, checks nothing and limits nothing, so that what is
measured is the client. Run as a process: `python -m bench.peer NUMBERS` prints its port, and ends with its input.
"""

import asyncio
import json
import sys
import threading
from collections.abc import Callable

BASE_PATH = "/v1"
NUMBERS = "/organization-phone-numbers"
CAMPAIGNS = "/campaigns"
"""The one source of conflicts that the account has: without any, nothing would be released."""
NO_CAMPAIGNS = b'{"data":[],"meta":{"page":1,"limit":100,"total":0}}'
RELEASED = b'{"message":"Phone number released successfully"}'
LIMIT = b"X-RateLimit-Limit: 999999999\r\nX-RateLimit-Remaining: 999999990\r\nX-RateLimit-Reset: 60\r\n"
"""A limit so far away that nobody is held back by it, announced as the real service announces its own."""


def number_id(at: int) -> str:
    """The ID of the account's number `at`, from 0."""
    return f"phn_{at:09d}"


def phone_number(at: int) -> str:
    """The E.164 number that belongs to it."""
    return f"+9198{at:08d}"


def answer(status: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n"
    return head % (status, LIMIT, len(body)) + body


DELETED = answer(b"200 OK", RELEASED)
CALLS_FROM_NONE = answer(b"200 OK", NO_CAMPAIGNS)
LISTING = f"{BASE_PATH}{NUMBERS}".encode()
SOURCE = f"{BASE_PATH}{CAMPAIGNS}".encode()


def no_route(path: str) -> bytes:
    """The JSON for a route that this account does not have."""
    return json.dumps({"statusCode": 404, "message": f"Cannot GET {path}", "error": "Not Found"}).encode()


class Account:
    """The account's pages."""

    def __init__(self, size: int) -> None:
        self.size = size

    def page(self, query: bytes) -> bytes:
        """The JSON of the page that `page=3&limit=100` asks for."""
        asked = dict(part.split(b"=") for part in query.split(b"&"))
        number, limit = int(asked[b"page"]), int(asked[b"limit"])
        first = (number - 1) * limit
        rows = [_record(at) for at in range(first, min(first + limit, self.size))]
        return json.dumps({"data": rows, "meta": {"page": number, "limit": limit, "total": self.size}}).encode()


def _record(at: int) -> dict[str, str]:
    return {
        "id": number_id(at),
        "phone_number": phone_number(at),
        "country_code": "IN",
        "type": "mobile",
        "nickname": f"line {at % 999}",
        "provider": "plivo",
        "status": "active",
        "monthly_cost_usd": "1.50",
        "created_at": "2024-01-01T00:00:00Z",
    }


class Connection(asyncio.Protocol):
    """One connection; its requests have no body."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._unread = b""
        self._write: Callable[[bytes], None] = lambda _: None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._write = transport.write

    def data_received(self, data: bytes) -> None:
        *whole, self._unread = (self._unread + data).split(b"\r\n\r\n")
        for head in whole:
            method, target, _ = head.split(b" ", 2)
            path, _, query = target.partition(b"?")
            if method == b"DELETE":
                self._write(DELETED)
            elif path == LISTING:
                self._write(answer(b"200 OK", self._account.page(query)))
            elif path == SOURCE:
                self._write(CALLS_FROM_NONE)
            else:
                self._write(answer(b"404 Not Found", no_route(path.decode())))


async def serve(size: int) -> None:
    """Serve until the process's input ends."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    account = Account(size)
    server = await loop.create_server(lambda: Connection(account), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)

    def wait_for_the_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    await over.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
