"""Campaigns (first generation). In: an account. Out: the numbers from which a campaign calls that is not over.

An active or running campaign holds its number (the service answers 409); a scheduled or paused one will or may; a
status that we do not know holds it too.
"""

from decom.dialnexa.account import Account
from decom.dialnexa.listing import Because, NotRead
from decom.dialnexa.models import Campaign
from decom.planning.holds.interface import Finding
from decom.planning.plan import Conflict, Source

OVER = frozenset({"completed", "cancelled", "canceled"})
"""The statuses of a campaign that will call no more."""

NO_NUMBER = NotRead(Because.BROKEN, "its own record names none")


class Campaigns:
    """Held: every number from which a campaign calls whose status is not `completed` or `cancelled`."""

    name = "campaigns"

    async def find(self, account: Account) -> Finding:
        listing = await account.campaigns()
        if isinstance(listing, NotRead):
            return Finding(Source(self.name, False, listing.why))
        holding = [campaign for campaign in listing.rows if campaign.status not in OVER]
        held: dict[str, tuple[Conflict, ...]] = {}
        for campaign in holding:
            number = await self._number(account, campaign)
            if isinstance(number, NotRead):
                why = f"campaign {campaign.id} ({campaign.status}) does not say from which number: {number.why}"
                return Finding(Source(self.name, False, why), held)
            conflict = Conflict(self.name, campaign.id, campaign.name, campaign.status)
            held[number] = (*held.get(number, ()), conflict)
        read = f"{len(listing.rows)} campaigns, {len(holding)} of them not over"
        return Finding(Source(self.name, True, read), held)

    async def _number(self, account: Account, campaign: Campaign) -> str | NotRead:
        """The number of a campaign whose listing may leave it out."""
        if campaign.from_phone_number is not None:
            return campaign.from_phone_number
        whole = await account.campaign(campaign.id)
        if isinstance(whole, NotRead):
            return whole
        return whole.from_phone_number if whole.from_phone_number is not None else NO_NUMBER
