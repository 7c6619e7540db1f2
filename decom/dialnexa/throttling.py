"""How long everyone stops. In: answers that ask for it. Out: an instant of the monotonic clock, and why."""

import math
import random

LONGEST_PAUSE = 900.0
"""Seconds; nobody makes us stop for longer at once, or for longer than one window where that is more."""


class Throttling:
    """The pause that is on, if any, and the 429s so far."""

    def __init__(self, random: random.Random) -> None:
        self.until = -math.inf
        """Nothing may leave before; in the past where no pause is on."""
        self.status = 0
        """What the service answered to bring the pause about."""
        self.count = 0
        """How many answers were 429."""
        self.last: float | None = None
        """When the last 429 came; None: none came."""
        self._random = random
        self._in_a_row = 0

    def refused(self, now: float, asked: float | None, window: float, *, again: bool) -> None:
        """A 429 came that asks for `asked` seconds (None: it does not say), under a window of `window` seconds.

        `again` is False for answers to what was in flight when the last one came: they belong to the same stop
        and can only prolong it. Where nothing is said we wait one window, twice that the next time, and so on.
        Where too little is said, and the first request afterwards is refused again: at least 1, 2, 4 … seconds,
        up to a window.
        """
        self.count += 1
        self.last = now
        self._in_a_row += again
        doubled = 2.0 ** min(max(self._in_a_row - 1, 0), 20)
        wait = window * doubled if asked is None else max(asked, min(window, doubled))
        self._stop(now, wait, window, 429)

    def unavailable(self, now: float, asked: float, window: float) -> None:
        """A 503 came that asks for `asked` seconds."""
        self._stop(now, asked, window, 503)

    def passed(self) -> None:
        """A request that left after the last 429 was not refused."""
        self._in_a_row = 0

    def _stop(self, now: float, wait: float, window: float, status: int) -> None:
        """With a second for the rounding of what was said, and some more so that no two runs return at once."""
        wait = min(wait, max(window, LONGEST_PAUSE))
        until = now + wait + 1.0 + self._random.random() * max(1.0, wait / 20.0)
        if until > self.until:
            self.until, self.status = until, status
