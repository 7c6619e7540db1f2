"""The service's rate limit: instants in, leave or refusal and the headers that tell of it out.

Time comes in as an argument, so that a night's worth of windows can be tried in no time.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Literal, get_args

Kind = Literal["first_request", "clock", "rolling", "token_bucket"]
"""A window from its first request, a window by the clock, any window at all, or a bucket that refills steadily."""

Counts = Literal["always", "unless_refused", "never"]
Reset = Literal["delta", "epoch", "ms"]
Wait = Literal["seconds", "fraction", "date", "none"]


@dataclass(frozen=True, slots=True)
class Announcement:
    """How the server tells a client about the limit."""

    counts: Counts = "always"
    """When `X-RateLimit-Limit`, `-Remaining` and `-Reset` are sent."""
    reset: Reset = "delta"
    """Seconds left, Unix time in seconds, or Unix time in milliseconds."""
    retry_after: Wait = "seconds"
    """What `Retry-After` of a refusal holds."""
    suffix: str = ""
    """Put behind each header's name, as a named throttler does: `-short`."""

    def __post_init__(self) -> None:
        for word, words in ((self.counts, Counts), (self.reset, Reset), (self.retry_after, Wait)):
            if word not in get_args(words):
                raise ValueError(f"{word!r} is none of {', '.join(get_args(words))}")


SILENT = Announcement(counts="never", retry_after="none")
"""No header at all, not even with a 429."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `requests` per `seconds`, for the key or for each route."""

    requests: int
    seconds: float
    kind: Kind = "first_request"
    block_seconds: float = 0.0
    """Past the limit everything is refused for so long from the request that was too many. 0: no block."""
    per_route: bool = False
    """Whether each route has a bucket of its own."""
    announced: Announcement = field(default_factory=Announcement)

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"there is no limit of kind {self.kind!r}: {', '.join(get_args(Kind))}")
        if self.requests < 1 or not 0 < self.seconds < math.inf or not 0 <= self.block_seconds < math.inf:
            raise ValueError(f"{self.requests}/{self.seconds} is no limit: at least 1 request in more than 0 seconds")

    @classmethod
    def parse(cls, text: str) -> "Limit | None":
        """`1500/60` is 1,500 requests per 60 seconds; `none` is no limit. Raises ValueError for anything else."""
        if text == "none":
            return None
        requests, _, seconds = text.partition("/")
        try:
            return cls(int(requests), float(seconds))
        except ValueError as error:
            raise ValueError(f"{text!r} is no rate: write REQUESTS/SECONDS such as 1500/60, or none") from error


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on both clocks, in seconds."""

    monotonic: float
    wall: float


@dataclass(frozen=True, slots=True)
class Leave:
    """What the limit says of one request."""

    granted: bool
    remaining: int
    """Requests left in the window, this one taken off."""
    reset: float
    """Seconds until the whole limit is there again."""
    retry: float
    """Seconds until a request may be granted again; 0 where this one was."""


@dataclass(slots=True)
class Bucket:
    """What one limit remembers of one key, or of one route."""

    used: int = 0
    window: float = -math.inf
    """When the window began, by the clock that counts it; for a token bucket when it was filled last."""
    tokens: float = math.inf
    times: deque[float] = field(default_factory=deque)
    """Granted requests of a rolling window."""
    blocked_until: float = -math.inf


def spend(limit: Limit, bucket: Bucket, now: Moment) -> Leave:
    """Ask for one request at `now` and remember it in `bucket`."""
    if now.monotonic < bucket.blocked_until:
        left = bucket.blocked_until - now.monotonic
        return Leave(granted=False, remaining=0, reset=left, retry=left)
    if limit.kind == "rolling":
        leave = _rolling(limit, bucket, now.monotonic)
    elif limit.kind == "token_bucket":
        leave = _tokens(limit, bucket, now.monotonic)
    else:
        leave = _window(limit, bucket, now)
    if leave.granted or limit.block_seconds == 0:
        return leave
    bucket.blocked_until = now.monotonic + limit.block_seconds
    return Leave(granted=False, remaining=0, reset=limit.block_seconds, retry=limit.block_seconds)


def _window(limit: Limit, bucket: Bucket, now: Moment) -> Leave:
    by_clock = limit.kind == "clock"
    at = now.wall if by_clock else now.monotonic
    if not 0 <= at - bucket.window < limit.seconds:
        bucket.window = at - at % limit.seconds if by_clock else at
        bucket.used = 0
    left = bucket.window + limit.seconds - at
    if bucket.used >= limit.requests:
        return Leave(granted=False, remaining=0, reset=left, retry=left)
    bucket.used += 1
    return Leave(granted=True, remaining=limit.requests - bucket.used, reset=left, retry=0)


def _rolling(limit: Limit, bucket: Bucket, at: float) -> Leave:
    while bucket.times and bucket.times[0] <= at - limit.seconds:
        bucket.times.popleft()
    if len(bucket.times) >= limit.requests:
        first = bucket.times[-limit.requests]
        return Leave(granted=False, remaining=0, reset=limit.seconds, retry=first + limit.seconds - at)
    bucket.times.append(at)
    return Leave(granted=True, remaining=limit.requests - len(bucket.times), reset=limit.seconds, retry=0)


def _tokens(limit: Limit, bucket: Bucket, at: float) -> Leave:
    a_second = limit.requests / limit.seconds
    if bucket.tokens < limit.requests:
        bucket.tokens += (at - bucket.window) * a_second
    bucket.tokens = min(bucket.tokens, limit.requests)
    bucket.window = at
    # Without the hair's breadth a client that waits exactly as told is refused by a rounding error.
    granted = bucket.tokens >= 1 - 1e-9
    if granted:
        bucket.tokens -= 1
    full = (limit.requests - bucket.tokens) / a_second
    retry = 0 if granted else (1 - bucket.tokens) / a_second
    return Leave(granted=granted, remaining=int(bucket.tokens), reset=full, retry=retry)


def headers(limit: Limit, leave: Leave, wall: float) -> list[tuple[bytes, bytes]]:
    """The headers that go with an answer; `wall` is the server's own idea of the time, in seconds since 1970.

    Seconds are rounded up, so that a client that waits as told is never early.
    """
    said, made = limit.announced, []
    if said.counts == "always" or (said.counts == "unless_refused" and leave.granted):
        reset = {
            "delta": math.ceil(leave.reset),
            "epoch": math.ceil(wall + leave.reset),
            "ms": math.ceil((wall + leave.reset) * 1000),
        }[said.reset]
        made = [
            (f"X-RateLimit-Limit{said.suffix}", str(limit.requests)),
            (f"X-RateLimit-Remaining{said.suffix}", str(leave.remaining)),
            (f"X-RateLimit-Reset{said.suffix}", str(reset)),
        ]
    if not leave.granted and said.retry_after != "none":
        # A date has no fractions, so the second in which waiting ends must be over.
        wait = {
            "seconds": str(math.ceil(leave.retry)),
            "fraction": f"{math.ceil(leave.retry * 1000) / 1000:.3f}",
            "date": formatdate(math.ceil(wall + leave.retry), usegmt=True),
        }[said.retry_after]
        made.append((f"Retry-After{said.suffix}", wait))
    return [(name.encode(), value.encode()) for name, value in made]


class Limiter:
    """One limit at work. The limit may be changed at any time; then all buckets are new."""

    def __init__(self, limit: Limit | None) -> None:
        """`limit` None grants everything and says nothing."""
        self.limit = limit
        self._buckets: dict[str, Bucket] = {}

    def change(self, limit: Limit | None) -> None:
        """From the next request on this limit holds."""
        self._buckets = {}
        self.limit = limit

    def ask(self, route: str, now: Moment, skew: float) -> tuple[bool, list[tuple[bytes, bytes]]]:
        """Whether a request to `route` is granted, and the headers that say so.

        `skew` is by how many seconds the clock in the headers is ahead of `now`.
        """
        limit = self.limit
        if limit is None:
            return True, []
        bucket = self._buckets.setdefault(route if limit.per_route else "", Bucket())
        leave = spend(limit, bucket, now)
        return leave.granted, headers(limit, leave, now.wall + skew)
