"""Time comes in through a `Clock`: goes out as instants, measures and waits. Imports nothing of ours.

Everything that waits or dates a record is handed a clock, so that no test sleeps and the simulation can run a
night in a second. Waiting and measuring use the monotonic clock; the wall clock only dates what people read.
"""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What every stage may know about time."""

    def now(self) -> datetime:
        """The wall clock: an aware datetime in UTC. It may jump; no wait is measured with it."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed instant; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after at least `seconds` (≥ 0, finite)."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with `Z` and milliseconds, as every file of a run writes it: `2026-11-23T18:57:57.120Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_iso(text: str) -> datetime:
    """The instant that `iso` wrote. Raises ValueError where the text has no zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment
