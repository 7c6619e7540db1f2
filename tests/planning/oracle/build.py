"""The plan as it was decided row by row, before it was a table: what `decide.plan_table` is compared with.

The order of the questions is the rule: not selected, invalid, duplicate, missing, protected, conflicted, release. The
first that fits wins, and only a row that none of the first six fits is released, as far as the limit goes.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from decom.dialnexa.models import Number, Price
from decom.phone_numbers.numbering import is_e164, possible
from decom.phone_numbers.reading import Known, Readings
from decom.planning.instructions import compared
from decom.planning.number_status import in_other_hands, unusual
from decom.planning.plan import PlannedRow, why_conflicted
from decom.planning.removed import Removed
from decom.planning.selection import ALL_ROWS, Choice, InColumn, Named
from decom.planning.survey import Survey
from decom.vocabulary import Decision, earlier_run
from tests.planning.oracle.rows import Row


@dataclass(frozen=True, slots=True)
class _Match:
    """A row and what the account has for it."""

    number: Number | None
    """None: not on the account."""
    problem: str | None = None
    """Why the row cannot be matched at all; None where it can."""
    gone: Removed | None = None
    """What is known of a number that the account has no more."""


def build(
    rows: Sequence[Row],
    findings: Survey,
    protected: AbstractSet[str],
    removed: Sequence[Removed],
    choice: Choice = ALL_ROWS,
) -> Iterator[PlannedRow]:
    """Decide every row, in order. `protected` holds IDs and E.164 numbers."""
    account = _Account(findings.numbers, removed)
    passed_over = _passed_over(rows, account, choice)
    carried_by: dict[str, int] = {}
    releases = 0
    for row in rows:
        match = account.match(row)
        planned = _blank(row) if match.gone is None else account.named_as_gone(_blank(row), match.gone)
        left_out = _left_out(row, planned, match.number, choice)
        if left_out is not None:
            yield left_out
            continue
        if match.problem is not None:
            yield replace(planned, decision=Decision.INVALID, reason=match.problem)
            continue
        if match.number is not None:
            planned = _described(planned, match.number, findings.prices)
        # One number may be named by its ID in one row and by its E.164 number in another.
        key = account.key(row, match)
        first = carried_by.setdefault(key, row.row)
        if key in passed_over:
            other, why = passed_over[key]
            yield replace(planned, decision=Decision.INVALID, reason=f"row {other} has the same number, and {why}")
        elif first != row.row:
            reason = f"the same number as row {first}, which carries the decision"
            yield replace(planned, decision=Decision.DUPLICATE, reason=reason, duplicate_of=first)
        elif match.number is None:
            yield _missing(planned, match.gone)
        else:
            decided = _decided(planned, match.number, protected, findings)
            releases += decided.decision is Decision.RELEASE
            yield decided if choice.limit is None or releases <= choice.limit else _beyond(decided, choice.limit)


def undecided(rows: Iterable[Row], choice: Choice = ALL_ROWS) -> Iterator[PlannedRow]:
    """The rows of a run whose account could not be asked: bad cells are invalid, all others have no decision, but for
    those that a column leaves out."""
    for row in rows:
        planned = _blank(row)
        why = left_out_by_column(choice, row)
        if why is not None:
            planned = replace(planned, decision=Decision.NOT_SELECTED, reason=why)
        elif row.problem is None:
            planned = replace(planned, decision=None, reason="the account could not be queried")
        yield planned


def _passed_over(rows: Sequence[Row], account: "_Account", choice: Choice) -> Mapping[str, tuple[int, str]]:
    """The numbers of rows that a column leaves out, each with its first such row and why.

    Where another row with the same number is meant, the list says two things of one number, and it stays.
    """
    found: dict[str, tuple[int, str]] = {}
    if len(choice.only) + len(choice.exclude) > 0:
        for row in rows:
            why = left_out_by_column(choice, row)
            if why is not None and row.problem is None:
                found.setdefault(account.key(row, account.match(row)), (row.row, why))
    return found


def _left_out(row: Row, planned: PlannedRow, number: Number | None, choice: Choice) -> PlannedRow | None:
    """The row as not selected; None where it is. What it costs is no affair of this run."""
    if number is not None:
        planned = replace(_described(planned, number, ()), monthly_cost_usd=None, cost_from=None)
    why = left_out_by_column(choice, row)
    if why is None:
        why = left_out_by_name(choice, planned)
    return None if why is None else replace(planned, decision=Decision.NOT_SELECTED, reason=why)


def _beyond(decided: PlannedRow, limit: int) -> PlannedRow:
    if decided.decision is not Decision.RELEASE:
        return decided
    reason = f"beyond the first {limit:,} releases (--limit)"
    return replace(decided, decision=Decision.NOT_SELECTED, reason=reason, monthly_cost_usd=None, cost_from=None)


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


class _Account:
    """The account's numbers, and those that earlier runs removed, to be found by what a row says of them."""

    def __init__(self, numbers: Mapping[str, Number], removed: Sequence[Removed]) -> None:
        self._by_id = numbers
        self._by_phone: dict[str, tuple[Number, ...]] = {}
        for number in numbers.values():
            if number.phone_number is not None:
                self._by_phone[number.phone_number] = (*self._by_phone.get(number.phone_number, ()), number)
        self._gone_by_id: dict[str, Removed] = {}
        self._gone_by_phone: dict[str, Removed] = {}
        self._written: dict[str, list[str]] = {}
        for gone in removed:
            if gone.number_id not in numbers:
                self._gone_by_id.setdefault(gone.number_id, gone)
            if gone.phone_number is not None:
                self._gone_by_phone.setdefault(gone.phone_number, gone)
                for text in gone.written:
                    if text != gone.phone_number:
                        self._written.setdefault(text, []).append(gone.phone_number)
        self._known = Known(filter(is_e164, {**self._by_phone, **self._gone_by_phone}))

    def named_as_gone(self, planned: PlannedRow, gone: Removed) -> PlannedRow:
        """The row with the names of the number that is gone; its ID may be another number's by now."""
        number_id = None if gone.number_id in self._by_id else gone.number_id
        return replace(
            planned,
            number_id=number_id or planned.number_id,
            phone_number=gone.phone_number or planned.phone_number,
        )

    def key(self, row: Row, match: _Match) -> str:
        """What tells one number from another, whichever way a row names it."""
        if match.number is not None:
            return match.number.id
        named = _blank(row) if match.gone is None else self.named_as_gone(_blank(row), match.gone)
        return named.number_id or named.phone_number or ""

    def match(self, row: Row) -> _Match:
        """The number that a row means, never guessed: ID and number must agree where a row has both."""
        if row.problem is not None:
            return _Match(None, row.problem)
        if row.number is not None and len(within := self._known.within(row.number)) > 0:
            is_or_was = "is" if within[0] in self._by_phone else "was"
            why = f"more than one value in this cell: {within[0]} {is_or_was} a number of the account by itself"
            return _Match(None, why)
        if row.number_id is not None:
            return self._match_by_id(row, row.number_id)
        return _Match(None) if row.number is None else self._match_by_number(row, row.number)

    def _match_by_id(self, row: Row, number_id: str) -> _Match:
        number = self._by_id.get(number_id)
        meant = () if row.number is None else row.number.numbers
        if number is None:
            return self._match_by_id_of_gone(meant, number_id)
        if row.number is not None and number.phone_number not in meant:
            return _Match(
                None,
                f"ID and number do not belong together: {number.id} is {number.phone_number} on the account,"
                f" the row says {meant[0]}",
            )
        return _usable(number)

    def _match_by_id_of_gone(self, meant: Sequence[str], number_id: str) -> _Match:
        gone = self._gone_by_id.get(number_id)
        if gone is not None:
            if len(meant) == 0 or gone.phone_number is None or gone.phone_number in meant:
                return _Match(None, gone=gone)
            return _Match(
                None,
                f"ID and number do not belong together: {number_id} was {gone.phone_number} on the account,"
                f" the row says {meant[0]}",
            )
        phone = next((each for each in meant if each in self._by_phone or each in self._gone_by_phone), None)
        if phone is None:
            return _Match(None)
        if phone in self._by_phone:
            has = f"but has {phone} as {self._by_phone[phone][0].id}"
        else:
            has = f"and had {phone} as {self._gone_by_phone[phone].number_id}"
        return _Match(None, f"the account has no {number_id}, {has}: which is meant?")

    def _match_by_number(self, row: Row, said: Readings) -> _Match:
        """A number without an ID: taken where exactly one of its readings is known, certain or not."""
        written = self._written.get(row.input_value, [])
        meant = list(dict.fromkeys((*self._known.meant_by(said), *written)))
        if said.is_plain and len(written) == 0:
            meant = [each for each in said.numbers if each in self._by_phone or each in self._gone_by_phone]
        are_there = all(each in self._by_phone for each in meant)
        if len(meant) > 1:
            listed, has = " or ".join(meant), "has both" if are_there else "has or had both"
            return _Match(None, f"ambiguous: {_shown(row)} can be {listed}, and the account {has}: {_IN_FULL}")
        if len(meant) == 0:
            return _Match(None, _why_not_missing(row, said))
        if meant[0] not in (*said.numbers, *written):
            has = "has" if are_there else "had"
            return _Match(None, f"{_shown(row)} has no country code, and the account {has} {meant[0]}: {_IN_FULL}")
        if meant[0] not in self._by_phone:
            return _Match(None, gone=self._gone_by_phone[meant[0]])
        found = self._by_phone[meant[0]]
        if len(found) > 1:
            ids = ", ".join(number.id for number in found)
            return _Match(None, f"ambiguous: the account has {meant[0]} {len(found)} times ({ids}): use the ID")
        return _usable(found[0])


_IN_FULL = "write it with + and its country code"


def _shown(row: Row) -> str:
    return repr(row.input_value.strip()[:60])


def _why_not_missing(row: Row, said: Readings) -> str | None:
    """Why a row that names no known number is invalid; None where it is missing: it can mean one number only, and
    that can be one."""
    number = said.numbers[0]
    if not said.certain:
        if len(said.numbers) > 1:
            return f"{_shown(row)} can be {' or '.join(said.numbers)}, and the account has neither: {_IN_FULL}"
        if "+" in row.input_value:
            return f"{_shown(row)} may mean more than {number}, which the account does not have: write it in full"
        why = "has no country code that can be trusted"
        return f"{_shown(row)} {why}, and the account has no {number}: {_IN_FULL}, or use --region"
    if not possible(number):
        return f"no phone number is like {number}, and the account has none such: too many digits, too few, or a typo?"
    return None


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


def _missing(planned: PlannedRow, removal: Removed | None) -> PlannedRow:
    if removal is None:
        return replace(planned, decision=Decision.MISSING, reason="not on the account")
    did = "released it" if removal.is_certain else "sent a release request for it, with unknown outcome"
    reason = f"no longer on the account: run {removal.run_id} {did}"
    return replace(planned, decision=Decision.MISSING, reason=reason, evidence=earlier_run(removal.run_id))


def _decided(planned: PlannedRow, number: Number, protected: AbstractSet[str], findings: Survey) -> PlannedRow:
    rule = next((name for name in (planned.number_id, planned.phone_number) if name in protected), None)
    if rule is not None:
        return replace(planned, decision=Decision.PROTECTED, reason=f"on the protect list: {rule}")
    conflicts = (*findings.held.get(planned.phone_number or "", ()), *in_other_hands(number))
    if len(conflicts) > 0:
        return replace(planned, decision=Decision.CONFLICTED, reason=why_conflicted(conflicts), conflicts=conflicts)
    reason = "no conflict found in the sources that were checked"
    if (status := unusual(number.status)) is not None:
        reason = f"{reason}; the number's own status is {status!r}"
    return replace(planned, decision=Decision.RELEASE, reason=reason)


def left_out_by_column(choice: Choice, row: Row) -> str | None:
    """Why a row is left out for what stands in its columns; None where it is not."""
    for column, rules in itertools.groupby(choice.only, key=lambda rule: (rule.at, rule.column)):
        if not any(_has(row, rule) for rule in rules):
            return f"{column[1]} is {row.others[column[0]]!r}, not selected by --only"
    excluded = next((rule for rule in choice.exclude if _has(row, rule)), None)
    return None if excluded is None else f"{excluded.column} is {row.others[excluded.at]!r}, left out by --exclude"


def _has(row: Row, rule: InColumn) -> bool:
    return compared(row.others[rule.at]) == compared(rule.value)


def left_out_by_name(choice: Choice, planned: PlannedRow) -> str | None:
    """Why a row, with what the account has for it, is left out for the number that it names."""
    if len(choice.only_named) > 0 and not any(_names(named, planned) for named in choice.only_named):
        return "not among the numbers that --only names"
    excluded = next((named for named in choice.exclude_named if _names(named, planned)), None)
    return None if excluded is None else f"left out by --exclude {excluded.value}"


def _names(named: Named, planned: PlannedRow) -> bool:
    meant = () if named.reading.number is None else named.reading.number.numbers
    is_id = planned.number_id is not None and planned.number_id == named.reading.number_id
    return is_id or planned.phone_number in meant
