"""How fast the releases went out: counts in equal stretches of the run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from decom.reporting.interface import Audit
from decom.vocabulary import Outcome

MOST = 30
"""Most stretches, but for the one in which the run ended."""

_LENGTHS = tuple(timedelta(seconds=s) for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600))


@dataclass(frozen=True, slots=True)
class Stretches:
    """Releases per stretch of time."""

    begin: datetime | None
    """When releasing began; None where it did not, or is not known."""
    length: timedelta
    """Of one stretch."""
    counts: Sequence[int]

    def words(self) -> str:
        """`Numbers released per 30 seconds (UTC)`"""
        seconds = int(self.length.total_seconds())
        stretch = "second" if seconds == 1 else f"{seconds // 60} minutes" if seconds >= 120 else f"{seconds} seconds"
        return f"Numbers released per {stretch} (UTC)"


def stretches(audit: Audit) -> Stretches:
    """The releases of a run; those of an unreadable time, or outside it, are in none."""
    import pandas as pd

    unknown = Stretches(None, timedelta(0), ())
    try:
        begin = datetime.fromisoformat(audit.timing.released_from or "")
        took = datetime.fromisoformat(audit.timing.released_to or "") - begin
    except (ValueError, TypeError):
        return unknown
    if took < timedelta(0):
        return unknown
    length = next((some for some in _LENGTHS if took <= MOST * some), took / MOST)
    released = audit.rows.loc[audit.rows["outcome"].eq(Outcome.RELEASED), "decided_at"]
    decided = pd.to_datetime(released, format="%Y-%m-%dT%H:%M:%S.%fZ", errors="coerce", utc=True)
    after = (decided - begin).dropna() / length
    counts = after[after.ge(0)].astype("int64").value_counts()
    return Stretches(begin, length, counts.reindex(range(int(took / length) + 1), fill_value=0).tolist())
