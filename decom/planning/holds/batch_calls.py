"""Batch calls. In: an account. Out: the numbers from which a batch call calls that is not over.

The service documents no refusal (409) for a number that a batch call uses: what is overlooked here is released. So
all are read, whatever their status; a status that we do not know is an open one; and one whose calls cannot be read,
or do not all say from which number they are made, leaves the source not checked.
"""

from decom.dialnexa.account import Account
from decom.dialnexa.models import BatchCall
from decom.planning.holds.interface import Gathered, HoldResult, amount
from decom.planning.plan import Conflict

OVER = frozenset({"completed", "failed", "cancelled", "canceled", "deleted"})
"""The statuses of a batch call that will call no more."""


class BatchCalls:
    """Held: every number from which a call of an open batch call is made."""

    name = "batch-calls"

    async def find(self, account: Account) -> HoldResult:
        listing = await account.batch_calls()
        open_ones = [batch for batch in listing.rows if batch.status not in OVER]
        found = Gathered(self.name)
        for batch in open_ones:
            conflict = Conflict(self.name, batch.id, batch.name, batch.status)
            if batch.from_number is not None:
                found.hold(batch.from_number, conflict)
            if batch.id != "" and not found.is_hopeless:
                await self._read_calls(account, batch, conflict, found)
        return found.finding(listing.not_read, f"{amount(len(listing.rows), 'batch call')}, {len(open_ones):,} open")

    async def _read_calls(self, account: Account, batch: BatchCall, conflict: Conflict, found: Gathered) -> None:
        calls = await account.batch_call_calls(batch.id)
        numbers = dict.fromkeys(call.from_number for call in calls.rows)
        for number in numbers:
            if number is not None:
                found.hold(number, conflict)
        why = None
        if calls.not_read is not None:
            why = f"could not be read: {calls.not_read.why}"
        elif len(calls.rows) == 0:
            why = "shows no calls, and so not from which numbers it calls"
        elif None in numbers:
            why = "has calls that do not say from which number they are made"
        if why is not None:
            found.troubles.append(f"batch call {batch.id} ({batch.status}) {why}")
