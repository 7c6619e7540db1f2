"""The account's whole listing, for numbers that an answer alone does not prove gone. In: IDs. Out: a sight of each.

A listing that is read while the account changes can lose a row between two pages. So absence is believed where two
readings, one after the other, show the same numbers: whatever a 404 said, and whoever said it.
"""

from collections.abc import Iterable, Mapping

from decom.dialnexa.account import Account, Looked, Sight
from decom.dialnexa.models import Number
from decom.errors import Unreachable

MOST_READINGS = 4
"""Whole readings until two in a row must have agreed."""


async def look_through(account: Account, number_ids: Iterable[str]) -> Mapping[str, Sight]:
    """What a fresh listing shows of each number: itself, its absence, or why that cannot be told. Raises KeyRefused."""
    try:
        numbers = await _agreed(account)
    except Unreachable as unreachable:
        return dict.fromkeys(number_ids, Sight(Looked.NO_ANSWER, unreachable.what))
    return {number_id: Sight(numbers.get(number_id, Looked.ABSENT)) for number_id in number_ids}


async def _agreed(account: Account) -> Mapping[str, Number]:
    """The account's numbers by ID, as two readings in a row showed them. Raises Unreachable, KeyRefused."""
    before: Mapping[str, Number] | None = None
    for _ in range(MOST_READINGS):
        numbers = {number.id: number for number in await account.numbers()}
        if before is not None and before.keys() == numbers.keys():
            return numbers
        before = numbers
    raise Unreachable(
        f"the account went on changing: {MOST_READINGS} listings of it were read, and no two in a row agreed",
        remedy="Type `decom resume` when less is going on.",
    )
