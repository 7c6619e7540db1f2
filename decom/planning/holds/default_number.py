"""The workspace's default number. In: an account. Out: always the same: the API does not show which it is."""

from decom.dialnexa.account import Account
from decom.planning.holds.interface import HoldResult
from decom.planning.plan import Source
from decom.vocabulary import SourceState


class DefaultNumber:
    """Named in every plan, so that nobody reads "no conflict" as "not the default number"."""

    name = "default-number"

    async def find(self, account: Account) -> HoldResult:
        why = "the API does not show it; if it is in the list, its release is refused (409)"
        return HoldResult(Source(self.name, SourceState.REFUSED_BY_SERVICE, why))
