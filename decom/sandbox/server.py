"""Runs a sandbox: an account in, a real HTTP server on loopback out, in a thread or in the foreground.

Imports nothing of the client.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FrameType, TracebackType

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from decom.sandbox.account import Generation, World
from decom.sandbox.api import PREFIX
from decom.sandbox.exchange import TRANSPORT, Service
from decom.sandbox.faults import FaultPlan, Rule
from decom.sandbox.front import Front
from decom.sandbox.hooks import Hook
from decom.sandbox.limits import Limit, Limiter
from decom.sandbox.memory import Record

PATIENCE = 5.0
"""Seconds to wait for the server's thread to start or to end before that is an error."""

IDLE_SECONDS = 30
"""A connection on which nothing was asked for so long is closed."""


class Connection(H11Protocol):
    """uvicorn's connection, which also hands its transport to the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT: transport}


class Server(uvicorn.Server):
    """uvicorn's server without its polling: it starts and stops at once, whatever its clients are doing."""

    def __init__(self, front: Front, announce: Callable[[], None] | None = None) -> None:
        """`announce` is called once signals are heeded and connections accepted; None: nobody waits for that."""
        super().__init__(
            uvicorn.Config(
                front,
                http=Connection,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,
                date_header=False,
                server_header=False,
                timeout_keep_alive=IDLE_SECONDS,
            )
        )
        self.listening = threading.Event()
        self._announce = announce
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = asyncio.Event()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.listening.set()
        if self._announce is not None:
            self._announce()
        await self._over.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        # Transports close in the loop's next turn. Most requests end with their connection, the rest is cut off.
        await asyncio.sleep(0)
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for sock in sockets or []:
            sock.close()

    def stop(self) -> None:
        """End soon; may be called from any thread, and more than once."""
        if self._loop is None:
            self._over.set()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._over.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal is the usual way to end the command, not a failure: it is not raised again afterwards."""
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


class Sandbox:
    """A server in a thread, for tests: `with Sandbox(World.made_up()) as sandbox: … sandbox.base_url …`.

    Everything may be read and changed while it runs.
    """

    def __init__(
        self,
        world: World,
        *,
        faults: FaultPlan | Iterable[Rule] = (),
        limit: Limit | None = None,
        on_phase: Hook | None = None,
    ) -> None:
        """`limit` None: no rate limit. `on_phase` is told of each request's phases, in the server's thread."""
        self.service = Service(world, Limiter(limit), on_phase=on_phase)
        self.front = Front(self.service)
        self.faults = faults
        self.base_url = ""
        """`http://127.0.0.1:PORT/v1` once it runs."""
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def world(self) -> World:
        return self.service.world

    @property
    def faults(self) -> FaultPlan | None:
        """What goes wrong; may be set to a plan or to rules at any time."""
        return self.front.faults

    @faults.setter
    def faults(self, faults: FaultPlan | Iterable[Rule]) -> None:
        self.front.faults = faults if isinstance(faults, FaultPlan) else FaultPlan(tuple(faults))

    @property
    def on_phase(self) -> Hook | None:
        """Told of each request's phases; may be set at any time, such as when a process to kill has its ID."""
        return self.service.on_phase

    @on_phase.setter
    def on_phase(self, hook: Hook | None) -> None:
        self.service.on_phase = hook

    @property
    def limiter(self) -> Limiter:
        """The rate limit; `limiter.change(Limit(…))` sets another in the middle."""
        return self.service.limiter

    @property
    def api_key(self) -> str:
        return self.world.key

    @property
    def log(self) -> list[Record]:
        """Every request so far, in the order of arrival."""
        return self.service.memory.log

    @property
    def removed(self) -> dict[str, int]:
        """Number ID → `seq` of the request that removed it."""
        return self.world.removed

    @property
    def peak_in_flight(self) -> int:
        """The most requests that were being answered at once."""
        return self.service.memory.peak_in_flight

    def start(self) -> None:
        """Listen on a port that the system chooses. Raises TimeoutError where the thread does not get going."""
        sock = bound_socket(0)
        self.base_url = base_url_of(sock)
        server = self._server = Server(self.front)
        self._thread = threading.Thread(target=lambda: asyncio.run(server.serve([sock])), name="sandbox", daemon=True)
        self._thread.start()
        if not server.listening.wait(PATIENCE):
            raise TimeoutError("the sandbox did not start")

    def stop(self) -> None:
        """Cut every connection and end, whatever is being answered. Raises TimeoutError where it does not end."""
        if self._server is None or self._thread is None:
            return
        self._server.stop()
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            raise TimeoutError("the sandbox did not stop")

    def __enter__(self) -> "Sandbox":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


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

    def world(self) -> World:
        """The account. Raises ValueError where the amounts do not fit together."""
        return World.made_up(
            seed=self.seed,
            numbers=self.numbers,
            generation=self.generation,
            held=self.held,
            secretly_held=self.secretly_held,
        )


def serve(options: SandboxOptions, announce: Callable[[str, str], None]) -> None:
    """Run in the foreground until SIGINT or SIGTERM, or until `max_seconds` have passed.

    `announce` gets the base URL and the key as soon as connections are accepted. Raises OSError where the port
    is taken, ValueError where the amounts do not fit together.
    """
    world = options.world()
    sock = bound_socket(options.port)
    front = Front(Service(world, Limiter(options.limit)))
    server = Server(front, lambda: announce(base_url_of(sock), world.key))
    asyncio.run(_bounded(server, sock, options.max_seconds))


async def _bounded(server: Server, sock: socket.socket, seconds: float) -> None:
    asyncio.get_running_loop().call_later(seconds, server.stop)
    await server.serve([sock])
