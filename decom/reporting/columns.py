"""A row of the audit in, its cells in the order of the report's columns out: the one list of columns.

Every format that prints rows takes its names, headings and order from `COLUMNS`.
"""

from dataclasses import dataclass
from enum import Enum, auto

from decom.planning.plan import in_words
from decom.reporting.interface import AuditRow


class Kind(Enum):
    """What a column holds, for formats that have more than text."""

    TEXT = auto()
    WHOLE = auto()
    MONEY = auto()
    """A decimal string in USD."""
    MOMENT = auto()
    """ISO 8601 in UTC."""
    DAY = auto()
    """An ISO date."""


@dataclass(frozen=True, slots=True)
class Column:
    """One of the audit's own columns."""

    name: str
    """As in `audit.csv`: `monthly_cost_usd`."""
    heading: str
    """As people read it: `Rent a month (USD)`."""
    kind: Kind
    width: int
    """In characters, for formats with columns that have one."""


COLUMNS = (
    Column("row", "Row", Kind.WHOLE, 7),
    Column("input_value", "Input", Kind.TEXT, 22),
    Column("number_id", "Number ID", Kind.TEXT, 26),
    Column("phone_number", "Phone number", Kind.TEXT, 18),
    Column("outcome", "Outcome", Kind.TEXT, 14),
    Column("evidence", "Evidence", Kind.TEXT, 24),
    Column("reason", "Reason", Kind.TEXT, 52),
    Column("http_status", "HTTP status", Kind.WHOLE, 9),
    Column("api_message", "What the service said", Kind.TEXT, 40),
    Column("attempts", "Attempts", Kind.WHOLE, 9),
    Column("first_attempt_at", "First attempt (UTC)", Kind.MOMENT, 20),
    Column("decided_at", "Decided (UTC)", Kind.MOMENT, 20),
    Column("conflicts", "Held by", Kind.TEXT, 40),
    Column("country_code", "Country", Kind.TEXT, 9),
    Column("type", "Type", Kind.TEXT, 11),
    Column("nickname", "Nickname", Kind.TEXT, 24),
    Column("monthly_cost_usd", "Rent a month (USD)", Kind.MONEY, 13),
    Column("billing_stops_on", "Billing stops on", Kind.DAY, 13),
    Column("run_id", "Run", Kind.TEXT, 26),
)
"""The columns of `audit.csv` in their order; the input's other columns come after them."""

Cell = str | int | None
"""None where there is nothing to say."""


def cells_of(row: AuditRow, run_id: str) -> tuple[Cell, ...]:
    """One cell for each of `COLUMNS`, raw: no character is changed."""
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
        in_words(row.conflicts),
        row.country_code,
        row.type,
        row.nickname,
        row.monthly_cost_usd,
        row.billing_stops_on,
        run_id,
    )
