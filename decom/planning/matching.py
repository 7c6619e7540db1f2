"""What the rows name in, what of it the account has out. Pure; never guessed: ID and number must agree where a row
has both, and of all that a number can mean exactly one must be on the account.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from decom.dialnexa.models import Price
from decom.phone_numbers.numbering import is_e164, possible
from decom.phone_numbers.reading import Known, Readings
from decom.planning.survey import Survey
from decom.tables import shaped

if TYPE_CHECKING:
    import pandas as pd

RemovedBy = Callable[[str], tuple[str, bool] | None]
"""Which earlier run removed a number (by ID or E.164), and whether that is certain; None where none did."""

_IN_FULL = "write it with + and its country code"


def account_table(findings: Survey) -> "pd.DataFrame":
    """The account's numbers: table `A`, each with what it costs a month and who says so."""
    numbers = findings.numbers.values()

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
            "number_id": [number.id for number in numbers],
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
    rows: "pd.DataFrame", account: "pd.DataFrame", removed_by: RemovedBy
) -> "tuple[pd.Series[int], pd.Series[Any]]":
    """For each of the rows (table `R`) the place of its number in `account` (table `A`), -1 where the account has no
    such number or the row cannot be used; and why it cannot, None where it can."""
    import pandas as pd

    by_id = _places(account["number_id"], rows["number_id"])
    of_id = account["phone_number"].reindex(by_id).set_axis(rows.index)
    meant, unusable = _meant(rows, of_id, account["phone_number"])
    by_phone = _places(account["phone_number"], meant)

    has_id, has_phone, is_usable = rows["number_id"].notna(), meant.notna(), unusable.isna()
    id_is_there, phone_is_there = by_id >= 0, by_phone >= 0
    shared = account["phone_number"].notna() & account["phone_number"].duplicated(keep=False)
    is_shared = by_phone.isin(account.index[shared])
    ids = account[shared].groupby("phone_number", sort=False)["number_id"].agg(", ".join)

    number_id, phone_number = (rows[name].astype(object) for name in ("number_id", "phone_number"))
    readings, value = rows["readings"], rows["input_value"]

    def say(which: "pd.Series[bool]", why: Callable[[int], str | None]) -> None:
        """Why those of the usable rows cannot be used after all."""
        places = rows.index[which & is_usable]
        unusable[places] = pd.Series([why(place) for place in places], places, dtype=object)

    def as_other(at: int) -> str:
        has = f"but has {account['phone_number'][by_phone[at]]} as {account['number_id'][by_phone[at]]}"
        return f"the account has no {number_id[at]}, {has}: which is meant?"

    def apart(at: int) -> str:
        on_account = of_id[at] if isinstance(of_id[at], str) else None
        return (
            f"ID and number do not belong together: {number_id[at]} is {on_account} on the account,"
            f" the row says {phone_number[at]}"
        )

    def unnamed(at: int) -> str:
        return f"the account does not say which number {number_id[at]} is, so nothing could be checked for conflicts"

    def several(at: int) -> str:
        found = ids[meant[at]]
        return f"ambiguous: the account has {meant[at]} {found.count(', ') + 1} times ({found}): use the ID"

    def absent(at: int) -> str | None:
        said = readings[at] or Readings((meant[at],), certain=True)
        return _why_not_missing(value[at], said, removed_by)

    say(has_id & ~id_is_there & phone_is_there, as_other)
    say(has_id & id_is_there & has_phone & of_id.ne(meant), apart)
    say(has_id & id_is_there & ~has_phone & of_id.isna(), unnamed)
    say(~has_id & is_shared, several)
    say(~has_id & has_phone & ~phone_is_there, absent)
    return by_id.where(has_id, by_phone).where(unusable.isna(), -1), unusable


def _places(names: "pd.Series[Any]", wanted: "pd.Series[Any]") -> "pd.Series[int]":
    """The place of each of `wanted` among `names`, of several that are equal the first; -1 where it is not there."""
    import numpy as np
    import pandas as pd

    first = np.flatnonzero(names.notna() & ~names.duplicated())
    found = pd.Index(names.iloc[first], dtype=object).get_indexer(pd.Index(wanted, dtype=object))
    return pd.Series(np.append(first, -1)[found], wanted.index)


def _meant(
    rows: "pd.DataFrame", of_id: "pd.Series[Any]", phones: "pd.Series[Any]"
) -> "tuple[pd.Series[Any], pd.Series[Any]]":
    """The one number that each row means, of those that its cell can mean; and why the row cannot be used.

    `of_id` is the number that the account has under the row's ID, `phones` all that it has.
    """
    meant, unusable = rows["phone_number"].copy(), rows["problem"].astype(object)
    unusable = unusable.where(unusable.notna(), None)
    unclear = rows.loc[rows["readings"].notna() & unusable.isna(), ["number_id", "readings", "input_value"]]
    if len(unclear) == 0:
        return meant, unusable
    there = frozenset(phones.dropna())
    known = Known(filter(is_e164, there))
    for at, number_id, said, value in unclear.itertuples():
        if len(within := known.within(said)) > 0:
            unusable[at] = f"more than one value in this cell: {within[0]} is a number of the account by itself"
        elif isinstance(number_id, str):
            on_account = (number for number in said.numbers if number in there)
            meant[at] = of_id[at] if of_id[at] in said.numbers else next(on_account, said.numbers[0])
        else:
            meant[at], unusable[at] = _alone(said, known, value)
    return meant, unusable


def _alone(said: Readings, known: Known, value: str) -> tuple[str, str | None]:
    """The number that a row without an ID means, and why it cannot be used: exactly one of the readings must be on the
    account, certain or not."""
    found = known.meant_by(said)
    if len(found) > 1:
        why = f"ambiguous: {_shown(value)} can be {' or '.join(found)}, and the account has both: {_IN_FULL}"
        return said.numbers[0], why
    if len(found) == 1 and found[0] not in said.numbers:
        return found[0], f"{_shown(value)} has no country code, and the account has {found[0]}: {_IN_FULL}"
    return (said.numbers if len(found) == 0 else found)[0], None


def _why_not_missing(value: str, said: Readings, removed_by: RemovedBy) -> str | None:
    """Why a row that names no number of the account is invalid; None where it is missing: it can mean one number
    only, and that can be one."""
    number = said.numbers[0]
    if not said.certain:
        if len(said.numbers) > 1:
            return f"{_shown(value)} can be {' or '.join(said.numbers)}, and the account has neither: {_IN_FULL}"
        if "+" in value:
            return f"{_shown(value)} may mean more than {number}, which the account does not have: write it in full"
        why = "has no country code that can be trusted"
        return f"{_shown(value)} {why}, and the account has no {number}: {_IN_FULL}, or use --region"
    if not possible(number) and removed_by(number) is None:
        return f"no phone number is like {number}, and the account has none such: too many digits, too few, or a typo?"
    return None


def _shown(value: str) -> str:
    return repr(value.strip()[:60])
