"""Is this key of the workspace that a plan was made for? In: an account, the plan's rows. Out: nothing; or Refused.

A key that was replaced has another public half, so its name proves nothing. What proves it is what it sees: numbers of
the plan that are still there, under the same ID, as the same E.164 number. IDs are the service's own and mean one
number, so that another workspace's key sees none of them.
"""

from collections.abc import Sequence

from decom.dialnexa.account import Account
from decom.dialnexa.models import Number
from decom.errors import KeyRefused, Refused
from decom.planning.plan import PlanHead, PlannedRow

ENOUGH = 3
"""Numbers that must be seen as planned; all of them where fewer are left."""
MOST_LOOKS = 10
"""Numbers asked for at most: some may be gone meanwhile."""


async def prove_same_workspace(account: Account, head: PlanHead, left: Sequence[PlannedRow]) -> None:
    """Let a key of another name go on with a plan, if it sees what the plan saw. Raises Refused.

    `left` are rows whose numbers should still be on the account; each has an ID and an E.164 number.
    """
    wanted = min(ENOUGH, len(left))
    seen, why = 0, ""
    for row in _spread(left):
        try:
            look = await account.look(row.number_id or "")
        except KeyRefused as refused:
            raise _refused(head, refused.what) from refused
        why = look.why or why
        if not isinstance(look.found, Number):
            continue
        if look.found.phone_number != row.phone_number:
            raise _refused(
                head, f"{row.number_id} is {look.found.phone_number} with this key, and {row.phone_number} in the plan"
            )
        seen += 1
        if seen == wanted:
            return
    if len(left) == 0:
        raise _refused(head, "none of the plan's numbers is left to prove that this key is of the same workspace")
    asked = min(MOST_LOOKS, len(left))
    trouble = f" ({why})" if why != "" else ""
    raise _refused(
        head, f"this key sees {seen:,} of {asked:,} numbers that should still be there; {wanted:,} are needed{trouble}"
    )


def _spread(rows: Sequence[PlannedRow]) -> Sequence[PlannedRow]:
    """At most ten of them, from all over the list."""
    if len(rows) <= MOST_LOOKS:
        return rows
    return [rows[place * len(rows) // MOST_LOOKS] for place in range(MOST_LOOKS)]


def _refused(head: PlanHead, why: str) -> Refused:
    return Refused(
        f"this plan was apparently made with another workspace's key: {why}",
        where=head.run_id,
        remedy="Use the key that the plan was made with, or plan again. If you are sure that this key belongs to the"
        f" same workspace, set: DECOM_WORKSPACE={head.workspace}",
    )
