"""What all connections of one run share. In: endpoint, pacer, retries. Out: accounts, for reading or for releasing."""

from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager

from decom.dialnexa.account import Account
from decom.dialnexa.connection import Connection, Endpoint, TransportMaker
from decom.dialnexa.gate import Gate
from decom.dialnexa.pacing.pacer import Pacer
from decom.dialnexa.retrying import RetryPolicy


class Service:
    """Opens accounts. Each has a connection of its own: a shared pool grows slower with every connection."""

    def __init__(
        self, endpoint: Endpoint, pacer: Pacer, retry_policy: RetryPolicy, make_transport: TransportMaker
    ) -> None:
        self._endpoint = endpoint
        self.pacer = pacer
        self.retry_policy = retry_policy
        self._make_transport = make_transport
        self._page_sizes: dict[str, int] = {}

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Account]:
        """An account that cannot send a DELETE, whatever it is asked."""
        async with self._opened(frozenset()) as account:
            yield account

    @asynccontextmanager
    async def releasing(self, approved: Set[str]) -> AsyncIterator[Account]:
        """An account that can delete exactly the approved IDs."""
        async with self._opened(approved) as account:
            yield account

    @asynccontextmanager
    async def _opened(self, approved: Set[str]) -> AsyncIterator[Account]:
        gate = Gate(self._make_transport(), self._endpoint.base_url, approved)
        connection = Connection(self._endpoint, gate)
        try:
            yield Account(connection, self.pacer, self.retry_policy, self._page_sizes)
        finally:
            await connection.aclose()
