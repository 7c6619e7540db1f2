"""Sums in, the workbook's sheets that list something other than rows out: By group, To do, Sources."""

from decom.reporting.interface import Audit
from decom.reporting.money import Breakdown, Sums
from decom.reporting.todo import ToDo, kind_of, step_for
from decom.reporting.words import SOURCE_STATES
from decom.reporting.xlsx_rows import set_up_page
from decom.reporting.xlsx_sheet import Lines, Value
from decom.vocabulary import Outcome, SourceState


def write_groups(lines: Lines, audit: Audit, breakdown: Breakdown) -> None:
    """Subtotals per group: rows, rent that stops, rent that goes on."""
    lines.widths((34, 10, 12, 12, 12, 22, 22, 16, 16))
    set_up_page(lines, audit, "By group")
    if breakdown.column is None:
        lines.line("The input has no column to subtotal by; name one with [report] group_by.")
        return
    lines.heading(
        breakdown.column, "Rows", "Released", "Conflicted", "Other", "Rent that stops (USD/month)",
        "Rent that goes on (USD/month)", "Stops, rent unknown", "Goes on, rent unknown", numbers=range(1, 9),
    )  # fmt: skip
    lines.sheet.freeze_panes(1, 1)
    lines.sheet.repeat_rows(0)
    groups = breakdown.groups_by_money()
    for name, sums in groups:
        lines.line(name if name != "" else "(no entry)", *_group_line(sums))
    total = Sums()
    for _, sums in groups:
        total.take(sums)
    lines.total("All groups", *_group_line(total))


def write_todo(lines: Lines, audit: Audit, todo: ToDo) -> None:
    """One line for each thing to reconfigure, and two empty columns for whoever does it."""
    lines.widths((20, 34, 28, 14, 10, 16, 50, 60, 16, 12))
    set_up_page(lines, audit, "To do")
    holders = todo.holders()
    if holders == []:
        lines.line("Nothing holds a number back: there is nothing to reconfigure.")
        return
    lines.heading(
        "What", "Name", "ID", "Status", "Numbers", "Their rent (USD/month)", "What to do", "The numbers", "Who",
        "Done", numbers=(4, 5),
    )  # fmt: skip
    lines.sheet.freeze_panes(1, 2)
    lines.sheet.repeat_rows(0)
    wrapped = lines.look.wrapped
    for held in holders:
        conflict = held.conflict
        lines.tall(-(-max(len(conflict.name) * 2, 18 * len(held.first)) // 56))
        named = [number.phone_number or number.number_id or f"row {number.row}" for number in held.first]
        more = held.numbers - len(named)
        numbers = (
            f"{held.numbers:,}: "
            + " · ".join(named)
            + (f" and {more:,} more: see the sheet Conflicted" if more > 0 else "")
        )
        lines.line(
            kind_of(conflict), conflict.name, conflict.id, conflict.status, held.numbers, held.rent,
            step_for(conflict), numbers, "", "",
            formats=[wrapped, wrapped, wrapped, wrapped, None, None, wrapped, wrapped],
        )  # fmt: skip
    if todo.beyond > 0:
        lines.line(f"{todo.beyond:,} more rows are held by others: see the sheet Conflicted.")
    lines.line("A number that two things hold is counted with both.", formats=[lines.look.small])


def write_sources(lines: Lines, audit: Audit) -> None:
    """Where conflicts were looked for, and where they could not be."""
    lines.widths((26, 20, 90))
    set_up_page(lines, audit, "Sources")
    lines.heading("Source of conflicts", "State", "What was read, or why it was not")
    lines.sheet.freeze_panes(1, 0)
    look = lines.look
    formats_of = {SourceState.CHECKED: look.good, SourceState.NOT_CHECKED: look.bad}
    for source in audit.sources:
        lines.tall(-(-len(source.why) // 85))
        formats = [look.text, formats_of.get(source.state, look.text), look.wrapped]
        lines.line(source.name, SOURCE_STATES[source.state], source.why, formats=formats)


def _group_line(sums: Sums) -> tuple[Value, ...]:
    released, conflicted = sums.outcomes[Outcome.RELEASED], sums.outcomes[Outcome.CONFLICTED]
    return (
        sums.rows(), released, conflicted, sums.rows() - released - conflicted, sums.stopping, sums.continuing,
        sums.unknown_stopping, sums.unknown_continuing,
    )  # fmt: skip
