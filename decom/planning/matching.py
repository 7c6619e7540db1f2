"""What the rows name in, what of it the account has out. Pure; never guessed: ID and number must agree where a row
has both, and of all that a number can mean exactly one must be on the account.

What earlier runs removed takes part, as if it were still there: a row whose number is gone means no other one, and the
same list reads the same the next night.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from decom.dialnexa.models import Number, Price
from decom.phone_numbers.numbering import is_e164, possible
from decom.phone_numbers.reading import Known, Readings
from decom.planning.removed import Removed
from decom.planning.survey import Survey
from decom.tables import shaped

if TYPE_CHECKING:
    import pandas as pd

_IN_FULL = "write it with + and its country code"


def known_table(findings: Survey, removed: Sequence[Removed]) -> "pd.DataFrame":
    """The account's numbers, each with what it costs a month and who says so; below them those that are gone, the
    latest first: table `A`."""
    gone = [Number(each.number_id, each.phone_number) for each in removed]
    numbers = [*findings.numbers.values(), *gone]

    @cache  # of a million numbers there are a few kinds
    def listed(country_code: str | None, type_: str | None, provider: str | None) -> str | None:
        return _listed_price(findings.prices, country_code, type_, provider)

    costs = [
        (number.monthly_cost_usd, "number")
        if number.monthly_cost_usd is not None
        else (cost := listed(number.country_code, number.type, number.provider), None if cost is None else "price_list")
        for number in numbers
    ]
    return shaped(
        {
            # An ID may have come to mean another number since.
            "number_id": [*findings.numbers, *(None if one.id in findings.numbers else one.id for one in gone)],
            "phone_number": [number.phone_number for number in numbers],
            "country_code": [number.country_code for number in numbers],
            "type": [number.type for number in numbers],
            "nickname": [number.nickname for number in numbers],
            "status": [number.status for number in numbers],
            "created_at": [number.created_at for number in numbers],
            "monthly_cost_usd": [cost for cost, _ in costs],
            "cost_from": [cost_from for _, cost_from in costs],
        },
        "A",
    )


def _listed_price(
    prices: Iterable[Price], country_code: str | None, type_: str | None, provider: str | None
) -> str | None:
    """What the price list says of such numbers; None where it has no one answer."""
    fitting = {
        price.monthly_cost_usd
        for price in prices
        if price.country_code is not None
        and price.country_code == country_code
        and price.provider in (None, provider)
        and (price.type is None or type_ is None or price.type == type_)
    }
    return fitting.pop() if len(fitting) == 1 else None


def matched(
    rows: "pd.DataFrame", known: "pd.DataFrame", removed: Sequence[Removed]
) -> "tuple[pd.Series[int], pd.Series[Any]]":
    """For each of the rows (table `R`) the place of its number in `known` (the `known_table` with `removed`), -1 where
    no such number is known or the row cannot be used; and why it cannot, None where it can."""
    import pandas as pd

    live = len(known) - len(removed)
    by_id = _places(known["number_id"], rows["number_id"])
    of_id = known["phone_number"].reindex(by_id).set_axis(rows.index)
    meant, unusable = _meant(rows, of_id, known["phone_number"], removed)
    by_phone = _places(known["phone_number"], meant)

    has_id, has_phone, is_usable = rows["number_id"].notna(), meant.notna(), unusable.isna()
    id_is_known, phone_is_known, id_is_gone = by_id >= 0, by_phone >= 0, by_id >= live
    shared = _shared(known[:live])

    number_id, phone_number = (rows[name].astype(object) for name in ("number_id", "phone_number"))
    readings, value = rows["readings"], rows["input_value"]

    def say(which: "pd.Series[bool]", why: Callable[[int], str | None]) -> None:
        """Why those of the usable rows cannot be used after all."""
        places = rows.index[which & is_usable]
        unusable[places] = pd.Series([why(place) for place in places], places, dtype=object)

    def as_other(at: int) -> str:
        place, phone = by_phone[at], meant[at]
        if place < live:
            has = f"but has {phone} as {known['number_id'][place]}"
        else:
            has = f"and had {phone} as {removed[place - live].number_id}"
        return f"the account has no {number_id[at]}, {has}: which is meant?"

    def apart(at: int) -> str:
        on_account = of_id[at] if isinstance(of_id[at], str) else None
        is_or_was = "was" if id_is_gone[at] else "is"
        return (
            f"ID and number do not belong together: {number_id[at]} {is_or_was} {on_account} on the account,"
            f" the row says {phone_number[at]}"
        )

    def unnamed(at: int) -> str:
        return f"the account does not say which number {number_id[at]} is, so nothing could be checked for conflicts"

    def several(at: int) -> str:
        found = shared[meant[at]]
        return f"ambiguous: the account has {meant[at]} {found.count(', ') + 1} times ({found}): use the ID"

    def absent(at: int) -> str | None:
        said = readings[at] or Readings((meant[at],), certain=True)
        return _why_not_missing(value[at], said)

    say(has_id & ~id_is_known & phone_is_known, as_other)
    say(has_id & id_is_known & has_phone & of_id.ne(meant) & ~(id_is_gone & of_id.isna()), apart)
    say(has_id & id_is_known & ~id_is_gone & ~has_phone & of_id.isna(), unnamed)
    say(~has_id & meant.isin(shared.index), several)
    say(~has_id & has_phone & ~phone_is_known, absent)
    return by_id.where(has_id, by_phone).where(unusable.isna(), -1), unusable


def _shared(account: "pd.DataFrame") -> "pd.Series[str]":
    """By each phone number that several numbers of the account have: their IDs."""
    several = account[account["phone_number"].notna() & account["phone_number"].duplicated(keep=False)]
    return several.groupby("phone_number", sort=False)["number_id"].agg(", ".join)


def _places(names: "pd.Series[Any]", wanted: "pd.Series[Any]") -> "pd.Series[int]":
    """The place of each of `wanted` among `names`, of several that are equal the first; -1 where it is not there."""
    import numpy as np
    import pandas as pd

    first = np.flatnonzero(names.notna() & ~names.duplicated())
    found = pd.Index(names.iloc[first], dtype=object).get_indexer(pd.Index(wanted, dtype=object))
    return pd.Series(np.append(first, -1)[found], wanted.index)


class _Phones:
    """The phone numbers that are known, to be found by what a row says."""

    def __init__(self, phones: "pd.Series[Any]", live: int, written: Mapping[str, tuple[str, ...]]) -> None:
        """`phones` are the known ones, the first `live` of them on the account; `written` as `_written` has it."""
        self.there = frozenset(phones[:live].dropna())
        self.known = frozenset(phones.dropna())
        self.written = written
        self._by_reading = Known(filter(is_e164, self.known))

    def meant_by(self, said: Readings, value: str) -> tuple[str, ...]:
        """Every known number that a cell can mean, or meant once."""
        return tuple(dict.fromkeys((*self._by_reading.meant_by(said), *self.written.get(value, ()))))

    def within(self, said: Readings) -> tuple[str, ...]:
        """Every known number that a part of a cell is."""
        return self._by_reading.within(said)


def _written(removed: Iterable[Removed]) -> dict[str, tuple[str, ...]]:
    """By each cell that named a number which is gone, in another form than E.164: the numbers that it meant."""
    found: dict[str, tuple[str, ...]] = {}
    for each in removed:
        for text in each.written:
            if each.phone_number is not None and text != each.phone_number:
                found[text] = tuple(dict.fromkeys((*found.get(text, ()), each.phone_number)))
    return found


def _meant(
    rows: "pd.DataFrame", of_id: "pd.Series[Any]", phones: "pd.Series[Any]", removed: Sequence[Removed]
) -> "tuple[pd.Series[Any], pd.Series[Any]]":
    """The one number that each row means, of those that its cell can mean; and why the row cannot be used.

    `of_id` is the number that is known under the row's ID, `phones` all that are, those of `removed` at the end.
    """
    meant, unusable = rows["phone_number"].copy(), rows["problem"].astype(object)
    unusable = unusable.where(unusable.notna(), None)
    written = _written(removed)
    is_unclear = rows["readings"].notna() | (rows["phone_number"].notna() & rows["input_value"].isin(written))
    unclear = rows.loc[is_unclear & unusable.isna(), ["number_id", "phone_number", "readings", "input_value"]]
    if len(unclear) == 0:
        return meant, unusable
    known = _Phones(phones, len(phones) - len(removed), written)
    for at, number_id, likeliest, readings, value in unclear.itertuples():
        said = readings or Readings((likeliest,), certain=True)
        if len(within := known.within(said)) > 0:
            is_or_was = "is" if within[0] in known.there else "was"
            unusable[at] = (
                f"more than one value in this cell: {within[0]} {is_or_was} a number of the account by itself"
            )
        elif isinstance(number_id, str):
            found = (number for number in said.numbers if number in known.known)
            meant[at] = of_id[at] if of_id[at] in said.numbers else next(found, said.numbers[0])
        else:
            meant[at], unusable[at] = _alone(said, known, value)
    return meant, unusable


def _alone(said: Readings, phones: _Phones, value: str) -> tuple[str, str | None]:
    """The number that a row without an ID means, and why it cannot be used: exactly one of the readings must be known,
    certain or not."""
    found = phones.meant_by(said, value)
    are_there = phones.there.issuperset(found)
    if len(found) > 1:
        has = "has both" if are_there else "has or had both"
        why = f"ambiguous: {_shown(value)} can be {' or '.join(found)}, and the account {has}: {_IN_FULL}"
        return said.numbers[0], why
    if len(found) == 1 and found[0] not in (*said.numbers, *phones.written.get(value, ())):
        has = "has" if are_there else "had"
        return found[0], f"{_shown(value)} has no country code, and the account {has} {found[0]}: {_IN_FULL}"
    return (said.numbers if len(found) == 0 else found)[0], None


def _why_not_missing(value: str, said: Readings) -> str | None:
    """Why a row that names no known number is invalid; None where it is missing: it can mean one number only, and
    that can be one."""
    number = said.numbers[0]
    if not said.certain:
        if len(said.numbers) > 1:
            return f"{_shown(value)} can be {' or '.join(said.numbers)}, and the account has neither: {_IN_FULL}"
        if "+" in value:
            return f"{_shown(value)} may mean more than {number}, which the account does not have: write it in full"
        why = "has no country code that can be trusted"
        return f"{_shown(value)} {why}, and the account has no {number}: {_IN_FULL}, or use --region"
    if not possible(number):
        return f"no phone number is like {number}, and the account has none such: too many digits, too few, or a typo?"
    return None


def _shown(value: str) -> str:
    return repr(value.strip()[:60])
