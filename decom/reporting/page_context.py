"""Everything that the page prints, from the audit: figures, charts, to-do, and the rows a browser can hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from decom.reporting.csv_files import RETRIED, conflicts_in_words
from decom.reporting.formula_safe import single_line
from decom.reporting.interface import Audit
from decom.reporting.statement import by_group, by_month, by_outcome, group_column, holders
from decom.reporting.throughput import Stretches, stretches
from decom.reporting.timeline import Step, steps_of
from decom.reporting.words import heading, is_known, outcome_in_words, usd
from decom.tables import in_file, lines_of
from decom.vocabulary import OUTCOME_MEANINGS, Outcome

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 10_000
"""Most rows on the page."""

MOST_BARS = 12
"""Most bars of a chart of groups; the table has every group up to `MOST_GROUPS_SHOWN`."""

MOST_GROUPS_SHOWN = 200
MOST_MONTHS_DRAWN = 24
MOST_HOLDERS_SHOWN = 1_000
MOST_NAMED = 50
"""Most numbers that are listed with one holder."""

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
_LONGEST_LABEL = 28
"""Characters; a longer label is cut with an ellipsis, the table beside the chart has it whole."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart."""

    label: str
    parts: Sequence[tuple[str, float]]
    """The parts that it is made of: the class that the style sheet colours, and how large each is."""
    shown: str
    """What stands at its end."""

    @property
    def size(self) -> float:
        """Of all its parts."""
        return sum(size for _, size in self.parts)


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """One line of the table of outcomes."""

    outcome: Outcome
    name: str
    meaning: str
    rows: int
    share: str
    """`60.0 %`; empty for none."""
    cost: Decimal
    """Monthly cost in USD: ending, continuing or not known which."""
    unknown: int
    """Rows of it without a price, of those that should have one."""


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
    cost: str
    billing_stops_on: str
    facts: str
    """Every other fact that is not empty, one `heading: value` a line."""


@dataclass(frozen=True, slots=True)
class Blocker:
    """One thing to reconfigure."""

    source: str
    id: str
    name: str
    status: str
    numbers: int
    """How many rows it holds back."""
    cost: Decimal
    """Their monthly cost in USD, as far as it is known."""
    unknown: int
    """How many of them have no price."""
    first: Sequence[Any]
    """The first `MOST_NAMED` of them, as rows of the audit."""


@dataclass(frozen=True, slots=True)
class PageContext:
    """What the template prints."""

    audit: Audit
    status: str
    outcomes: Sequence[OutcomeLine]
    attention: int
    """Rows after which somebody has to do something."""
    again: int
    """Rows that `retry.csv` holds."""
    outcome_bars: Sequence[Bar]
    months: Sequence[Any]
    """Lines of the statement."""
    month_bars: Sequence[Bar]
    group_column: str | None
    groups: Sequence[Any]
    """Lines of the statement."""
    groups_hidden: int
    group_bars: Sequence[Bar]
    blockers: Sequence[Blocker]
    held_beyond: int
    """Rows under holders that are not shown."""
    steps: Sequence[Step]
    throughput: Stretches
    throughput_bars: Sequence[Bar]
    rows: Sequence[RowLine]
    rows_hidden: int
    """Rows that are only in the other reports."""


def page_context(audit: Audit) -> PageContext:
    """Everything, counted and worded."""
    at = group_column(audit.options, audit.other_columns)
    groups, months = by_group(audit), by_month(audit)
    outcomes = [_outcome_line(line, audit) for line in lines_of(by_outcome(audit))]
    rows = _rows(audit, at)
    blockers, beyond = blockers_of(audit, MOST_HOLDERS_SHOWN)
    pace = stretches(audit)
    return PageContext(
        audit=audit,
        status=heading(audit),
        outcomes=outcomes,
        attention=sum(audit.counts.get(outcome, 0) for outcome in ATTENTION),
        again=sum(audit.counts.get(outcome, 0) for outcome in RETRIED),
        outcome_bars=[
            Bar(line.name, [(line.outcome, line.rows)], f"{line.rows:,}") for line in outcomes if line.rows > 0
        ],
        months=list(lines_of(months)),
        month_bars=_month_bars(months),
        group_column=None if at is None else audit.other_columns[at],
        groups=list(lines_of(groups.head(MOST_GROUPS_SHOWN))),
        groups_hidden=max(0, len(groups) - MOST_GROUPS_SHOWN),
        group_bars=_group_bars(groups),
        blockers=blockers,
        held_beyond=beyond,
        steps=steps_of(audit),
        throughput=pace,
        throughput_bars=_throughput_bars(pace),
        rows=rows,
        rows_hidden=max(0, audit.input_rows - len(rows)),
    )


def rows_to_show(outcomes: "pd.Series[Any]") -> "pd.Index[Any]":
    """Which rows the page shows: `MOST_ROWS` at most, those that need someone first, else in the input's order."""
    rank = outcomes.astype(object).map({outcome.value: at for at, outcome in enumerate(SEVERITY)})
    return rank.sort_values(kind="stable").index[:MOST_ROWS]


def blockers_of(audit: Audit, most: int) -> tuple[Sequence[Blocker], int]:
    """The `most` things that hold most rows back, and how many rows are under further ones."""
    things, held = holders(audit)
    shown = things.head(most)
    first = held[held["holder"].isin(shown.index)].groupby("holder", sort=False).head(MOST_NAMED)
    named: dict[int, list[Any]] = {holder: [] for holder in shown.index}
    for holder, row in zip(first["holder"], lines_of(audit.rows.take(first["place"].to_numpy())), strict=True):
        named[holder].append(row)
    found = [
        Blocker(
            thing.source,
            thing.conflict_id,
            thing.name,
            thing.status,
            thing.rows,
            thing.continuing_usd,
            thing.unknown_continuing,
            named[thing.Index],
        )
        for thing in lines_of(shown)
    ]
    return found, int(things["rows"].sum() - shown["rows"].sum())


def _rows(audit: Audit, group_at: int | None) -> list[RowLine]:
    """The rows that the page shows, those that need someone first, else in the input's order."""
    shown = rows_to_show(audit.rows["outcome"])
    rows, others = audit.rows.loc[shown], audit.others.loc[shown]
    rows = rows.assign(conflicts=rows["conflicts"].map(conflicts_in_words).astype(object))
    rows = rows.astype(object).where(rows.notna(), None)
    beside = others.itertuples(index=False, name=None)
    columns = [column for column in in_file("U") if column.name not in _IN_THE_TABLE]
    return [
        _row_line(row, cells, group_at, [(column.heading, getattr(row, column.name)) for column in columns], audit)
        for row, cells in zip(lines_of(rows), beside, strict=True)
    ]


def _row_line(
    row: Any, others: Sequence[str], group_at: int | None, facts: list[tuple[str, Any]], audit: Audit
) -> RowLine:
    beside = [
        (name, cell) for at, (name, cell) in enumerate(zip(audit.other_columns, others, strict=True)) if at != group_at
    ]
    outcome = Outcome(row.outcome)
    return RowLine(
        row=row.row,
        number=row.phone_number or "",
        instead=row.number_id or row.input_value,
        nickname=row.nickname or "",
        group="" if group_at is None else others[group_at],
        outcome=outcome,
        name=outcome_in_words(outcome),
        reason=row.reason,
        cost=row.monthly_cost_usd or "",
        billing_stops_on=row.billing_stops_on or "",
        facts="\n".join(
            f"{single_line(name)}: {single_line(str(cell))}"
            for name, cell in [*facts, *beside]
            if cell not in (None, "")
        ),
    )


def _outcome_line(line: Any, audit: Audit) -> OutcomeLine:
    outcome = Outcome(line.name)
    rows = audit.counts.get(outcome, 0)
    return OutcomeLine(
        outcome=outcome,
        name=outcome_in_words(outcome),
        meaning=OUTCOME_MEANINGS[outcome],
        rows=rows,
        share="" if rows == 0 else f"{100 * rows / max(audit.input_rows, 1):.1f} %",
        cost=line.ending_usd + line.continuing_usd + line.in_doubt_usd,
        unknown=line.unknown_ending + line.unknown_continuing + line.unknown_in_doubt,
    )


def _month_bars(months: "pd.DataFrame") -> list[Bar]:
    known = months[months["name"].ne("")].head(MOST_MONTHS_DRAWN)
    return [
        Bar(line.name, [("ending", float(line.ending_usd))], _rounded(line.ending_usd, line.unknown_ending))
        for line in lines_of(known)
    ]


def _group_bars(groups: "pd.DataFrame") -> list[Bar]:
    return [
        Bar(
            _label(line.name or "(no entry)"),
            [
                ("ending", float(line.ending_usd)),
                ("continuing", float(line.continuing_usd)),
                ("unknown", float(line.in_doubt_usd)),
            ],
            _rounded(
                line.ending_usd + line.continuing_usd + line.in_doubt_usd,
                line.unknown_ending + line.unknown_continuing + line.unknown_in_doubt,
            ),
        )
        for line in lines_of(groups.head(MOST_BARS))
    ]


def _rounded(amount: Decimal, unknown: int) -> str:
    """What stands at the end of a bar of money; nothing where nothing of it is known."""
    return usd(round(amount, 2)) if is_known(amount, unknown) else ""


def _throughput_bars(pace: Stretches) -> list[Bar]:
    """No bars where nothing was released or it took a single stretch."""
    if pace.begin is None or sum(pace.counts) == 0 or len(pace.counts) < 2:
        return []
    return [
        Bar(f"{pace.begin + at * pace.length:%H:%M:%S}", [(Outcome.RELEASED, count)], f"{count:,}")
        for at, count in enumerate(pace.counts)
    ]


def _label(text: str) -> str:
    shown = single_line(text)
    return shown if len(shown) <= _LONGEST_LABEL else f"{shown[: _LONGEST_LABEL - 1]}…"
