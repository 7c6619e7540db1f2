"""The workspace's default number. In: an account. Out: always "not checked": the API does not show which it is."""

from decom.dialnexa.account import Account
from decom.planning.holds.interface import Finding
from decom.planning.plan import Source


class DefaultNumber:
    """Named in every plan, so that nobody reads "no conflict" as "not the default number"."""

    name = "default-number"

    async def find(self, account: Account) -> Finding:
        why = "the API does not show it; if it is in the list, the service refuses its release (409)"
        return Finding(Source(self.name, False, why))
