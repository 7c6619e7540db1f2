"""Campaigns (first generation). In: an account. Out: the numbers from which a campaign calls that is not over.

An active or running campaign holds its number (the service answers 409); a scheduled or paused one will or may; a
status that we do not know holds it too.
"""

from decom.dialnexa.account import Account
from decom.dialnexa.listing import ReadFailure, Unreadable
from decom.dialnexa.models import Campaign
from decom.planning.holds.interface import Gathered, HoldResult, amount
from decom.planning.plan import Conflict

OVER = frozenset({"completed", "cancelled", "canceled"})
"""The statuses of a campaign that will call no more."""

NO_NUMBER = Unreadable(ReadFailure.BROKEN, "its own record names none")


class Campaigns:
    """Held: every number from which a campaign calls whose status is not `completed` or `cancelled`."""

    name = "campaigns"

    async def find(self, account: Account) -> HoldResult:
        listing = await account.campaigns()
        open_ones = [campaign for campaign in listing.rows if campaign.status not in OVER]
        found = Gathered(self.name)
        for campaign in open_ones:
            if found.is_hopeless and campaign.from_phone_number is None:
                continue
            number = await self._number(account, campaign)
            if isinstance(number, Unreadable):
                found.troubles.append(
                    f"campaign {campaign.id} ({campaign.status}) does not say from which number: {number.why}"
                )
            else:
                found.hold(number, Conflict(self.name, campaign.id, campaign.name, campaign.status))
        return found.finding(listing.not_read, f"{amount(len(listing.rows), 'campaign')}, {len(open_ones):,} open")

    async def _number(self, account: Account, campaign: Campaign) -> str | Unreadable:
        """The number of a campaign whose listing may leave it out."""
        if campaign.from_phone_number is not None:
            return campaign.from_phone_number
        whole = await account.campaign(campaign.id)
        if isinstance(whole, Unreadable):
            return whole
        return whole.from_phone_number if whole.from_phone_number is not None else NO_NUMBER
