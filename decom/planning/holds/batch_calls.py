"""Batch calls (second generation). In: an account. Out: the numbers that a batch call still calls from."""

from decom.dialnexa.account import Account
from decom.dialnexa.listing import NotRead
from decom.planning.holds.interface import Finding
from decom.planning.plan import Conflict, Source

STATUSES = "running,waiting,scheduled,paused"
"""The statuses in which a batch call still wants its numbers."""


class BatchCalls:
    """Held: every number that a running, waiting, scheduled or paused batch call calls from."""

    name = "batch-calls"

    async def find(self, account: Account) -> Finding:
        listing = await account.batch_calls(STATUSES)
        if isinstance(listing, NotRead):
            return Finding(Source(self.name, False, listing.why))
        held: dict[str, tuple[Conflict, ...]] = {}
        for batch in listing.rows:
            numbers = await account.batch_call_numbers(batch.id)
            if isinstance(numbers, NotRead):
                why = f"batch call {batch.id} ({batch.status}) could not be read: {numbers.why}"
                return Finding(Source(self.name, False, why), held)
            conflict = Conflict(self.name, batch.id, batch.name, batch.status)
            held.update((number, (*held.get(number, ()), conflict)) for number in sorted(numbers))
        return Finding(Source(self.name, True, f"{len(listing.rows)} batch calls that are not over"), held)
