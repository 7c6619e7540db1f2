"""Sums in, the workbook's first sheet out: what was asked, what became of it, and that it all ties."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from decom.reporting.interface import Audit, AuditRow
from decom.reporting.money import Breakdown, Sums
from decom.reporting.words import MEANINGS, headline, outcome_in_words
from decom.reporting.xlsx_rows import SHEETS, set_up_page
from decom.reporting.xlsx_sheet import Lines, Value, moment_of
from decom.vocabulary import Outcome, SourceState

_SUMMARY_WIDTHS = (30, 22, 12, 20, 18, 16, 60)
_MOST_DIFFERENCES = 1_000
_UNKNOWN_MONTH = "not known"


@dataclass(slots=True)
class Tally:
    """What was really written to the sheets of rows; the control totals compare it with the audit's own sums."""

    by_outcome: defaultdict[Outcome, Sums] = field(default_factory=lambda: defaultdict(Sums))

    def add(self, row: AuditRow) -> None:
        """Count one written row."""
        self.by_outcome[row.outcome].add(row)

    def rows(self) -> int:
        """All rows written."""
        return sum(sums.rows() for sums in self.by_outcome.values())


def write_summary(lines: Lines, audit: Audit, breakdown: Breakdown, tally: Tally) -> None:
    """The first sheet: what was asked, what became of it, the money, what to mistrust, and that it all ties."""
    lines.widths(_SUMMARY_WIDTHS)
    set_up_page(lines, audit, "Summary")
    lines.sheet.set_row(0, 30)
    lines.line("Phone numbers taken out of service", formats=[lines.look.title])
    lines.line(headline(audit))
    lines.skip()
    _outcomes(lines, audit, tally)
    _money(lines, audit, breakdown)
    _controls(lines, audit, breakdown, tally)
    _doubts(lines, audit)
    _asked(lines, audit)


def _outcomes(lines: Lines, audit: Audit, tally: Tally) -> None:
    lines.heading(
        "Outcome",
        "Rows",
        "Share",
        "Rent (USD/month)",
        "Rent unknown",
        "Sheet",
        "What it means",
        numbers=range(1, 5),
    )
    for outcome in Outcome:
        rows, sums = audit.counts.get(outcome, 0), tally.by_outcome[outcome]
        share = _share(rows, audit.input_rows)
        lines.line(
            outcome_in_words(outcome), rows, share, sums.stopping + sums.continuing,
            sums.unknown_stopping + sums.unknown_continuing, SHEETS[outcome], MEANINGS[outcome],
            formats=[None, None, lines.look.share],
        )  # fmt: skip
    money = audit.money
    unknown = money.unknown_stopping + money.unknown_continuing
    lines.total("All rows", sum(audit.counts.values()), None, money.stopping + money.continuing, unknown)
    if audit.gone_before_us > 0:
        lines.line(
            f"Of the missing, {audit.gone_before_us:,} were on the account when the plan was made and gone when asked.",
            formats=[lines.look.small],
        )
    lines.skip()


def _money(lines: Lines, audit: Audit, breakdown: Breakdown) -> None:
    money = audit.money
    lines.heading("Money (USD)", "A month", "", "In twelve months", "Rent unknown", numbers=range(1, 5))
    lines.line("Stops: released", money.stopping, None, money.stopping * 12, money.unknown_stopping)
    lines.line("Goes on: still there", money.continuing, None, money.continuing * 12, money.unknown_continuing)
    if money.from_price_list > 0:
        note = f"{money.from_price_list:,} of these rents come from the price list, the others from the numbers."
        lines.line(note, formats=[lines.look.small])
    lines.skip()
    lines.heading("Billing stops in", "A month", "Numbers", "", "Rent unknown", numbers=range(1, 5))
    for month, sums in breakdown.months_in_order():
        name = month if month != "" else _UNKNOWN_MONTH
        lines.line(name, sums.stopping, sums.rows(), None, sums.unknown_stopping)
    if breakdown.months == {}:
        lines.line("Nothing was released.", formats=[lines.look.small])
    elif "" in breakdown.months:
        note = "Where the billing cycle is not known no date is given; rent stops when the number's cycle ends."
        lines.line(note, formats=[lines.look.small])
    lines.skip()


def _controls(lines: Lines, audit: Audit, breakdown: Breakdown, tally: Tally) -> None:
    lines.heading("Control total", "Expected", "", "In this workbook", "Result", numbers=range(1, 4))
    written = tally.by_outcome
    money = audit.money
    checks: list[tuple[str, Value, Value]] = [("Rows of the input", audit.input_rows, tally.rows())]
    checks += [
        (f"Rows {outcome_in_words(outcome).lower()}", audit.counts.get(outcome, 0), written[outcome].rows())
        for outcome in Outcome
    ]
    stopping = sum((sums.stopping for sums in written.values()), Decimal(0))
    continuing = sum((sums.continuing for sums in written.values()), Decimal(0))
    checks += [("Rent that stops", money.stopping, stopping), ("Rent that goes on", money.continuing, continuing)]
    if breakdown.column is not None:
        groups = breakdown.groups.values()
        checks += [
            ("Rows over all groups", audit.input_rows, sum(sums.rows() for sums in groups)),
            ("Rent that stops, all groups", money.stopping, sum((s.stopping for s in groups), Decimal(0))),
            ("Rent that goes on, all groups", money.continuing, sum((s.continuing for s in groups), Decimal(0))),
        ]
    for name, expected, found in checks:
        ties = expected == found
        result = lines.look.good if ties else lines.look.bad
        formats = [None, None, None, None, result]
        lines.line(name, expected, None, found, "ties" if ties else "DOES NOT TIE", formats=formats)
    note = "Every row of the input stands on exactly one of the sheets of rows."
    lines.line(note, formats=[lines.look.small])
    lines.skip()


def _doubts(lines: Lines, audit: Audit) -> None:
    lines.heading("What was not checked", "")
    not_checked = [source for source in audit.sources if source.state is SourceState.NOT_CHECKED]
    for source in not_checked:
        lines.line(source.name, source.why, formats=[lines.look.bad])
    if not_checked == []:
        lines.line("Every source of conflicts that this account has and shows was read to its end.")
    lines.skip()
    lines.heading("Looked at again", "")
    if audit.verification is None:
        lines.line("Nobody has compared the account with this report yet: decom verify does.")
    else:
        lines.line("Compared (UTC)", moment_of(audit.verification.at))
        differences = audit.verification.differences
        for difference in differences[:_MOST_DIFFERENCES]:
            lines.line("Difference", difference, formats=[lines.look.bad])
        if len(differences) > _MOST_DIFFERENCES:
            lines.line(f"{len(differences) - _MOST_DIFFERENCES:,} more differences: see audit.json.")
        if differences == ():
            lines.line("The account was as this report says.", formats=[lines.look.good])
    lines.skip()


def _asked(lines: Lines, audit: Audit) -> None:
    lines.heading("What was asked, by whom, when", "")
    timing = audit.timing
    facts: Sequence[tuple[str, Value]] = (
        ("Run", audit.run_id),
        ("Status", audit.status if audit.why is None else f"{audit.status} ({audit.why})"),
        ("Exit code", audit.exit_code),
        ("Workspace", audit.workspace),
        ("Service", audit.base_url),
        ("Started by", audit.operator),
        ("Input file", audit.input_name),
        ("Its SHA-256", audit.input_sha256),
        ("Its rows", audit.input_rows),
        ("Its blank rows, in no report", audit.input_blank_rows),
        ("Planned (UTC)", moment_of(timing.planned_at)),
        ("Releasing began (UTC)", moment_of(timing.released_from)),
        ("Releasing ended (UTC)", moment_of(timing.released_to)),
        ("Verified (UTC)", moment_of(timing.verified_at)),
        ("Parts", timing.parts),
        ("Ledger head", audit.ledger_head),
    )
    for name, value in facts:
        lines.line(name, value, formats=[lines.look.label])
    for note in audit.notes:
        lines.line("Note", note, formats=[lines.look.label])


def _share(rows: int, of: int) -> Decimal | None:
    return None if of == 0 else Decimal(rows) / Decimal(of)
