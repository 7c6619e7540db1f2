"""The door of the sandbox: requests in, answers out. Here each is remembered, and its fault chosen.

Control requests (`/_sandbox/…`) go their own way: no key, no limit, no faults, no record.
"""

import asyncio
import time

from starlette.types import Receive, Scope, Send

from decom.sandbox.acts import act
from decom.sandbox.api import NUMBERS
from decom.sandbox.control import CONTROL, Control
from decom.sandbox.exchange import Exchange, Service, key_in
from decom.sandbox.faults import FaultPlan
from decom.sandbox.memory import Record

NUMBER_PATH = f"{NUMBERS}/"


class Front:
    """One sandbox as an ASGI application."""

    def __init__(self, service: Service, faults: FaultPlan | None = None) -> None:
        """`faults` None: all goes well."""
        self.service = service
        self.faults = faults
        self._control = Control(service, self).app()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(CONTROL):
            await self._control(scope, receive, send)
            return
        memory = self.service.memory
        record = self._remember(scope)
        memory.in_flight += 1
        record.in_flight = memory.in_flight
        memory.peak_in_flight = max(memory.peak_in_flight, memory.in_flight)
        exchange = Exchange(self.service, record, scope, receive, send)
        try:
            self.service.tell("arrival", record)
            fault = None if self.faults is None else self.faults.choose(record)
            if fault is None:
                await exchange.give(await exchange.ask())
            else:
                await act(exchange, fault)
            self.service.tell("answered", record)
        except asyncio.CancelledError:
            # The server stops, and the connection is cut already: uvicorn would log this as an error of ours.
            return
        finally:
            memory.in_flight -= 1
            record.answered = time.monotonic()

    def _remember(self, scope: Scope) -> Record:
        memory, method = self.service.memory, scope["method"]
        memory.methods[method] += 1
        query = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        path: str = scope["path"]
        key = key_in(scope)
        record = Record(
            seq=len(memory.log) + 1,
            nth=memory.methods[method],
            arrived=time.monotonic(),
            wall=time.time(),
            method=method,
            target=target.decode("latin-1"),
            key_id=None if key is None else key.partition(":")[0],
            number_id=path.removeprefix(NUMBER_PATH) if path.startswith(NUMBER_PATH) else None,
            in_flight=0,
        )
        memory.log.append(record)
        return record
