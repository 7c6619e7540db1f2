"""The door of the tests' service: each request is remembered, its fault chosen, and the sandbox asked."""

import asyncio
import time

from starlette.types import Receive, Scope, Send

from decom.sandbox.api import NUMBERS
from tests.service.acts import act
from tests.service.exchange import Backstage, Exchange
from tests.service.faults import FaultPlan
from tests.service.request_log import Record

NUMBER_PATH = f"{NUMBERS}/"


class Front:
    """An ASGI application around the sandbox's."""

    def __init__(self, backstage: Backstage, faults: FaultPlan) -> None:
        self.backstage = backstage
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        requests = self.backstage.requests
        record = self._remember(scope)
        requests.in_flight += 1
        record.in_flight = requests.in_flight
        requests.peak_in_flight = max(requests.peak_in_flight, requests.in_flight)
        exchange = Exchange(self.backstage, record, scope, receive, send)
        try:
            self.backstage.tell("arrival", record)
            fault = self.faults.choose(record)
            if fault is None:
                await exchange.give(await exchange.ask())
            else:
                await act(exchange, fault)
            self.backstage.tell("answered", record)
        except asyncio.CancelledError:
            # The server stops, and the connection is cut already: uvicorn would log this as an error of ours.
            return
        finally:
            requests.in_flight -= 1
            record.answered = time.monotonic()

    def _remember(self, scope: Scope) -> Record:
        requests, method = self.backstage.requests, scope["method"]
        requests.methods[method] += 1
        query = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        path: str = scope["path"]
        record = Record(
            seq=len(requests.log) + 1,
            nth=requests.methods[method],
            arrived=time.monotonic(),
            method=method,
            target=target.decode("latin-1"),
            number_id=path.removeprefix(NUMBER_PATH) if path.startswith(NUMBER_PATH) else None,
            in_flight=0,
        )
        requests.log.append(record)
        return record
