"""The live account in, everything that a plan must know of it out: numbers, holds, prices.

When few rows are asked of a large account, asking for each number is cheaper than listing them all.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from decom.dialnexa.account import Account, Looked
from decom.dialnexa.listing import Unreadable
from decom.dialnexa.models import Number, Price
from decom.planning.holds.comparing import compare
from decom.planning.holds.interface import Hold
from decom.planning.plan import Conflict, Source

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Survey:
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


async def survey(account: Account, rows: "pd.DataFrame", holds: Sequence[Hold]) -> Survey:
    """Look at everything that the rows (of table `R`) need. Raises Unreachable, KeyRefused."""
    named = rows.loc[rows["problem"].isna(), "number_id"]
    ids, by_id_alone = set(named.dropna()), bool(named.notna().all())
    numbers, size = await find_numbers(account, ids, listing_needed=not by_id_alone)
    sources, held = await find_holds(account, holds, numbers, ids)
    prices: tuple[Price, ...] = ()
    if any(number.monthly_cost_usd is None for number in numbers.values()):
        found = await account.prices()
        prices = () if isinstance(found, Unreadable) else found
    return Survey(numbers, size, sources, held, prices)


async def find_numbers(
    account: Account, ids: AbstractSet[str], *, listing_needed: bool
) -> tuple[Mapping[str, Number], int]:
    """The account's numbers by ID, and how many it has; by whichever way takes fewer requests.

    `listing_needed` says that some row names its number by E.164 alone, for which the API has no question: then the
    listing must be a whole, agreed one. Otherwise one reading will do, since whatever it does not show and is asked
    for is looked up by itself; and where that brings no answer that speaks of the number, an agreed one tells.
    """
    first = await account.first_numbers()
    if listing_needed:
        numbers = await account.numbers(first)
        return by_id(numbers), len(numbers)
    pages_left = -(-(first.total or 0) // max(1, len(first.records))) - 1
    if first.total is not None and len(ids) < pages_left:
        looked_up = await _one_by_one(account, ids)
        if looked_up is not None:
            return looked_up, first.total
    seen = await account.numbers_seen(first)
    size = len(seen.rows) if seen.not_read is None else max(len(seen.rows), first.total or 0)
    there = by_id(seen.rows)
    not_seen = ids - there.keys()
    if seen.not_read is None and (seen.pages <= 1 or len(not_seen) == 0):
        return there, size
    few = seen.not_read is not None or len(not_seen) <= seen.pages
    looked_up = await _one_by_one(account, not_seen) if few else None
    if looked_up is not None:
        return {**there, **looked_up}, size
    numbers = await account.numbers(before=seen)
    return by_id(numbers), len(numbers)


def by_id(numbers: Iterable[Number]) -> dict[str, Number]:
    """The numbers by ID. An ID that stands for two numbers tells of neither which it is."""
    found: dict[str, Number] = {}
    for number in numbers:
        other = found.get(number.id)
        if other is not None and other.phone_number != number.phone_number:
            number = replace(number, phone_number=None)
        found[number.id] = number
    return found


async def _one_by_one(account: Account, ids: AbstractSet[str]) -> Mapping[str, Number] | None:
    """Those of `ids` that the account has; None where an answer did not say whether it has one."""
    found: dict[str, Number] = {}
    for number_id in sorted(ids):
        look = await account.look(number_id)
        if look.found is Looked.NO_ANSWER:
            return None
        if isinstance(look.found, Number):
            found[number_id] = look.found
    return found


async def find_holds(
    account: Account, holds: Sequence[Hold], numbers: Mapping[str, Number], concerned: AbstractSet[str]
) -> tuple[tuple[Source, ...], Mapping[str, tuple[Conflict, ...]]]:
    """Every source asked once: what each said, and all conflicts by number. Raises KeyRefused.

    `numbers` are the account's, or those of them that matter; `concerned` the IDs of those that may be released.
    """
    findings = [await hold.find(account) for hold in holds]
    return compare(findings, numbers.values(), concerned)
