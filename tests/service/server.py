"""Runs the tests' service: a world behind a real HTTP server on loopback, in a thread."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from uvicorn.protocols.http.h11_impl import H11Protocol

from decom.sandbox.answers import Headers
from decom.sandbox.app import App
from decom.sandbox.limit import Throttle
from decom.sandbox.server import SandboxServer, base_url_of, bound_socket
from tests.service.exchange import TRANSPORT, Backstage
from tests.service.faults import FaultPlan, Rule
from tests.service.front import Front
from tests.service.hooks import Hook
from tests.service.odd_api import OddApi
from tests.service.request_log import Record
from tests.service.world import World

PATIENCE = 5.0
"""Seconds to wait for the server's thread to start or to end before that is an error."""


class OpenConnection(H11Protocol):
    """uvicorn's connection, which also hands its transport to the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT: transport}


class InstantServer(SandboxServer):
    """The sandbox's server without polling: it starts and stops at once, whatever its clients are doing."""

    def __init__(self, front: Front) -> None:
        super().__init__(front, self._announced, http=OpenConnection, date_header=False)
        self.listening = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = asyncio.Event()

    def _announced(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.listening.set()

    async def main_loop(self) -> None:
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


class Sandbox:
    """A server in a thread: `with Sandbox(World.made_up()) as sandbox: … sandbox.base_url …`.

    Everything may be read and changed while it runs.
    """

    def __init__(
        self,
        world: World,
        *,
        faults: FaultPlan | Iterable[Rule] = (),
        throttle: Callable[[], tuple[bool, Headers]] | None = None,
        on_phase: Hook | None = None,
    ) -> None:
        """`throttle` None: no rate limit. `on_phase` is told of each request's phases, in the server's thread."""
        app = App(world, throttle or Throttle(None), OddApi(world).endpoints())
        self._backstage = Backstage(world, app, on_phase=on_phase)
        self._front = Front(self._backstage, FaultPlan())
        self.faults = faults
        self.base_url = ""
        """`http://127.0.0.1:PORT/v1` once it runs."""
        self._server: InstantServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def world(self) -> World:
        return self._backstage.world

    @property
    def faults(self) -> FaultPlan:
        """What goes wrong; may be set to a plan or to rules at any time."""
        return self._front.faults

    @faults.setter
    def faults(self, faults: FaultPlan | Iterable[Rule]) -> None:
        self._front.faults = faults if isinstance(faults, FaultPlan) else FaultPlan(tuple(faults))

    @property
    def on_phase(self) -> Hook | None:
        """Told of each request's phases; may be set at any time, such as when a process to kill has its ID."""
        return self._backstage.on_phase

    @on_phase.setter
    def on_phase(self, hook: Hook | None) -> None:
        self._backstage.on_phase = hook

    @property
    def api_key(self) -> str:
        return self.world.key

    @property
    def log(self) -> list[Record]:
        """Every request so far, in the order of arrival."""
        return self._backstage.requests.log

    @property
    def removed(self) -> dict[str, int]:
        """Number ID → `seq` of the request that removed it."""
        return self.world.removed

    @property
    def peak_in_flight(self) -> int:
        """The most requests that were being answered at once."""
        return self._backstage.requests.peak_in_flight

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing goes on any more that a request left behind."""
        return not self._backstage.late

    def start(self) -> None:
        """Listen on a port that the system chooses. Raises TimeoutError where the thread does not get going."""
        sock = bound_socket(0)
        self.base_url = base_url_of(sock)
        server = self._server = InstantServer(self._front)
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

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
