"""The service's rate limit: so many requests in a window that begins with the first one, told in headers."""

import math
import time
from dataclasses import dataclass

from decom.sandbox.answers import Headers


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `requests` per `seconds`."""

    requests: int
    seconds: float

    def __post_init__(self) -> None:
        if self.requests < 1 or not 0 < self.seconds < math.inf:
            raise ValueError(f"{self.requests}/{self.seconds}: at least 1 request in more than 0 seconds is needed")

    @classmethod
    def parse(cls, text: str) -> "Limit | None":
        """`1500/60` is 1,500 requests per 60 seconds; `none` is no limit. Raises ValueError for anything else."""
        if text == "none":
            return None
        requests, _, seconds = text.partition("/")
        try:
            return cls(int(requests), float(seconds))
        except ValueError as error:
            raise ValueError(f"{text!r} is not a valid rate: write REQUESTS/SECONDS, e.g. 1500/60, or none") from error


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a limit says of one request."""

    accepted: bool
    remaining: int
    """Requests left in the window, this one taken off."""
    reset: float
    """Seconds until the whole limit is available again, as this kind of limit counts them."""
    retry: float
    """Seconds until one more request would be accepted."""


@dataclass(slots=True)
class FixedWindow:
    """`limit` requests in a window of `window` seconds, which begins with the first request after the last one's end.

    Time comes in as an argument, in seconds on any clock that only goes forward.
    """

    limit: int = 150
    window: float = 60.0
    ends: float = -math.inf
    used: int = 0

    def take(self, now: float) -> Verdict:
        """A request arrives."""
        if now >= self.ends:
            self.ends, self.used = now + self.window, 0
        accepted = self.used < self.limit
        self.used += accepted
        left = self.ends - now
        return Verdict(accepted, self.limit - self.used, left, left)


class Throttle:
    """One limit at work on the machine's clock."""

    def __init__(self, limit: Limit | None) -> None:
        """`limit` None accepts everything and says nothing."""
        self._window = None if limit is None else FixedWindow(limit.requests, limit.seconds)

    def __call__(self) -> tuple[bool, Headers]:
        """Whether a request that arrives now is accepted, and the headers that say so.

        Seconds are rounded up, so that a client that waits as told is never early.
        """
        if self._window is None:
            return True, []
        verdict = self._window.take(time.monotonic())
        told = {
            b"X-RateLimit-Limit": self._window.limit,
            b"X-RateLimit-Remaining": verdict.remaining,
            b"X-RateLimit-Reset": math.ceil(verdict.reset),
        }
        if not verdict.accepted:
            told[b"Retry-After"] = math.ceil(verdict.retry)
        return verdict.accepted, [(name, str(value).encode()) for name, value in told.items()]
