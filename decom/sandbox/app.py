"""The service as an ASGI application: the key, the rate limit, and behind them the endpoints.

Tests put their trouble around it, as any ASGI middleware stands around an application (`tests/service`).
"""

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from decom.sandbox.account import SandboxAccount
from decom.sandbox.answers import Headers, refused


class App:
    """One sandbox."""

    def __init__(
        self, account: SandboxAccount, throttle: Callable[[], tuple[bool, Headers]], endpoints: ASGIApp
    ) -> None:
        """`throttle` is asked of each request with the key: whether it is accepted, and the headers that say so."""
        self._account = account
        self._throttle = throttle
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if key_in(scope) != self._account.key:
            await refused(401, "Invalid or missing API key")(scope, receive, send)
            return
        accepted, headers = self._throttle()

        async def announcing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *headers]}
            await send(message)

        then = self._endpoints if accepted else refused(429, "ThrottlerException: Too Many Requests")
        await then(scope, receive, announcing)


def key_in(scope: Scope) -> str | None:
    """The Bearer key that came with the request, None without one."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, key = value.decode("latin-1").partition(" ")
            return key if scheme == "Bearer" else None
    return None
