"""Runs a sandbox: a made-up account behind a real HTTP server on loopback, in the foreground."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from decom.sandbox.account import Generation, SandboxAccount
from decom.sandbox.api import PREFIX, Api
from decom.sandbox.app import App
from decom.sandbox.limit import Limit, Throttle

IDLE_SECONDS = 30
"""A connection on which nothing was asked for so long is closed."""


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """What `decom sandbox` may be told."""

    port: int = 0
    """0: the system chooses."""
    generation: Generation = "first"
    seed: int = 1
    numbers: int = 400
    held: int = 25
    """Numbers that a campaign or batch call names."""
    secretly_held: int = 5
    """Numbers that only a refused DELETE tells to be held."""
    limit: Limit | None = Limit(150, 60)  # noqa: RUF009 - frozen, so it can be shared
    """None: no rate limit. `Limit.parse` reads it from text."""
    max_seconds: float = 8 * 60 * 60
    """It stops by itself after so long."""

    def account(self) -> SandboxAccount:
        """Raises ValueError where the amounts do not fit together."""
        return SandboxAccount.made_up(
            seed=self.seed,
            numbers=self.numbers,
            generation=self.generation,
            held=self.held,
            secretly_held=self.secretly_held,
        )


class SandboxServer(uvicorn.Server):
    """uvicorn's server, which says when it listens and to which a signal is the usual way to end."""

    def __init__(self, app: ASGIApp, announce: Callable[[], None], **more: Any) -> None:
        """`announce` is called once signals are heeded and connections accepted; `more` is for `uvicorn.Config`."""
        usual = {
            "http": "h11",
            "ws": "none",
            "lifespan": "off",
            "log_config": None,
            "log_level": "error",
            "access_log": False,
            "server_header": False,
            "timeout_keep_alive": IDLE_SECONDS,
        }
        super().__init__(uvicorn.Config(app, **{**usual, **more}))
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()

    def stop(self) -> None:
        """End soon."""
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Not raised again afterwards, as uvicorn's own would be."""
        self.stop()


def bound_socket(port: int) -> socket.socket:
    """A socket on loopback that listens; port 0 lets the system choose. Raises OSError where the port is taken."""
    # asyncio sends at once only where the protocol is named; else every answer waits 40 ms for an acknowledgement.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        sock.listen(1024)
    except OSError:
        sock.close()
        raise
    return sock


def base_url_of(sock: socket.socket) -> str:
    return f"http://127.0.0.1:{sock.getsockname()[1]}{PREFIX}"


def serve(options: SandboxOptions, announce: Callable[[str, str], None]) -> None:
    """Run until SIGINT or SIGTERM, or until `max_seconds` have passed.

    `announce` gets the base URL and the key as soon as connections are accepted. Raises OSError where the port
    is taken, ValueError where the amounts do not fit together.
    """
    account = options.account()
    sock = bound_socket(options.port)
    app = App(account, Throttle(options.limit), Api(account).app())
    server = SandboxServer(app, lambda: announce(base_url_of(sock), account.key))
    asyncio.run(_bounded(server, sock, options.max_seconds))


async def _bounded(server: SandboxServer, sock: socket.socket, seconds: float) -> None:
    asyncio.get_running_loop().call_later(seconds, server.stop)
    await server.serve([sock])
