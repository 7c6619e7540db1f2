"""The account's whole listing, for numbers that an answer alone does not prove gone. In: IDs. Out: a sight of each.

Absence from two agreeing listings is proof, whatever a 404 said and whoever said it.
"""

from collections.abc import Iterable, Mapping

from decom.dialnexa.account import Account, Looked, Sight
from decom.dialnexa.listing import Listing
from decom.dialnexa.models import Number
from decom.errors import Unreachable
from decom.planning.survey import by_id

MOST_READINGS = 4
"""Readings of a listing of one page until two in a row must have shown the same."""


async def look_through(account: Account, number_ids: Iterable[str]) -> Mapping[str, Sight]:
    """What a fresh listing shows of each number: itself, its absence, or why that cannot be told. Raises KeyRefused."""
    try:
        numbers = await _agreed(account)
    except Unreachable as unreachable:
        return dict.fromkeys(number_ids, Sight(Looked.NO_ANSWER, unreachable.what))
    return {number_id: Sight(numbers.get(number_id, Looked.ABSENT)) for number_id in number_ids}


async def _agreed(account: Account) -> Mapping[str, Number]:
    """The account's numbers by ID, as two readings in a row showed them. Raises Unreachable, KeyRefused."""
    before = await account.numbers_seen()
    for _ in range(MOST_READINGS - 1):
        numbers = by_id(await account.numbers(before=before))
        # Of several pages, two readings have agreed already; of one page, one is enough for `numbers`, and not for us.
        if before.pages > 1 or by_id(before.rows).keys() == numbers.keys():
            return numbers
        before = Listing(tuple(numbers.values()))
    raise Unreachable(f"the account went on changing: no two of {MOST_READINGS} listings of it agreed")
