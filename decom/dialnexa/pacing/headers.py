"""What an answer's headers say about the rate limit. In: headers. Out: `Stated` limits, seconds to wait. Pure.

Whatever cannot be read with certainty counts as not said: who hears nothing waits by a rule of his own, who hears
nonsense waits for ever or not at all. Nothing here raises, and every number given out is finite and ≥ 0.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST_WINDOW = 3600.0
"""Seconds; a `Reset` further away is taken for this by whoever paces, so that an odd header cannot slow a run down to
a day. After a 429 it is waited for all the same."""
LONGEST_BY_OUR_CLOCK = 3600.0
"""Seconds; a moment that our own clock puts further away, or into the past, says more of that clock than of a limit."""

_PREFIX = "x-ratelimit-"
_BLANKS = " \t"
_COUNT = re.compile(r"[0-9]{1,9}")
_MOMENT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,9})?")
_RETRY_AFTER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,9})?")
_LONGEST_RETRY_AFTER = 999_999.0

_APART = 1.0
"""Seconds by which our clock may be ahead of the server's, or a moment rounded down; they are waited for."""

OurTime = Callable[[], float]
"""Our own clock as a Unix time; asked only for a moment in an answer that has no `Date`."""
_HTTP_DATE = re.compile(r"[A-Za-z]{3,9},? [A-Za-z0-9 :-]{15,30}")

_SMALLEST_MOMENT = 1e8
"""A `Reset` below this is seconds from now, from here on it is a Unix time."""
_SECONDS_END = 1e11
"""A `Reset` above this is a Unix time in milliseconds."""

_USUAL_WINDOWS = (1, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600)
"""Seconds: the windows that people choose, far enough apart to see through a number that was rounded."""
_MINUTE = 60.0
"""The usual window that is known to be used here: a moment rounded to a little more is still taken for it."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What one answer says about one limit."""

    limit: int | None
    """Requests per window; None where it is not said."""
    remaining: int | None
    """Requests left after this one; None where it is not said."""
    reset: float | None
    """Seconds until something is freed, 0 … 3600, up to one too few; None where it is not said."""
    by_date: bool = False
    """The reset was a moment, measured from the answer's `Date`: it may be up to two seconds too many."""
    alone: bool = True
    """The answer spoke of this limit only."""
    whole_reset: float | None = field(default=None, compare=False)
    """The reset as far away as it was said, 0 … 999,999; None where it is not said."""

    @property
    def window(self) -> float:
        """The window in seconds, if this was said at its start: the usual one that fits, else a second more than
        was said; 0 where no reset was.

        60 s show as 59 where the server rounds down, and as up to 62 where it is a moment. Said later in a
        window this is too short for it, and still ends no earlier than the window itself.
        """
        if self.reset is None:
            return 0.0
        for usual in _USUAL_WINDOWS:
            if self.reset <= usual <= self.reset + 1.0:
                return float(usual)
        if self.by_date and _MINUTE < self.reset <= _MINUTE + 2.0:
            return _MINUTE
        return self.reset + 1.0


def allowed(limit: int, reserve: float) -> int:
    """What may be spent of `limit` where the share `reserve` (0 … 1) is left to others: rounded down, at least 1."""
    return max(1, math.floor(limit - limit * reserve + 1e-9))


def stated(headers: Mapping[str, str], reserve: float, our_time: OurTime | None = None) -> Stated | None:
    """What `X-RateLimit-Limit`, `-Remaining` and `-Reset` say; None where none of them says anything.

    Names are read without regard to case and may have a limit's name behind them (`-Reset-short`). Of several
    limits it is the one that leaves the fewest requests beside the reserve, and of equals the one that is freed
    last. A value that is not one plain number counts as absent, and so does a moment in an answer without a `Date`
    where there is no `our_time`, or where it makes no sane wait of it.
    """
    found: dict[str, dict[str, str]] = {}
    for name, value in headers.items():
        lower = name.lower()
        if lower.startswith(_PREFIX):
            what, _, bucket = lower[len(_PREFIX) :].partition("-")
            found.setdefault(bucket, {})[what] = value
    limits = [_one(said, headers, our_time) for said in found.values()]
    limits = [one for one in limits if (one.limit, one.remaining, one.reset) != (None, None, None)]
    if len(limits) <= 1:
        return limits[0] if limits else None
    return replace(min(limits, key=lambda one: _strictness(one, reserve)), alone=False)


def retry_after(headers: Mapping[str, str], our_time: OurTime | None = None) -> float | None:
    """Seconds that `Retry-After` (also `Retry-After-name`, the longest of them) asks to wait; None: not said.

    One to six digits are seconds, 0 … 999,999, also with a fraction. A date counts from the answer's own `Date`, since
    our clock may be an hour off; without that from `our_time`, where it makes a sane wait of it. Where it is anything
    else (two values, a sign, a word), it is not said.
    """
    waits: list[float] = []
    for name, value in headers.items():
        lower = name.lower()
        if lower == "retry-after" or lower.startswith("retry-after-"):
            text = value.strip(_BLANKS)
            if _RETRY_AFTER.fullmatch(text):
                waits.append(float(text))
            elif (then := _unix_time(text)) is not None:
                wait = _from_now(then, headers, our_time)
                waits += [] if wait is None else [wait]
    return max(waits, default=None)


def _one(said: Mapping[str, str], headers: Mapping[str, str], our_time: OurTime | None) -> Stated:
    whole, by_date = _reset(said.get("reset"), headers, our_time)
    reset = None if whole is None else min(whole, LONGEST_WINDOW)
    return Stated(_count(said.get("limit")), _count(said.get("remaining")), reset, by_date, whole_reset=whole)


def _strictness(one: Stated, reserve: float) -> tuple[float, float]:
    """Sorts the strictest limit first."""
    kept = 0 if one.limit is None else one.limit - allowed(one.limit, reserve)
    left = math.inf if one.remaining is None else max(0, one.remaining - kept)
    return left, -(one.reset or 0.0)


def _count(text: str | None) -> int | None:
    found = _COUNT.fullmatch((text or "").strip(_BLANKS))
    return int(found[0]) if found is not None else None


def _reset(text: str | None, headers: Mapping[str, str], our_time: OurTime | None) -> tuple[float | None, bool]:
    """Seconds from the answer on, and whether they were measured from a date; a moment gone by is 0."""
    found = _MOMENT.fullmatch((text or "").strip(_BLANKS))
    if found is None:
        return None, False
    value = float(found[0])
    if value < _SMALLEST_MOMENT:
        return min(value, _LONGEST_RETRY_AFTER), False
    seconds = _from_now(value / 1000.0 if value > _SECONDS_END else value, headers, our_time)
    return seconds, seconds is not None


def _from_now(moment: float, headers: Mapping[str, str], our_time: OurTime | None) -> float | None:
    """Seconds until a Unix time by the answer's own clock, 0 where it has gone by; without that by ours, if sane."""
    now = _date(headers)
    if now is not None:
        return min(max(moment - now, 0.0), _LONGEST_RETRY_AFTER)
    if our_time is None:
        return None
    seconds = moment - our_time()
    return seconds + _APART if -_APART <= seconds <= LONGEST_BY_OUR_CLOCK else None


def _date(headers: Mapping[str, str]) -> float | None:
    """The answer's own `Date` as a Unix time."""
    for name, value in headers.items():
        if name.lower() == "date":
            return _unix_time(value.strip(_BLANKS))
    return None


def _unix_time(text: str) -> float | None:
    """An HTTP date as a Unix time; None where it is none. One without a zone is in UTC, as HTTP wants it."""
    if not _HTTP_DATE.fullmatch(text):
        return None
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
