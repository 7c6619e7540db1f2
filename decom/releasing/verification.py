"""After a run: is what we call released gone, and is every other number still there? Only looks, changes nothing.

In: outcomes and the account. Out: one sentence a difference. A copy of the account may lag behind: a number that is
still shown after its release is asked for once more after the settle time before anybody is alarmed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from decom.clock import Clock
from decom.dialnexa.account import Account, Looked
from decom.dialnexa.models import Number
from decom.planning.survey import find_numbers
from decom.vocabulary import Outcome

STAYED = frozenset({Outcome.CONFLICTED, Outcome.FAILED, Outcome.PROTECTED, Outcome.NOT_ATTEMPTED})
"""The outcomes of numbers that must still be on the account."""

CLAIMING = STAYED | {Outcome.RELEASED}
"""The outcomes that say where a number is now; of missing and unknown ones nothing is claimed."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the report says of one number."""

    number_id: str
    phone_number: str | None
    outcome: Outcome


async def differences(account: Account, claims: Sequence[Claim], clock: Clock, settle: float) -> tuple[str, ...]:
    """Compare the claims with the account as it is now. Raises Unreachable, KeyRefused."""
    numbers, _ = await find_numbers(account, {claim.number_id for claim in claims}, listing_needed=False)
    gone_wrong = [claim for claim in claims if claim.outcome is Outcome.RELEASED and _there(claim, numbers)]
    found = [
        f"{_name(claim)} is reported as {claim.outcome}, and is not on the account any more"
        for claim in claims
        if claim.outcome in STAYED and claim.number_id not in numbers
    ]
    if len(gone_wrong) > 0:
        await clock.sleep(settle)
    for claim in gone_wrong:
        look = await account.look(claim.number_id)
        if look.found is Looked.NO_ANSWER:
            found.append(f"{_name(claim)} is reported as released, and could not be asked for again: {look.why}")
        elif isinstance(look.found, Number) and look.found.phone_number == claim.phone_number:
            found.append(f"{_name(claim)} is reported as released, and is still on the account")
    return tuple(found)


def _there(claim: Claim, numbers: Mapping[str, Number]) -> bool:
    number = numbers.get(claim.number_id)
    return number is not None and number.phone_number == claim.phone_number


def _name(claim: Claim) -> str:
    return f"{claim.phone_number or 'a number'} ({claim.number_id})"
