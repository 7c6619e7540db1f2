"""The audit in, everything that the page prints out: figures, charts, to-do, and the rows a browser can hold.

One pass over the rows. What is kept of them is bounded: at most `MOST_ROWS`, those that need someone first.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from decom.reporting.as_retry_csv import OUTCOMES as RETRIED
from decom.reporting.charts import Bar, Part, lying_bars, standing_bars
from decom.reporting.columns import COLUMNS, cells_of
from decom.reporting.interface import Audit, AuditRow
from decom.reporting.money import Breakdown, Sums, breakdown_for
from decom.reporting.neutral import one_line
from decom.reporting.pace import Pace
from decom.reporting.timeline import Step, steps_of
from decom.reporting.todo import Holder, ToDo
from decom.reporting.words import MEANINGS, outcome_in_words, status_in_words, usd
from decom.vocabulary import Outcome

MOST_ROWS = 10_000
"""Most rows on the page."""

MOST_BARS = 12
"""Most bars of a chart of groups; the table has every group up to `MOST_GROUPS_SHOWN`."""

MOST_GROUPS_SHOWN = 200

SEVERITY = (
    Outcome.UNKNOWN,
    Outcome.FAILED,
    Outcome.CONFLICTED,
    Outcome.NOT_ATTEMPTED,
    Outcome.INVALID,
    Outcome.PROTECTED,
    Outcome.MISSING,
    Outcome.RELEASED,
    Outcome.DUPLICATE,
    Outcome.NOT_SELECTED,
)
"""The outcomes in the order in which they need someone; the page's rows come in this order."""

ATTENTION = (Outcome.UNKNOWN, Outcome.FAILED, Outcome.CONFLICTED, Outcome.NOT_ATTEMPTED, Outcome.INVALID)
"""Outcomes after which somebody has to do something."""

_IN_THE_TABLE = frozenset(
    {"row", "phone_number", "nickname", "outcome", "reason", "monthly_cost_usd", "billing_stops_on"}
)


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """One line of the table of outcomes."""

    outcome: Outcome
    name: str
    meaning: str
    rows: int
    share: str
    """`60.0 %`; empty for none."""
    rent: Decimal
    unknown: int
    """Rows of it whose rent is unknown, of those that have one."""


@dataclass(frozen=True, slots=True)
class RowLine:
    """One row of the page's table."""

    row: int
    number: str
    """The E.164 number; empty where it is not known."""
    instead: str
    """What to show in its place: the ID, else the cell of the input."""
    nickname: str
    group: str
    outcome: Outcome
    name: str
    """The outcome in words."""
    reason: str
    rent: str
    billing_stops_on: str
    facts: str
    """Every other fact that is not empty, one `heading: value` a line."""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What the template prints."""

    audit: Audit
    status: str
    outcomes: Sequence[OutcomeLine]
    attention: int
    """Rows after which somebody has to do something."""
    again: int
    """Rows that `retry.csv` holds."""
    outcome_chart: Markup
    months: Sequence[tuple[str, Sums]]
    month_chart: Markup | None
    group_column: str | None
    groups: Sequence[tuple[str, Sums]]
    groups_hidden: int
    group_chart: Markup | None
    holders: Sequence[Holder]
    held_beyond: int
    """Rows that only holders beyond the last one shown hold."""
    steps: Sequence[Step]
    pace_chart: Markup | None
    pace_words: str
    rows: Sequence[RowLine]
    rows_hidden: int
    """Rows that are only in the other reports."""


def page_facts(audit: Audit) -> PageFacts:
    """Gather everything in one pass over the audit's rows."""
    breakdown, todo, pace = breakdown_for(audit), ToDo(), Pace.of(audit.timing)
    by_outcome: defaultdict[Outcome, Sums] = defaultdict(Sums)
    shown: defaultdict[Outcome, list[RowLine]] = defaultdict(list)
    room = rows_to_show(audit.counts)
    for row in audit.rows:
        by_outcome[row.outcome].add(row)
        breakdown.add(row)
        todo.add(row)
        pace.add(row)
        if len(shown[row.outcome]) < room[row.outcome]:
            shown[row.outcome].append(_row_line(row, audit, breakdown))
    rows = [line for outcome in SEVERITY for line in shown[outcome]]
    groups, months = breakdown.groups_by_money(), breakdown.months_in_order()
    outcomes = [_outcome_line(outcome, audit, by_outcome[outcome]) for outcome in Outcome]
    return PageFacts(
        audit=audit,
        status=status_in_words(audit),
        outcomes=outcomes,
        attention=sum(audit.counts.get(outcome, 0) for outcome in ATTENTION),
        again=sum(audit.counts.get(outcome, 0) for outcome in RETRIED),
        outcome_chart=_outcome_chart(outcomes),
        months=months,
        month_chart=_month_chart(months),
        group_column=breakdown.column,
        groups=groups[:MOST_GROUPS_SHOWN],
        groups_hidden=max(0, len(groups) - MOST_GROUPS_SHOWN),
        group_chart=_group_chart(groups),
        holders=todo.holders(),
        held_beyond=todo.beyond,
        steps=steps_of(audit),
        pace_chart=pace.chart(),
        pace_words=pace.words(),
        rows=rows,
        rows_hidden=max(0, audit.input_rows - len(rows)),
    )


def rows_to_show(counts: Mapping[Outcome, int]) -> Mapping[Outcome, int]:
    """How many rows of each outcome the page shows: `MOST_ROWS` in all, those that need someone first."""
    room: Counter[Outcome] = Counter()
    left = MOST_ROWS
    for outcome in SEVERITY:
        room[outcome] = min(left, counts.get(outcome, 0))
        left -= room[outcome]
    return room


def _row_line(row: AuditRow, audit: Audit, breakdown: Breakdown) -> RowLine:
    pairs = [
        *((column.heading, cell) for column, cell in zip(COLUMNS, cells_of(row, audit.run_id), strict=True)
          if column.name not in _IN_THE_TABLE),
        *((name, cell) for at, (name, cell) in enumerate(zip(audit.other_columns, row.others, strict=True))
          if at != breakdown.at),
    ]  # fmt: skip
    return RowLine(
        row=row.row,
        number=row.phone_number or "",
        instead=row.number_id or row.input_value,
        nickname=row.nickname or "",
        group="" if breakdown.at is None else row.others[breakdown.at],
        outcome=row.outcome,
        name=outcome_in_words(row.outcome),
        reason=row.reason,
        rent=row.monthly_cost_usd or "",
        billing_stops_on=row.billing_stops_on or "",
        facts="\n".join(f"{one_line(name)}: {one_line(str(cell))}" for name, cell in pairs if cell not in (None, "")),
    )


def _outcome_line(outcome: Outcome, audit: Audit, sums: Sums) -> OutcomeLine:
    rows = audit.counts.get(outcome, 0)
    return OutcomeLine(
        outcome=outcome,
        name=outcome_in_words(outcome),
        meaning=MEANINGS[outcome],
        rows=rows,
        share="" if rows == 0 else f"{100 * rows / max(audit.input_rows, 1):.1f} %",
        rent=sums.stopping + sums.continuing,
        unknown=sums.unknown_stopping + sums.unknown_continuing,
    )


def _outcome_chart(lines: Sequence[OutcomeLine]) -> Markup:
    there = [line for line in lines if line.rows > 0]
    parts = [Part(line.name, line.outcome.value) for line in there]
    bars = [Bar(line.name, [line.rows if line is part else None for part in there]) for line in there]
    return lying_bars(bars, parts, lambda amount: f"{amount:,.0f}")


def _month_chart(months: Sequence[tuple[str, Sums]]) -> Markup | None:
    known = [(month, sums) for month, sums in months if month != ""][:24]
    if known == []:
        return None
    bars = [Bar(month, [float(sums.stopping)]) for month, sums in known]
    return standing_bars(bars, [Part("Stops", "stops")], _money_label)


def _group_chart(groups: Sequence[tuple[str, Sums]]) -> Markup | None:
    bars = [
        Bar(name if name != "" else "(no entry)", [float(sums.stopping) or None, float(sums.continuing) or None])
        for name, sums in groups[:MOST_BARS]
    ]
    if bars == []:
        return None
    return lying_bars(bars, [Part("Stops", "stops"), Part("Goes on", "stays")], _money_label)


def _money_label(amount: float) -> str:
    return usd(Decimal(str(round(amount, 2))))
