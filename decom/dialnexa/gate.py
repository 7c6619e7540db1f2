"""The last look before bytes leave. In: a request. Out: the same request, or `RequestBlocked`.

A gate wraps whatever transport carries the bytes. One for reading knows no DELETE at all, so that a dry run cannot
send one however wrong the code above it is; one for releasing knows the approved IDs and compares the whole path.
"""

import re
from collections.abc import Set

import httpx

from decom.dialnexa.models import SAFE_ID

NUMBERS = "/organization-phone-numbers"

_READABLE = re.compile(rb"(/[A-Za-z0-9_-]+)+(\?.*)?")
"""What may follow the base URL in a GET. No percent sign and no dot: some gateway would make another path of it."""


class RequestBlocked(RuntimeError):
    """Our own mistake: a request that nobody approved. It never left."""


class Gate(httpx.AsyncBaseTransport):
    """Lets through GETs below the base URL, and DELETEs of exactly the approved numbers."""

    def __init__(self, transport: httpx.AsyncBaseTransport, base_url: str, approved: Set[str] = frozenset()) -> None:
        """`approved` holds the IDs that may be deleted; empty (the default): none, this gate is for reading."""
        self._transport = transport
        self._base = httpx.URL(base_url)
        self._path = self._base.raw_path.rstrip(b"/")
        self._approved = approved

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._check(request)
        return await self._transport.handle_async_request(request)

    def _check(self, request: httpx.Request) -> None:
        url = request.url
        same_origin = (url.scheme, url.host, url.port) == (self._base.scheme, self._base.host, self._base.port)
        if not same_origin or url.userinfo != b"":
            raise RequestBlocked("a request to another origin than the base URL")
        below = url.raw_path.removeprefix(self._path) if url.raw_path.startswith(self._path) else b""
        if request.method == "GET" and _READABLE.fullmatch(below) is not None:
            return
        if request.method == "DELETE":
            prefix = self._path + NUMBERS.encode() + b"/"
            number_id = url.raw_path.removeprefix(prefix).decode("ascii", "replace")
            whole_path = prefix + number_id.encode("ascii", "replace")
            if number_id in self._approved and SAFE_ID.fullmatch(number_id) is not None and url.raw_path == whole_path:
                return
        raise RequestBlocked(f"{request.method} {url.path} is not in the approved plan")

    async def aclose(self) -> None:
        await self._transport.aclose()
