"""The limits that servers keep, and how they announce them. In: instants of requests. Out: verdicts, headers.

One model for all look-alikes: on a virtual clock through `Announced.ask`, over a socket through `Announced.throttle`.
The models know nothing of the client. `excess` looks at the instants alone and not at what the model decided, so
that the two can be held against each other.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import pairwise
from typing import Protocol

from decom.sandbox.answers import Headers
from decom.sandbox.limit import FixedWindow, Verdict


class LimitKind(Protocol):
    """One kind of limit: `limit` requests per `window` seconds."""

    limit: int
    window: float

    def take(self, now: float) -> Verdict:
        """A request arrives."""
        ...

    def fastest(self, requests: int) -> float:
        """Seconds from the first to the last of so many requests: no client can be faster."""
        ...

    def excess(self, arrivals: list[float]) -> int:
        """By how many the worst window was exceeded, by these instants alone; 0 where none was."""
        ...


class FromFirst(FixedWindow):
    """A fixed window that begins with the first request after the last one's end: the shipped sandbox's."""

    def fastest(self, requests: int) -> float:
        return (math.ceil(requests / self.limit) - 1) * self.window

    def excess(self, arrivals: list[float]) -> int:
        worst, ends, used = 0, -math.inf, 0
        for at in arrivals:
            if at >= ends:
                ends, used = at + self.window, 0
            used += 1
            worst = max(worst, used - self.limit)
        return worst


@dataclass(slots=True)
class ByClock:
    """Fixed windows at whole multiples of the window; time starts `phase` seconds into one."""

    limit: int = 150
    window: float = 60.0
    phase: float = 0.0
    number: int = -1
    used: int = 0

    def take(self, now: float) -> Verdict:
        number = math.floor((now + self.phase) / self.window)
        if number != self.number:
            self.number, self.used = number, 0
        accepted = self.used < self.limit
        self.used += accepted
        left = (number + 1) * self.window - self.phase - now
        return Verdict(accepted, self.limit - self.used, left, left)

    def fastest(self, requests: int) -> float:
        windows = math.ceil(requests / self.limit) - 1
        return windows * self.window - self.phase if windows > 0 else 0.0

    def excess(self, arrivals: list[float]) -> int:
        counts: dict[int, int] = {}
        for at in arrivals:
            number = math.floor((at + self.phase) / self.window)
            counts[number] = counts.get(number, 0) + 1
        return max(0, max(counts.values(), default=0) - self.limit)


@dataclass(slots=True)
class Rolling:
    """At most `limit` within the last `window` seconds. What it calls reset depends on who wrote it."""

    limit: int = 150
    window: float = 60.0
    reset: str = "oldest"
    """`oldest`: until the oldest request is forgotten; `window`: always the whole window; `as fixed`: as if it
    were a fixed window, as NestJS's throttler shows that counts in memory."""
    times: deque[float] = field(default_factory=deque)
    shown: float = -math.inf

    def take(self, now: float) -> Verdict:
        while self.times and self.times[0] <= now - self.window:
            self.times.popleft()
        accepted = len(self.times) < self.limit
        if accepted:
            self.times.append(now)
        if now >= self.shown:
            self.shown = now + self.window
        oldest = self.times[0] + self.window - now
        reset = {"oldest": oldest, "window": self.window, "as fixed": self.shown - now}[self.reset]
        return Verdict(accepted, self.limit - len(self.times), reset, oldest)

    def fastest(self, requests: int) -> float:
        return (math.ceil(requests / self.limit) - 1) * self.window

    def excess(self, arrivals: list[float]) -> int:
        worst, first = 0, 0
        for number, at in enumerate(arrivals):
            while arrivals[first] <= at - self.window:
                first += 1
            worst = max(worst, number - first + 1 - self.limit)
        return worst


@dataclass(slots=True)
class Tokens:
    """A bucket of `limit` tokens, full at first, that fills up evenly in one window."""

    limit: int = 150
    window: float = 60.0
    reset: str = "full"
    """`full`: until the bucket is full again; `next`: until there is one token more."""
    level: float | None = None
    at: float = 0.0

    def take(self, now: float) -> Verdict:
        rate = self.limit / self.window
        level = self.limit if self.level is None else min(self.limit, self.level + (now - self.at) * rate)
        accepted = level >= 1.0
        self.level, self.at = level - accepted, now
        reset = (self.limit - self.level) / rate if self.reset == "full" else (1.0 - self.level % 1.0) / rate
        return Verdict(accepted, math.floor(self.level), reset, max(0.0, 1.0 - self.level) / rate)

    def fastest(self, requests: int) -> float:
        return max(0, requests - self.limit) * self.window / self.limit

    def excess(self, arrivals: list[float]) -> int:
        level, worst = self.limit - 1.0, 0.0
        for before, at in pairwise(arrivals):
            level = min(self.limit, level + (at - before) * self.limit / self.window) - 1.0
            worst = min(worst, level)
        return math.ceil(-worst - 1e-6)


Style = Callable[[LimitKind, Verdict, float], Mapping[str, str]]
"""The headers that announce a limit after a verdict, at the server's Unix time."""


@dataclass(slots=True)
class Announced:
    """A limit at work, and how it is announced."""

    kind: LimitKind
    style: Style

    def ask(self, now: float, unix: float) -> tuple[bool, Mapping[str, str]]:
        """Whether a request is accepted that arrives at `now`, on any clock that only goes forward, and the headers
        that say so; `unix` is the time on the server's own clock, in seconds since 1970."""
        verdict = self.kind.take(now)
        return verdict.accepted, self.style(self.kind, verdict, unix)

    def throttle(self) -> tuple[bool, Headers]:
        """The same on the machine's clocks, as the sandbox asks it."""
        accepted, headers = self.ask(time.monotonic(), time.time())
        return accepted, [(name.encode(), value.encode()) for name, value in headers.items()]


def http_date(unix: float) -> str:
    return format_datetime(datetime.fromtimestamp(math.floor(unix), UTC), usegmt=True)


def _up(seconds: float) -> str:
    """Whole seconds, rounded up as a server does that counts in milliseconds."""
    return str(math.ceil(round(seconds, 3)))


def _counts(kind: LimitKind, verdict: Verdict, reset: str, name: str = "") -> dict[str, str]:
    return {
        f"X-RateLimit-Limit{name}": str(kind.limit),
        f"X-RateLimit-Remaining{name}": str(max(0, verdict.remaining)),
        f"X-RateLimit-Reset{name}": reset,
        **({} if verdict.accepted else {f"Retry-After{name}": _up(verdict.retry)}),
    }


def _only_retry_after(_: LimitKind, verdict: Verdict, __: float) -> Mapping[str, str]:
    return {} if verdict.accepted else {"Retry-After": _up(verdict.retry)}


def _only_a_date(_: LimitKind, verdict: Verdict, now: float) -> Mapping[str, str]:
    return {} if verdict.accepted else {"Retry-After": http_date(now + verdict.retry + 1.0)}


ANNOUNCING: dict[str, Style] = {
    "seconds, rounded up": lambda k, v, now: _counts(k, v, _up(v.reset)),
    "seconds, rounded down": lambda k, v, now: _counts(k, v, str(math.floor(v.reset))),
    "Unix time, rounded up": lambda k, v, now: _counts(k, v, _up(now + v.reset)),
    "Unix time, rounded down": lambda k, v, now: _counts(k, v, str(math.floor(now + v.reset))),
    "milliseconds": lambda k, v, now: _counts(k, v, str(math.ceil((now + v.reset) * 1000))),
    "with a name behind": lambda k, v, now: _counts(k, v, _up(v.reset), "-short"),
}
"""Styles in which every answer tells the limit, what remains and the reset."""

SILENT: dict[str, Style] = {
    "only Retry-After": _only_retry_after,
    "only Retry-After, a date": _only_a_date,
    "nothing at all": lambda k, v, now: {},
}
"""Styles in which nothing is said before a 429."""

KINDS: dict[str, Callable[[], LimitKind]] = {
    "fixed from the first": FromFirst,
    "fixed by the clock, from its start": ByClock,
    "fixed by the clock, from its middle": lambda: ByClock(phase=31.3),
    "fixed by the clock, from near its end": lambda: ByClock(phase=58.7),
    "rolling": Rolling,
    "rolling, reset is the window": lambda: Rolling(reset="window"),
    "rolling, reset as if fixed": lambda: Rolling(reset="as fixed"),
    "tokens": Tokens,
    "tokens, reset is the next one": lambda: Tokens(reset="next"),
}
"""150 a minute, in every way in which that may be kept."""
