"""Workflows (second generation). In: an account. Out: never a held number, but whether any could be held.

The API names no number for a workflow: while one is active, a conflict with it cannot be seen beforehand.
"""

from decom.dialnexa.account import Account
from decom.dialnexa.listing import NotRead
from decom.planning.holds.interface import Finding
from decom.planning.plan import Source

INACTIVE = frozenset({"draft", "paused", "completed", "cancelled", "canceled"})


class Workflows:
    """Checked only where no workflow is active (or of a status that we do not know)."""

    name = "workflows"

    async def find(self, account: Account) -> Finding:
        listing = await account.workflows()
        if isinstance(listing, NotRead):
            return Finding(Source(self.name, False, listing.why))
        active = [workflow for workflow in listing.rows if workflow.status not in INACTIVE]
        if len(active) == 0:
            return Finding(Source(self.name, True, f"{len(listing.rows)} workflows, none of them active"))
        names = ", ".join(workflow.name or workflow.id for workflow in active[:3])
        more = f" and {len(active) - 3} more" if len(active) > 3 else ""
        why = "the API does not say which numbers they use, only a refused release (409) will"
        return Finding(Source(self.name, False, f"active: {names}{more}; {why}"))
