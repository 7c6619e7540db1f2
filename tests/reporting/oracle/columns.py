"""A row of the audit in, its cells in the order of the report's columns (`tables.in_file`) out."""

from collections.abc import Iterable

from decom.planning.plan import Conflict
from tests.reporting.oracle.interface import AuditRow

Cell = str | int | None
"""None where there is nothing to say."""


def cells_of(row: AuditRow, run_id: str) -> tuple[Cell, ...]:
    """One cell for each of the audit's own columns, raw: no character is changed."""
    return (
        row.row,
        row.input_value,
        row.number_id,
        row.phone_number,
        row.outcome.value,
        row.evidence,
        row.reason,
        row.http_status,
        row.api_message,
        row.attempts,
        row.first_attempt_at,
        row.decided_at,
        conflicts_in_words(row.conflicts),
        row.country_code,
        row.type,
        row.nickname,
        row.monthly_cost_usd,
        row.billing_stops_on,
        run_id,
    )


def conflicts_in_words(conflicts: Iterable[Conflict]) -> str:
    """`campaign "Diwali" cmp_1 (active); batch call bat_2 (running)`; empty where nothing holds the number."""
    return "; ".join(str(conflict) for conflict in conflicts)
