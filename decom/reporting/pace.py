"""Rows of the audit in, how fast the releases went out: counts in equal stretches of the run."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from markupsafe import Markup

from decom.reporting.charts import Bar, Part, standing_bars
from decom.reporting.interface import AuditRow, Timing
from decom.vocabulary import Outcome

STRETCHES = 30
"""Most bars of the chart."""

_LENGTHS = tuple(timedelta(seconds=s) for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600))


@dataclass(slots=True)
class Pace:
    """Releases per stretch; filled by one pass over the rows."""

    begin: datetime | None
    """When releasing began; None where it did not, or is not known."""
    length: timedelta = timedelta(0)
    """Of one stretch."""
    counts: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, timing: Timing) -> Self:
        """Empty stretches over the time in which the run released."""
        try:
            begin = datetime.fromisoformat(timing.released_from or "")
            end = datetime.fromisoformat(timing.released_to or "")
            took = end - begin
        except (ValueError, TypeError):
            return cls(begin=None)
        if took < timedelta(0):
            return cls(begin=None)
        length = next((some for some in _LENGTHS if took <= STRETCHES * some), took / STRETCHES)
        return cls(begin=begin, length=length, counts=[0] * (int(took / length) + 1))

    def add(self, row: AuditRow) -> None:
        """Count one row, if it was released within the time."""
        if self.begin is None or row.outcome is not Outcome.RELEASED:
            return
        try:
            at = int((datetime.fromisoformat(row.decided_at) - self.begin) / self.length)
        except (ValueError, TypeError):
            return
        if 0 <= at < len(self.counts):
            self.counts[at] += 1

    def chart(self) -> Markup | None:
        """The stretches as bars; None where nothing was released or it took a single stretch."""
        if self.begin is None or sum(self.counts) == 0 or len(self.counts) < 2:
            return None
        bars = [
            Bar(f"{self.begin + at * self.length:%H:%M:%S}", [count])
            for at, count in enumerate(self.counts)
        ]  # fmt: skip
        return standing_bars(
            bars, [Part("Released", Outcome.RELEASED.value)], lambda amount: f"{amount:,.0f}", wide=True
        )

    def words(self) -> str:
        """`Numbers released every 30 seconds, by the time (UTC) at which each stretch began`."""
        seconds = int(self.length.total_seconds())
        stretch = "second" if seconds == 1 else f"{seconds // 60} minutes" if seconds >= 120 else f"{seconds} seconds"
        return f"Numbers released every {stretch}, by the time (UTC) at which each stretch began"
