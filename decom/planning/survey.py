"""The live account in, everything that a plan must know of it out: numbers, holds, prices.

When few rows are asked of a large account, asking for each number is cheaper than listing them all.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from decom.dialnexa.account import Account, Looked
from decom.dialnexa.listing import PAGE_SIZE, NotRead
from decom.dialnexa.models import Number, Price
from decom.errors import Unreachable
from decom.intake.interface import Row
from decom.planning.holds.interface import Hold
from decom.planning.plan import Conflict, Source


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found on the account."""

    numbers: Mapping[str, Number]
    """By ID: every number of the account, or those that were asked for and are there."""
    account_size: int
    """How many numbers the account has in all."""
    sources: tuple[Source, ...]
    held: Mapping[str, tuple[Conflict, ...]]
    """Conflicts by the number they hold, E.164."""
    prices: tuple[Price, ...] = ()
    """The account's price list; empty where it has none or none is needed."""


async def survey(account: Account, rows: Iterable[Row], holds: Sequence[Hold]) -> Findings:
    """Look at everything that the rows need. Raises Unreachable, KeyRefused."""
    usable = [row for row in rows if row.problem is None]
    ids = {row.number_id for row in usable if row.number_id is not None}
    by_id_alone = all(row.number_id is not None for row in usable)
    numbers, size = await find_numbers(account, ids, listing_needed=not by_id_alone)
    sources, held = await find_holds(account, holds)
    prices: tuple[Price, ...] = ()
    if any(number.monthly_cost_usd is None for number in numbers.values()):
        found = await account.prices()
        prices = () if isinstance(found, NotRead) else found
    return Findings(numbers, size, sources, held, prices)


async def find_numbers(
    account: Account, ids: AbstractSet[str], *, listing_needed: bool
) -> tuple[Mapping[str, Number], int]:
    """The account's numbers by ID, and how many it has; by whichever way takes fewer requests.

    `listing_needed` says that some row names its number by E.164 alone, for which the API has no question.
    """
    first = await account.first_numbers()
    if first.total is not None and not listing_needed:
        pages_left = -(-first.total // PAGE_SIZE) - 1
        if len(ids) < pages_left:
            return await _one_by_one(account, ids), first.total
    numbers = await account.numbers(first)
    return {number.id: number for number in numbers}, len(numbers)


async def _one_by_one(account: Account, ids: AbstractSet[str]) -> Mapping[str, Number]:
    found: dict[str, Number] = {}
    for number_id in sorted(ids):
        look = await account.look(number_id)
        if look.found is Looked.NO_ANSWER:
            raise Unreachable(
                f"the account could not be asked for {number_id}: {look.why}",
                remedy="Nothing was sent that changes anything. Run the same command again later.",
            )
        if isinstance(look.found, Number):
            found[number_id] = look.found
    return found


async def find_holds(
    account: Account, holds: Sequence[Hold]
) -> tuple[tuple[Source, ...], Mapping[str, tuple[Conflict, ...]]]:
    """Every source asked once: what each said, and all conflicts by number. Raises KeyRefused."""
    findings = [await hold.find(account) for hold in holds]
    held: dict[str, tuple[Conflict, ...]] = {}
    for finding in findings:
        for number, conflicts in finding.held.items():
            held[number] = (*held.get(number, ()), *conflicts)
    return tuple(finding.source for finding in findings), held
