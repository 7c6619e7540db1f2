"""The workbook's sheets that list something other than rows: By group, To do, Sources."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from decom.reporting.interface import Audit
from decom.reporting.page_context import blockers_of
from decom.reporting.statement import group_column
from decom.reporting.words import SOURCE_STATES, is_known, kind_of, step_for
from decom.reporting.xlsx_sheet import Lines, set_up_page
from decom.tables import lines_of
from decom.vocabulary import SourceState

if TYPE_CHECKING:
    import pandas as pd

MOST_HOLDERS = 5_000
"""Most holders that are listed; rows that only further ones hold are counted."""

MOST_GROUPS = 100_000
"""Most groups that are listed; audit.json has every one."""


def write_groups(lines: Lines, audit: Audit, groups: "pd.DataFrame") -> None:
    """Subtotals per group: rows, monthly cost ending, continuing and not known which."""
    lines.widths((34, 10, 12, 12, 12, 22, 22, 22, 16, 16, 16))
    set_up_page(lines, audit.run_id)
    at = group_column(audit.options, audit.other_columns)
    if at is None:
        lines.line("The input has no column to subtotal by; name one with [report] group_by.")
        return
    lines.heading(
        audit.other_columns[at], "Rows", "Released", "Conflicted", "Other", "Ending (USD/month)",
        "Continuing (USD/month)", "Not known which (USD/month)", "Ending, no price", "Continuing, no price",
        "Not known which, no price", numbers=range(1, 11),
    )  # fmt: skip
    lines.sheet.freeze_panes(1, 1)
    lines.sheet.repeat_rows(0)
    for group in lines_of(groups.head(MOST_GROUPS)):
        lines.line(group.name if group.name != "" else "(no entry)", *_group_cells(_group_line(group)))
    if len(groups) > MOST_GROUPS:
        lines.line(f"{len(groups) - MOST_GROUPS:,} more groups: see audit.json.")
    columns = zip(*map(_group_line, lines_of(groups)), strict=True)
    lines.total("All groups", *_group_cells([sum(column[1:], column[0]) for column in columns]))


def write_todo(lines: Lines, audit: Audit) -> None:
    """One line for each thing to reconfigure, and two empty columns for whoever does it."""
    lines.widths((20, 34, 28, 14, 10, 16, 50, 60, 16, 12))
    set_up_page(lines, audit.run_id)
    blockers, beyond = blockers_of(audit, MOST_HOLDERS)
    if len(blockers) == 0:
        lines.line("No number is in use: there is nothing to reconfigure.")
        return
    lines.heading(
        "What", "Name", "ID", "Status", "Numbers", "Monthly cost (USD)", "What to do", "The numbers", "Who",
        "Done", numbers=(4, 5),
    )  # fmt: skip
    lines.sheet.freeze_panes(1, 2)
    lines.sheet.repeat_rows(0)
    wrapped = lines.look.wrapped
    for held in blockers:
        lines.tall(-(-max(len(held.name) * 2, 18 * len(held.first)) // 56))
        named = [number.phone_number or number.number_id or f"row {number.row}" for number in held.first]
        more = held.numbers - len(named)
        numbers = f"{held.numbers:,}: {' · '.join(named)}"
        if more > 0:
            numbers += f" and {more:,} more: see the sheet Conflicted"
        lines.line(
            kind_of(held.source), held.name, held.id, held.status, held.numbers,
            _known(held.cost, held.unknown), step_for(held.source), numbers, "", "",
            formats=[wrapped, wrapped, wrapped, wrapped, None, None, wrapped, wrapped],
        )  # fmt: skip
    if beyond > 0:
        lines.line(f"{beyond:,} more rows are in use by others: see the sheet Conflicted.")
    lines.line("A number that two things use is counted with both.", formats=[lines.look.small])


def write_sources(lines: Lines, audit: Audit) -> None:
    """Where conflicts were looked for, and where they could not be."""
    lines.widths((26, 20, 90))
    set_up_page(lines, audit.run_id)
    lines.heading("Source of conflicts", "State", "What was read, or why it was not")
    lines.sheet.freeze_panes(1, 0)
    look = lines.look
    formats_of = {SourceState.CHECKED: look.good, SourceState.NOT_CHECKED: look.bad}
    for source in audit.sources:
        lines.tall(-(-len(source.why) // 85))
        formats = [look.text, formats_of.get(source.state, look.text), look.wrapped]
        lines.line(source.name, SOURCE_STATES[source.state], source.why, formats=formats)


def _group_line(sums: Any) -> tuple[Any, ...]:
    return (
        sums.rows, sums.released, sums.conflicted, sums.rows - sums.released - sums.conflicted, sums.ending_usd,
        sums.continuing_usd, sums.in_doubt_usd, sums.unknown_ending, sums.unknown_continuing, sums.unknown_in_doubt,
    )  # fmt: skip


def _group_cells(line: Sequence[Any]) -> tuple[Any, ...]:
    """A line of numbers of rows, sums and numbers without a price, as cells."""
    money, without_price = line[4:7], line[7:]
    return (*line[:4], *map(_known, money, without_price), *without_price)


def _known(amount: Decimal, unknown: int) -> Decimal | None:
    """A sum as a cell: blank where nothing of it is known."""
    return amount if is_known(amount, unknown) else None
