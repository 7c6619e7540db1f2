"""How long everyone stops. In: answers that ask for it. Out: an instant of the monotonic clock, and why.

What the service asks for is waited for, however long that is: a run is bounded by its own deadline and window.
"""

import math
import random

import structlog

LONGEST_GUESS = 900.0
"""Seconds; where the service does not say how long, nobody waits longer at once, or longer than a window if that is
more."""
LONGEST_SPREAD = 60.0
"""Seconds that are added at most, so that no two runs return at once."""

LONG_WAIT = 60.0
"""Seconds; whoever sits at a terminal wants to be told of so long a wait."""
SHORTEST_TOLD = 1.0
"""Seconds; a wait that is longer than was told by no more than this, or by a tenth, is not told again."""

log = structlog.get_logger()


class WaitLog:
    """Tells the log of each pause once: when it begins, and again where it turns out to be much longer."""

    def __init__(self) -> None:
        self._until = -math.inf
        """The end that was told."""

    def tell(self, now: float, until: float, why: str, *, asked: float = 0.0) -> None:
        """Everyone waits from `now` to `until`, of which the service asked for `asked` seconds."""
        told = max(self._until, now)
        if until - told > max(SHORTEST_TOLD, (told - now) / 10.0):
            self._until = until
            say = log.warning if asked >= LONG_WAIT else log.info
            say("waiting", seconds=math.ceil(until - now), why=why)


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
        self.wait_log = WaitLog()
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
        guess = min(window * doubled, max(window, LONGEST_GUESS))
        self._stop(now, guess if asked is None else max(asked, min(window, doubled)), 429)

    def refused_alone(self, now: float, asked: float | None) -> None:
        """A 429 came that is one number's own affair: the others wait as long as it says, and not at all otherwise."""
        self.count += 1
        self.last = now
        if asked is not None:
            self._stop(now, asked, 429)

    def unavailable(self, now: float, asked: float) -> None:
        """A 503 came that asks for `asked` seconds."""
        self._stop(now, asked, 503)

    def passed(self) -> None:
        """A request that left after the last 429 was not refused."""
        self._in_a_row = 0

    def _stop(self, now: float, wait: float, status: int) -> None:
        """With a second for the rounding of what was said, and some more so that no two runs return at once."""
        until = now + wait + 1.0 + self._random.random() * max(1.0, min(wait / 20.0, LONGEST_SPREAD))
        if until > self.until:
            self.until, self.status = until, status
            self.wait_log.tell(now, until, f"the service returned {status}", asked=wait)
