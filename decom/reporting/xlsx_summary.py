"""The workbook's first sheet: what was asked, what became of it, and that it all adds up."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from decom.reporting.interface import Audit
from decom.reporting.statement import STAYING, by_month, by_outcome, group_column
from decom.reporting.words import headline, is_known, outcome_in_words, parts_of
from decom.reporting.xlsx_rows import SHEETS, Written
from decom.reporting.xlsx_sheet import Lines, Value, moment_of, set_up_page
from decom.tables import lines_of
from decom.vocabulary import OUTCOME_MEANINGS, Outcome, SourceState

if TYPE_CHECKING:
    import pandas as pd

_SUMMARY_WIDTHS = (30, 22, 12, 20, 18, 16, 60)
_MOST_DIFFERENCES = 1_000
_UNKNOWN_MONTH = "not known"


def write_summary(lines: Lines, audit: Audit, groups: "pd.DataFrame", written: Written) -> None:
    """The first sheet: what was asked, what became of it, the money, what to mistrust, and that it all adds up."""
    lines.widths(_SUMMARY_WIDTHS)
    set_up_page(lines, audit.run_id)
    lines.sheet.set_row(0, 30)
    lines.line("Released phone numbers", formats=[lines.look.title])
    lines.line(headline(audit))
    lines.skip()
    _outcomes(lines, audit)
    _money(lines, audit)
    _controls(lines, audit, groups, written)
    _doubts(lines, audit)
    _asked(lines, audit)


def _outcomes(lines: Lines, audit: Audit) -> None:
    lines.heading(
        "Outcome", "Rows", "Share", "Monthly cost (USD)", "Without a price", "Sheet", "What it means",
        numbers=range(1, 5),
    )  # fmt: skip
    for sums in lines_of(by_outcome(audit)):
        outcome = Outcome(sums.name)
        rows = audit.counts.get(outcome, 0)
        cost = sums.ending_usd + sums.continuing_usd + sums.in_doubt_usd
        unknown = sums.unknown_ending + sums.unknown_continuing + sums.unknown_in_doubt
        lines.line(
            outcome_in_words(outcome), rows, _share(rows, audit.input_rows), _known(cost, unknown), unknown,
            SHEETS[outcome], OUTCOME_MEANINGS[outcome],
            formats=[None, None, lines.look.share],
        )  # fmt: skip
    money = audit.money
    known = _known(money.total, money.unknown)
    lines.total("All rows", sum(audit.counts.values()), None, known, money.unknown)
    if audit.gone_before_us > 0:
        were = "was" if audit.gone_before_us == 1 else "were"
        lines.line(
            f"Of the missing, {audit.gone_before_us:,} {were} on the account when planned but gone at release.",
            formats=[lines.look.small],
        )
    lines.skip()


def _money(lines: Lines, audit: Audit) -> None:
    money = audit.money
    lines.heading("Money (USD)", "Per month", "", "Annualized", "Without a price", numbers=range(1, 5))
    names = ("Ending: released", "Continuing: still there", "Not known which: unknown")
    for name, (_, amount, unknown) in zip(names, parts_of(money), strict=False):
        lines.line(name, _known(amount, unknown), None, _known(amount * 12, unknown), unknown)
    if money.from_price_list > 0:
        note = f"{money.from_price_list:,} of these prices come from the price list, the others from the numbers."
        lines.line(note, formats=[lines.look.small])
    lines.skip()
    lines.heading("Billing stops in", "Per month", "Numbers", "", "Without a price", numbers=range(1, 5))
    months = by_month(audit)
    for month in lines_of(months):
        name = month.name if month.name != "" else _UNKNOWN_MONTH
        lines.line(name, _known(month.ending_usd, month.unknown_ending), month.rows, None, month.unknown_ending)
    if len(months) == 0:
        lines.line("Nothing was released.", formats=[lines.look.small])
    elif months["name"].eq("").any():
        note = "Where the billing cycle is not known no month is given; the cost ends when the number's cycle ends."
        lines.line(note, formats=[lines.look.small])
    lines.skip()


def _controls(lines: Lines, audit: Audit, groups: "pd.DataFrame", written: Written) -> None:
    """What the run says beside what went into the sheets, counted and added up again line by line."""
    lines.heading("Control total", "Expected", "", "In this workbook", "Result", numbers=range(1, 4))
    money = audit.money
    checks: list[tuple[str, Value, Value]] = [("Rows of the input", audit.input_rows, written.rows.total())]
    checks += [
        (f"Rows {outcome_in_words(outcome).lower()}", audit.counts.get(outcome, 0), written.rows[outcome])
        for outcome in Outcome
    ]
    continuing = sum((written.usd[outcome] for outcome in STAYING), Decimal(0))
    checks += [
        ("Monthly cost ending", money.stopping, written.usd[Outcome.RELEASED]),
        ("Monthly cost continuing", money.continuing, continuing),
        ("Monthly cost not known which", money.in_doubt, written.usd[Outcome.UNKNOWN]),
    ]
    if group_column(audit.options, audit.other_columns) is not None:
        checks += [
            ("Rows over all groups", audit.input_rows, sum(groups["rows"].tolist())),
            ("Monthly cost ending, all groups", money.stopping, sum(groups["ending_usd"], Decimal(0))),
            ("Monthly cost continuing, all groups", money.continuing, sum(groups["continuing_usd"], Decimal(0))),
            ("Monthly cost not known which, all groups", money.in_doubt, sum(groups["in_doubt_usd"], Decimal(0))),
        ]
    for name, expected, found in checks:
        ties = expected == found
        formats = [None, None, None, None, lines.look.good if ties else lines.look.bad]
        lines.line(name, expected, None, found, "OK" if ties else "MISMATCH", formats=formats)
    note = "Every row of the input is on exactly one of the sheets of rows."
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
    lines.heading("Verification", "")
    if audit.verification is None:
        lines.line("Not yet verified against the account: decom verify does that.")
    else:
        lines.line("Verified (UTC)", moment_of(audit.verification.at))
        differences = audit.verification.differences
        for difference in differences[:_MOST_DIFFERENCES]:
            lines.line("Difference", difference, formats=[lines.look.bad])
        if len(differences) > _MOST_DIFFERENCES:
            lines.line(f"{len(differences) - _MOST_DIFFERENCES:,} more differences: see audit.json.")
        if differences == ():
            lines.line("Everything matched the account.", formats=[lines.look.good])
    lines.skip()


def _asked(lines: Lines, audit: Audit) -> None:
    lines.heading("Run details", "")
    timing = audit.timing
    facts: Sequence[tuple[str, Value]] = (
        ("Run", audit.run_id),
        ("Status", audit.status if audit.why is None else f"{audit.status} ({audit.why})"),
        ("Exit code", audit.exit_code),
        ("Workspace", audit.workspace),
        ("Service", audit.base_url),
        ("Started by", audit.operator),
        ("Input file", audit.input_name),
        ("SHA-256 of the input", audit.input_sha256),
        ("Rows", audit.input_rows),
        ("Blank rows (excluded)", audit.input_blank_rows),
        ("Planned (UTC)", moment_of(timing.planned_at)),
        ("Releasing began (UTC)", moment_of(timing.released_from)),
        ("Releasing ended (UTC)", moment_of(timing.released_to)),
        ("Verified (UTC)", moment_of(timing.verified_at)),
        ("Sessions", timing.parts),
        ("Ledger checksum", audit.ledger_head),
    )
    for name, value in facts:
        lines.line(name, value, formats=[lines.look.label])
    for note in audit.notes:
        lines.line("Note", note, formats=[lines.look.label])


def _known(amount: Decimal, unknown: int) -> Decimal | None:
    """A sum as the sheet shows it: blank where nothing of it is known."""
    return amount if is_known(amount, unknown) else None


def _share(rows: int, of: int) -> Decimal | None:
    return None if of == 0 else Decimal(rows) / Decimal(of)
