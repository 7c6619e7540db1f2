"""After a run: is what we call released or missing gone, and is every other number still there? Changes nothing.

In: outcomes and the account. Out: a `Difference` for each that is not so. A copy of the account may lag behind, and a
listing may lose a row: what does not agree is asked for once more, after the settle time, before anybody is alarmed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from decom.clock import Clock
from decom.dialnexa.account import Account, Looked, Sight
from decom.dialnexa.models import Number
from decom.planning.survey import find_numbers
from decom.releasing.events import Event, Listener, Paused, tell
from decom.vocabulary import Outcome

STAYED = frozenset({Outcome.CONFLICTED, Outcome.FAILED, Outcome.PROTECTED, Outcome.NOT_ATTEMPTED})
"""The outcomes of numbers that must still be on the account."""

GONE = frozenset({Outcome.RELEASED, Outcome.MISSING})
"""The outcomes of numbers that must not be there."""

CLAIMING = STAYED | GONE
"""The outcomes that say where a number is now; of unknown ones nothing is claimed."""


def _nobody(_: Event) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the report says of one number."""

    number_id: str | None
    """None where a missing number was only named by its E.164 number."""
    phone_number: str | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Difference:
    """A number that is not as reported."""

    claim: Claim
    standing: bool
    """True where it should be gone and was seen there twice, the second time after the settle time."""
    what: str
    """What was found, in words that follow the number's name."""

    def __str__(self) -> str:
        names = [name for name in (self.claim.phone_number, self.claim.number_id) if name is not None]
        name = f"{names[0]} ({names[1]})" if len(names) == 2 else names[0]
        return f"{name} is reported as {self.claim.outcome}, and {self.what}"


async def differences(
    account: Account, claims: Sequence[Claim], clock: Clock, settle: float, listener: Listener = _nobody
) -> tuple[Difference, ...]:
    """Compare the claims with the account as it is now; `listener` is told of a pause.

    Raises Unreachable, KeyRefused.
    """
    if len(claims) == 0:
        return ()
    ids = {claim.number_id for claim in claims if claim.number_id is not None}
    by_number_alone = any(claim.number_id is None for claim in claims)
    numbers, _ = await find_numbers(account, ids, listing_needed=by_number_alone)
    odd = _odd(claims, numbers)
    if any(claim.outcome in GONE for claim, _ in odd):
        numbers_in_words = "1 number" if len(odd) == 1 else f"{len(odd):,} numbers"
        tell(listener, Paused(f"a second look at {numbers_in_words}", settle))
        await clock.sleep(settle)
    found = [_difference(claim, await account.look(number_id)) for claim, number_id in odd]
    return tuple(difference for difference in found if difference is not None)


def _odd(claims: Sequence[Claim], numbers: Mapping[str, Number]) -> list[tuple[Claim, str]]:
    """The claims that do not agree with what was found, each with the ID to ask for."""
    by_phone = {number.phone_number: number.id for number in numbers.values() if number.phone_number is not None}
    odd = []
    for claim in claims:
        number_id = claim.number_id if claim.number_id is not None else by_phone.get(claim.phone_number or "")
        if number_id is None:
            continue  # named by its E.164 number alone, and no row of the listing has that
        number = numbers.get(number_id)
        if number is None if claim.outcome in STAYED else number is not None and _is_the_one(claim, number):
            odd.append((claim, number_id))
    return odd


def _difference(claim: Claim, look: Sight) -> Difference | None:
    """What a second look makes of a claim that did not agree; None where it does by now."""
    if look.found is Looked.NO_ANSWER:
        return Difference(claim, False, f"could not be looked up again: {look.why}")
    if claim.outcome in STAYED:
        return Difference(claim, False, "is not on the account any more") if look.found is Looked.ABSENT else None
    if isinstance(look.found, Number) and _is_the_one(claim, look.found):
        return Difference(claim, True, "is still on the account")
    return None


def _is_the_one(claim: Claim, number: Number) -> bool:
    """Whether this is the claimed number, as far as is said: its ID may have come to mean another one."""
    return None in (claim.phone_number, number.phone_number) or claim.phone_number == number.phone_number
