"""Rows and findings in, one decision a row out. Pure: the same facts always give the same plan.

The order of the questions is the rule: invalid, duplicate, missing, protected, conflicted, release. The first that
fits wins, and only a row that none of the first five fits is released.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from decom.dialnexa.models import Number, Price
from decom.intake.interface import Row
from decom.planning.plan import PlannedRow, held_by
from decom.planning.survey import Findings
from decom.vocabulary import Decision, earlier_run

RemovedBy = Callable[[str], tuple[str, bool] | None]
"""Which earlier run removed a number (by ID or E.164), and whether that is certain; None where none did."""


@dataclass(frozen=True, slots=True)
class _Match:
    """A row and what the account has for it."""

    number: Number | None
    """None: the account has no such number."""
    problem: str | None = None
    """Why the row cannot be matched at all; None where it can."""


def build(
    rows: Iterable[Row], findings: Findings, protected: AbstractSet[str], removed_by: RemovedBy
) -> Iterator[PlannedRow]:
    """Decide every row, in order. `protected` holds IDs and E.164 numbers."""
    by_phone = _by_phone(findings.numbers)
    carried_by: dict[str, int] = {}
    for row in rows:
        planned = _blank(row)
        match = _match(row, findings.numbers, by_phone)
        if match.problem is not None:
            yield replace(planned, decision=Decision.INVALID, reason=match.problem)
            continue
        if match.number is not None:
            planned = _described(planned, match.number, findings.prices)
        # One number may be named by its ID in one row and by its E.164 number in another.
        key = planned.number_id or planned.phone_number or ""
        first = carried_by.setdefault(key, row.row)
        if first != row.row:
            reason = f"the same number as row {first}, which carries the decision"
            yield replace(planned, decision=Decision.DUPLICATE, reason=reason, duplicate_of=first)
        elif match.number is None:
            yield _missing(planned, removed_by)
        else:
            yield _decided(planned, protected, findings)


def undecided(rows: Iterable[Row]) -> Iterator[PlannedRow]:
    """The rows of a run whose account could not be asked: bad cells are invalid, all others have no decision."""
    for row in rows:
        planned = _blank(row)
        if row.problem is None:
            planned = replace(planned, decision=None, reason="the account could not be asked about it")
        yield planned


def _blank(row: Row) -> PlannedRow:
    return PlannedRow(
        row=row.row,
        input_value=row.input_value,
        decision=Decision.INVALID,
        reason=row.problem or "",
        number_id=row.number_id,
        phone_number=row.phone_number,
        others=row.others,
    )


def _by_phone(numbers: Mapping[str, Number]) -> Mapping[str, tuple[Number, ...]]:
    found: dict[str, tuple[Number, ...]] = {}
    for number in numbers.values():
        if number.phone_number is not None:
            found[number.phone_number] = (*found.get(number.phone_number, ()), number)
    return found


def _match(row: Row, numbers: Mapping[str, Number], by_phone: Mapping[str, tuple[Number, ...]]) -> _Match:
    """The number that a row means, never guessed: ID and number must agree where a row has both."""
    if row.problem is not None:
        return _Match(None, row.problem)
    by_number = by_phone.get(row.phone_number, ()) if row.phone_number is not None else ()
    if row.number_id is not None:
        return _match_by_id(row, numbers.get(row.number_id), by_number)
    if len(by_number) > 1:
        ids = ", ".join(number.id for number in by_number)
        return _Match(None, f"ambiguous: the account has {row.phone_number} {len(by_number)} times ({ids}): use the ID")
    if len(by_number) == 0 and row.by_match_only:
        why = "has no country code that can be trusted" if row.phone_number is not None else "is no number"
        hint = f"the account has no {row.phone_number}: write it with + and its country code, or use --region"
        return _Match(None, f"{row.input_value.strip()[:60]!r} {why}, and {hint}")
    return _usable(by_number[0]) if len(by_number) == 1 else _Match(None)


def _match_by_id(row: Row, number: Number | None, by_number: tuple[Number, ...]) -> _Match:
    if number is None:
        if len(by_number) > 0:
            other = f"but has {row.phone_number} as {by_number[0].id}"
            return _Match(None, f"the account has no {row.number_id}, {other}: which is meant?")
        return _Match(None)
    if row.phone_number is not None and row.phone_number != number.phone_number:
        return _Match(
            None,
            f"ID and number do not belong together: {number.id} is {number.phone_number} on the account,"
            f" the row says {row.phone_number}",
        )
    return _usable(number)


def _usable(number: Number) -> _Match:
    if number.phone_number is None:
        why = f"the account does not say which number {number.id} is, so nothing could be checked for conflicts"
        return _Match(None, why)
    return _Match(number)


def _described(planned: PlannedRow, number: Number, prices: Iterable[Price]) -> PlannedRow:
    cost, cost_from = _cost(number, prices)
    return replace(
        planned,
        number_id=number.id,
        phone_number=number.phone_number,
        country_code=number.country_code,
        type=number.type,
        nickname=number.nickname,
        monthly_cost_usd=cost,
        cost_from=cost_from,
        created_at=number.created_at,
    )


def _cost(number: Number, prices: Iterable[Price]) -> tuple[str | None, str | None]:
    """What a number costs a month, and who says so; unknown where the price list has no one answer."""
    if number.monthly_cost_usd is not None:
        return number.monthly_cost_usd, "number"
    fitting = {
        price.monthly_cost_usd
        for price in prices
        if price.country_code is not None
        and price.country_code == number.country_code
        and price.provider in (None, number.provider)
        and (price.type is None or number.type is None or price.type == number.type)
    }
    return (fitting.pop(), "price_list") if len(fitting) == 1 else (None, None)


def _missing(planned: PlannedRow, removed_by: RemovedBy) -> PlannedRow:
    names = (name for name in (planned.number_id, planned.phone_number) if name is not None)
    removal = next((found for name in names if (found := removed_by(name)) is not None), None)
    if removal is None:
        return replace(planned, decision=Decision.MISSING, reason="the account has no such number")
    run_id, certain = removal
    did = "released it" if certain else "sent a release for it and never learnt what became of it"
    reason = f"the account has no such number any more: run {run_id} {did}"
    return replace(planned, decision=Decision.MISSING, reason=reason, evidence=earlier_run(run_id))


def _decided(planned: PlannedRow, protected: AbstractSet[str], findings: Findings) -> PlannedRow:
    rule = next((name for name in (planned.number_id, planned.phone_number) if name in protected), None)
    if rule is not None:
        return replace(planned, decision=Decision.PROTECTED, reason=f"the protect file names {rule}")
    conflicts = findings.held.get(planned.phone_number or "", ())
    if len(conflicts) > 0:
        return replace(planned, decision=Decision.CONFLICTED, reason=held_by(conflicts), conflicts=conflicts)
    return replace(planned, decision=Decision.RELEASE, reason="no conflict found in the sources that were checked")
