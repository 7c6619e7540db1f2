"""The one table of facts that every report format prints, and what a format offers.

In: nothing. Out: `AuditRow`, `Audit`, `ReportFormat`. The facts come from the ledger alone (`table.py`); a
format adds no fact and leaves none out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO, Protocol

from decom.planning.plan import Conflict, ReportOptions, Source
from decom.vocabulary import Outcome, Stopped


@dataclass(frozen=True, slots=True)
class AuditRow:
    """What became of one row of the input; in the order of `audit.csv`'s columns."""

    row: int
    input_value: str
    """The raw cell: only the last step of a format neutralises it."""
    number_id: str | None
    phone_number: str | None
    outcome: Outcome
    evidence: str
    reason: str
    http_status: int | None
    """Of the last answered DELETE; None where none was sent or answered."""
    api_message: str
    """What the service said, cut at 1,000 characters; may hold any character at all."""
    attempts: int
    """DELETE requests that may have left, 0 where none was sent."""
    first_attempt_at: str | None
    """ISO 8601 in UTC; None where none was sent."""
    decided_at: str
    """When the outcome became known: for rows never sent, when the plan was made."""
    conflicts: tuple[Conflict, ...]
    country_code: str | None
    type: str | None
    nickname: str | None
    monthly_cost_usd: str | None
    """A decimal string; None where the cost is unknown."""
    cost_from: str | None
    """`number` or `price_list`; None with no cost. Only in `audit.json`."""
    billing_stops_on: str | None
    """ISO date, for released rows whose billing cycle is known; None elsewhere: never invented."""
    others: tuple[str, ...]
    """The input's other cells, one for each of `Audit.other_columns`."""


@dataclass(frozen=True, slots=True)
class Money:
    """Rent a month in USD, for numbers counted once each (duplicates carry none)."""

    stopping: Decimal
    """Of released numbers."""
    continuing: Decimal
    """Of numbers that stay on the account: conflicted, failed, not attempted, protected."""
    in_doubt: Decimal
    """Of numbers with outcome `unknown`: nobody can tell whether their cost ends or continues."""
    unknown_stopping: int
    """Released numbers whose cost is unknown and in no sum."""
    unknown_continuing: int
    """Numbers that stay and whose cost is unknown."""
    unknown_in_doubt: int
    """Numbers with outcome `unknown` whose cost is unknown."""
    from_price_list: int
    """How many of the summed costs came from the price list instead of the number's own record."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When the run happened; ISO 8601 in UTC, None for what did not happen."""

    planned_at: str
    released_from: str | None
    """When the first release part of the run began (a resumed run has several parts)."""
    released_to: str | None
    """When the last part ended."""
    verified_at: str | None
    parts: int
    """How often releasing was begun: 1, or more after `resume`; 0 for a plan."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a look at the account after the run found."""

    at: str
    differences: tuple[str, ...]
    """One sentence a number whose state is not as reported; empty where all is as it says."""


@dataclass(frozen=True, slots=True)
class Audit:
    """A run's facts, counts and money; the rows may be a million and are read anew at each pass."""

    run_id: str
    status: str
    """`planned`, `done`, `stopped` or `interrupted`."""
    why: Stopped | None
    """Why the run stopped early; None where it did not."""
    exit_code: int
    workspace: str
    base_url: str
    input_name: str
    input_sha256: str
    input_rows: int
    input_blank_rows: int
    other_columns: tuple[str, ...]
    operator: str
    """Who started the release, as the machine knows them: `user@host`; empty for a plan."""
    counts: Mapping[Outcome, int]
    """Rows per outcome, every outcome named; their sum is `input_rows`."""
    gone_before_us: int
    """How many of the missing were seen by the plan and gone when asked (`answered_404_after_seen`)."""
    sources: tuple[Source, ...]
    money: Money
    timing: Timing
    verification: Verification | None
    """None where nobody has looked again yet."""
    notes: tuple[str, ...]
    options: ReportOptions
    ledger_head: str
    """The hash over all of the run's records when this was read, in hex: the report's tie to the ledger."""
    rows: Iterable[AuditRow]
    """In the input's order; may be iterated any number of times, each a fresh pass over the ledger."""

    @property
    def unverified(self) -> bool:
        """Whether the account has not been checked since the run ended, though it may have sent something."""
        return self.timing.parts > 0 and self.verification is None


class ReportFormat(Protocol):
    """One file of the audit."""

    name: str
    """`csv`, `xlsx`, `json`, `html`: the word in `[report] formats`."""
    file_name: str
    """`audit.csv`"""

    def write(self, audit: Audit, stream: BinaryIO) -> None:
        """Write the whole file to `stream` (seekable), the same bytes for the same audit."""
        ...
