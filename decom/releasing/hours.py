"""When a run may work: a deadline, a nightly window. In: both, and the clock. Out: a stop is asked for in time."""

import asyncio
import re
from bisect import bisect_left
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from decom.clock import Clock
from decom.errors import Refused
from decom.releasing.stopping import StopSignal
from decom.vocabulary import Stopped

_WINDOW = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The hours of the day in which a run may work; past midnight where it ends before it begins."""

    begin: time
    end: time
    zone: ZoneInfo | None = None
    """None: the machine's own time zone."""

    def seconds_left(self, now: datetime) -> float | None:
        """Seconds until the window ends; None outside it. `now` is an aware datetime.

        Reckoned between instants, so that a night in which the clocks change is as long as it really is.
        """
        today = now.astimezone(self.zone).date()
        for first in (today, today - timedelta(days=1)):
            last = first if self.begin < self.end else first + timedelta(days=1)
            if self._instant(first, self.begin) <= now < (ends := self._instant(last, self.end)):
                return (ends - now).total_seconds()
        return None

    def _instant(self, day: date, hour: time) -> datetime:
        """When the clock shows `hour` for the first time; where it jumps over it that day, when it does."""
        # Without a zone of its own a datetime is read in the machine's.
        shown = datetime.combine(day, hour, tzinfo=self.zone)
        by_the_old_offset, by_the_new = (shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        if by_the_old_offset <= by_the_new:
            return by_the_old_offset
        seconds = range(int((by_the_old_offset - by_the_new).total_seconds()))
        offset = by_the_old_offset.astimezone(self.zone).utcoffset()
        jumped = bisect_left(
            seconds,
            True,
            key=lambda after: (by_the_new + timedelta(seconds=after)).astimezone(self.zone).utcoffset() == offset,
        )
        return by_the_new + timedelta(seconds=jumped)

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}-{self.end:%H:%M}"


def parse_window(text: str, zone: ZoneInfo | None) -> WorkingHours:
    """`22:00-05:00`. Raises ValueError with a sentence where it is no window, or an empty one."""
    found = _WINDOW.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a valid window: expected two times of day, e.g. 22:00-05:00")
    first_hour, first_minute, last_hour, last_minute = map(int, found.groups())
    window = WorkingHours(time(first_hour, first_minute), time(last_hour, last_minute), zone)
    if window.begin == window.end:
        raise ValueError(f"{text!r} is not a valid window: it ends when it begins")
    return window


@dataclass(frozen=True, slots=True)
class Hours:
    """How long a part of a run may work."""

    window: WorkingHours | None = None
    """None: at any time."""
    deadline: float | None = None
    """Seconds from its beginning; None: as long as it takes."""


@asynccontextmanager
async def ending_in_time(hours: Hours, stop: StopSignal, clock: Clock) -> AsyncIterator[None]:
    """Ask for a stop when the window ends or the deadline has passed. Raises Refused outside the window."""
    limits: list[tuple[float, Stopped, str]] = []
    if hours.deadline is not None:
        limits.append((hours.deadline, Stopped.DEADLINE, f"the deadline of {hours.deadline:g} s passed"))
    if hours.window is not None:
        left = hours.window.seconds_left(clock.now())
        if left is None:
            raise Refused(
                f"it is outside the allowed window {hours.window}; nothing was released",
                where="--window",
                remedy="Start it inside the window, or leave --window out.",
            )
        limits.append((left, Stopped.WINDOW, f"the window {hours.window} ended"))
    timers = [asyncio.create_task(_ask_after(*limit, stop, clock)) for limit in limits]
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
        await asyncio.gather(*timers, return_exceptions=True)


async def _ask_after(seconds: float, why: Stopped, detail: str, stop: StopSignal, clock: Clock) -> None:
    await clock.sleep(seconds)
    stop.ask(why, detail)
