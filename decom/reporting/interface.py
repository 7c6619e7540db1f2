"""The one table of facts that every report format prints, and what a format offers.

The facts come from the ledger alone (`audit.py`); a format adds no fact and leaves none out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, BinaryIO, Protocol

from decom.planning.plan import ReportOptions, Source
from decom.vocabulary import Outcome, Stopped

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Money:
    """Monthly cost in USD, for numbers counted once each (duplicates carry none)."""

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

    @property
    def total(self) -> Decimal:
        """Of all numbers: what the column `monthly_cost_usd` adds up to."""
        return self.stopping + self.continuing + self.in_doubt

    @property
    def unknown(self) -> int:
        """Numbers that should have a cost and whose cost is unknown."""
        return self.unknown_stopping + self.unknown_continuing + self.unknown_in_doubt


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
    """A run's facts, counts and money, and its rows, which may be a million."""

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
    rows: "pd.DataFrame" = field(repr=False)
    """Table `U`, in the input's order. No character is changed: only the last step of a format does that."""
    others: "pd.DataFrame" = field(repr=False)
    """The input's other cells: column n is that of the nth of `other_columns`; the same index as `rows`."""

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
