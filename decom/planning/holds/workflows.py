"""Workflows (second generation). In: an account. Out: never a held number, but whether any could be held.

The API names no number for a workflow: a conflict with an active one cannot be seen beforehand, and the service
refuses the release (409).
"""

from collections.abc import Sequence

from decom.dialnexa.account import Account
from decom.dialnexa.models import Workflow
from decom.planning.holds.interface import HoldResult, amount, unread
from decom.planning.plan import Source
from decom.vocabulary import SourceState

ACTIVE = "active"
INACTIVE = frozenset({"draft", "paused", "completed", "cancelled", "canceled"})


class Workflows:
    """Checked only where no workflow is active."""

    name = "workflows"

    async def find(self, account: Account) -> HoldResult:
        listing = await account.workflows()
        if listing.not_read is not None:
            return HoldResult(unread(self.name, listing.not_read))
        return HoldResult(self._source(listing.rows))

    def _source(self, workflows: Sequence[Workflow]) -> Source:
        strange = [each for each in workflows if each.status not in INACTIVE and each.status != ACTIVE]
        if len(strange) > 0:
            why = f"of an unknown status ({strange[0].status[:40] or 'none'}): {_names(strange)}"
            return Source(self.name, SourceState.NOT_CHECKED, f"{why}; they may be active")
        active = [each for each in workflows if each.status == ACTIVE]
        if len(active) == 0:
            read = f"{amount(len(workflows), 'workflow')}, none of them active"
            return Source(self.name, SourceState.CHECKED, read)
        why = "the API does not say which numbers they use; the release of such a number is refused (409)"
        return Source(self.name, SourceState.REFUSED_BY_SERVICE, f"active: {_names(active)}; {why}")


def _names(workflows: Sequence[Workflow]) -> str:
    more = f" and {len(workflows) - 3:,} more" if len(workflows) > 3 else ""
    return ", ".join(each.name or each.id for each in workflows[:3]) + more
