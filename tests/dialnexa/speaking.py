"""The real client, pointed at a sandbox over a real socket; its waits take no time."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from decom.dialnexa.account import Account
from decom.dialnexa.connection import Endpoint, Key, network_transport_maker
from decom.dialnexa.pacing.pacer import Pacer
from decom.dialnexa.pacing.rate import Pace, parse_rate
from decom.dialnexa.retrying import RetryPolicy
from decom.dialnexa.service import Service
from tests.quick_clock import QuickClock
from tests.service.server import Sandbox

T = TypeVar("T")

MAKE = network_transport_maker()


def service_of(sandbox: Sandbox, clock: QuickClock | None = None, *, rate: str = "none") -> Service:
    """A service, as fast as it goes unless a rate is given."""
    clock = clock or QuickClock()
    chance = random.Random(1)
    endpoint = Endpoint(sandbox.base_url, Key(sandbox.api_key), timeout=10.0)
    return Service(endpoint, Pacer(Pace(parse_rate(rate)), clock, chance), RetryPolicy(clock, chance), MAKE)


def reading(sandbox: Sandbox, ask: Callable[[Account], Awaitable[T]], clock: QuickClock | None = None) -> T:
    """What one question to the account gives."""

    async def main() -> T:
        async with service_of(sandbox, clock).reading() as account:
            return await ask(account)

    return asyncio.run(main())


def asked(sandbox: Sandbox, method: str | None = None) -> list[str]:
    """The requests that arrived so far, in order, as `GET /v1/…`."""
    wanted = (record for record in sandbox.log if method is None or record.method == method)
    return [f"{record.method} {record.target}" for record in wanted]
