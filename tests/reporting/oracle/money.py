"""Rows of the audit in, sums of rent out: what stops, what goes on, by group and by month (exact decimals).

A number's rent counts once, with the row that carries its outcome. A cost that is absent, or is no plain decimal,
is in no sum and is counted as unknown.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from decom.planning.plan import ReportOptions
from decom.vocabulary import Outcome
from tests.reporting.oracle.interface import Audit, AuditRow, Money

STAYING = frozenset({Outcome.CONFLICTED, Outcome.FAILED, Outcome.NOT_ATTEMPTED, Outcome.PROTECTED})
"""Outcomes of numbers that are still on the account and so go on costing rent."""

GROUP_HEADERS = ("costcentre", "costcenter", "department", "team", "owner")
"""The columns to subtotal by where the user names none, in the order in which they are preferred."""

MOST_GROUPS = 10_000
"""Most groups and months that are kept apart, so that a column of a million different values fills no memory."""

OTHER_GROUPS = "(further groups)"
"""The group of the rows whose own group came after `MOST_GROUPS` others."""

MOST_OF_A_NAME = 200
"""Characters of a group's cell that are looked at and kept."""

_PLAIN_COST = re.compile(r"[0-9]{1,12}(\.[0-9]{1,10})?")


@dataclass(slots=True)
class Sums:
    """The rows and the rent of one group, or of one month."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    """Rows per outcome."""
    stopping: Decimal = Decimal(0)
    """Rent a month of released numbers, in USD."""
    continuing: Decimal = Decimal(0)
    """Rent a month of numbers that stay."""
    in_doubt: Decimal = Decimal(0)
    """Rent a month of numbers that may have been released."""
    unknown_stopping: int = 0
    """Released numbers whose cost is unknown."""
    unknown_continuing: int = 0
    """Numbers that stay and whose cost is unknown."""
    unknown_in_doubt: int = 0
    """Numbers that may have been released and whose cost is unknown."""
    from_price_list: int = 0
    """How many of the summed costs came from the price list."""

    def add(self, row: AuditRow) -> None:
        """Count one row."""
        self.outcomes[row.outcome] += 1
        stops, stays = row.outcome is Outcome.RELEASED, row.outcome in STAYING
        doubtful = row.outcome is Outcome.UNKNOWN
        if not stops and not stays and not doubtful:
            return
        cost = cost_of(row)
        if cost is None:
            self.unknown_stopping += stops
            self.unknown_continuing += stays
            self.unknown_in_doubt += doubtful
            return
        self.from_price_list += row.cost_from == "price_list"
        if stops:
            self.stopping += cost
        elif doubtful:
            self.in_doubt += cost
        else:
            self.continuing += cost

    def take(self, other: "Sums") -> None:
        """Count everything that `other` has counted."""
        self.outcomes.update(other.outcomes)
        self.stopping += other.stopping
        self.continuing += other.continuing
        self.in_doubt += other.in_doubt
        self.unknown_stopping += other.unknown_stopping
        self.unknown_continuing += other.unknown_continuing
        self.unknown_in_doubt += other.unknown_in_doubt
        self.from_price_list += other.from_price_list

    def rows(self) -> int:
        """All rows counted."""
        return self.outcomes.total()


@dataclass(slots=True)
class Breakdown:
    """A run's money taken apart; filled by one pass over the rows."""

    column: str | None
    """The input's column that names the group; None where there is none."""
    at: int | None
    """Its place in `AuditRow.others`."""
    groups: dict[str, Sums] = field(default_factory=dict)
    """By the text of the group's cell, blanks trimmed, in the input's order; empty without a column."""
    months: dict[str, Sums] = field(default_factory=dict)
    """Released rows by the month in which billing stops (`2026-12`); an empty key where that is not known."""

    def add(self, row: AuditRow) -> None:
        """Count one row."""
        if self.at is not None:
            _kept(self.groups, row.others[self.at].strip()[:MOST_OF_A_NAME]).add(row)
        if row.outcome is Outcome.RELEASED:
            _kept(self.months, (row.billing_stops_on or "")[:7]).add(row)

    def groups_by_money(self) -> list[tuple[str, Sums]]:
        """The groups, those with the most rent first; groups of equal rent by name."""
        return sorted(
            self.groups.items(), key=lambda pair: (-(pair[1].stopping + pair[1].continuing + pair[1].in_doubt), pair[0])
        )

    def months_in_order(self) -> list[tuple[str, Sums]]:
        """The months in order, the unknown one last."""
        return sorted(self.months.items(), key=lambda pair: (pair[0] == "", pair[0]))


def cost_of(row: AuditRow) -> Decimal | None:
    """The rent a month in USD; None where it is unknown or not written as a plain decimal."""
    return cost_of_text(row.monthly_cost_usd)


def cost_of_text(text: str | None) -> Decimal | None:
    """As `cost_of`."""
    if text is None or _PLAIN_COST.fullmatch(text) is None:
        return None
    return Decimal(text)


def add_up(rows: Iterable[AuditRow]) -> Money:
    """The money of a run: one pass over `rows`."""
    sums = Sums()
    for row in rows:
        sums.add(row)
    return Money(
        stopping=sums.stopping,
        continuing=sums.continuing,
        in_doubt=sums.in_doubt,
        unknown_stopping=sums.unknown_stopping,
        unknown_continuing=sums.unknown_continuing,
        unknown_in_doubt=sums.unknown_in_doubt,
        from_price_list=sums.from_price_list,
    )


def breakdown_for(audit: Audit) -> Breakdown:
    """An empty breakdown with the audit's group column, to be filled by the pass that a format makes anyway."""
    at = group_column(audit.options, audit.other_columns)
    return Breakdown(column=None if at is None else audit.other_columns[at], at=at)


def group_column(options: ReportOptions, other_columns: Sequence[str]) -> int | None:
    """Which of the other columns to subtotal by; None where the column asked for, or any of the usual, is absent.

    Headers match without regard to case, blanks, `_` and `-`; of several the leftmost is taken.
    """
    wanted = GROUP_HEADERS if options.group_by is None else (normalised(options.group_by),)
    headers = [normalised(header) for header in other_columns]
    return next((headers.index(name) for name in wanted if name in headers), None)


def normalised(header: str) -> str:
    """A header as it is compared: without regard to case, blanks, `_` and `-`."""
    return "".join(header.split()).replace("_", "").replace("-", "").lower()


def dollars(amount: Decimal) -> str:
    """An exact decimal string with at least two places: `312.50`, `0.00`, `1.005`."""
    places = -int(amount.as_tuple().exponent)
    return str(amount.quantize(Decimal("0.01"))) if places < 2 else f"{amount:f}"


def _kept(sums: dict[str, Sums], name: str) -> Sums:
    found = sums.get(name)
    if found is None:
        found = sums.setdefault(name if len(sums) < MOST_GROUPS else OTHER_GROUPS, Sums())
    return found
