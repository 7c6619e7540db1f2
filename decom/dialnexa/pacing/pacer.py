"""One pace for all workers and all kinds of requests of one key. In: who wants to send, every answer. Out: turns.

It knows no HTTP library: it is told routes, statuses and headers. What is known of one limit is in
`limit_bucket.py`, the reading of headers in `limit_headers.py`, the stop after a 429 in `throttling.py`, what is
refused for itself in `alone.py`, who waits in `waiting.py`. Every wait is measured with the monotonic clock.
"""

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from decom.clock import Clock
from decom.dialnexa.pacing.alone import NOBODY, Alone, Standing
from decom.dialnexa.pacing.headers import Stated, allowed, retry_after, stated
from decom.dialnexa.pacing.queue import Waiting
from decom.dialnexa.pacing.throttling import Throttling
from decom.dialnexa.pacing.window import Bucket, Leave

START_REQUESTS = 150
START_SECONDS = 60.0
"""Where `auto` starts, until the server says more."""

_RATE = re.compile(r"([0-9]{1,9})/([0-9]{1,5}(?:\.[0-9]{1,3})?)")


class Mode(Enum):
    """A rate that is no number."""

    AUTO = "auto"
    """Follow the server."""
    UNLIMITED = "none"
    """As fast as it goes, until a 429."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The user's own ceiling: the server may slow down further, and never speeds up."""

    requests: int
    """At most so many, ≥ 1 …"""
    seconds: float
    """… within any so many seconds, > 0 and at most a day."""


AUTO: Final = Mode.AUTO
UNLIMITED: Final = Mode.UNLIMITED

Rate = Mode | Fixed


def parse_rate(text: str) -> Rate:
    """`auto`, `none` or `N/SECONDS`, such as `150/60`. Raises ValueError with a sentence for people."""
    word = text.strip().lower()
    if word in (Mode.AUTO.value, Mode.UNLIMITED.value):
        return Mode(word)
    numbers = _RATE.fullmatch(word)
    if numbers is None:
        raise ValueError(f"{text!r} is no rate: it is auto, none, or requests/seconds such as 150/60")
    rate = Fixed(int(numbers[1]), float(numbers[2]))
    if rate.requests < 1 or not 0.0 < rate.seconds <= 86_400.0:
        raise ValueError(f"{text!r} is no rate: it takes at least 1 request, and from above 0 to 86400 seconds")
    return rate


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a run may go. Raises ValueError where the reserve is no share."""

    rate: Rate = AUTO
    reserve: float = 0.1
    """Share (0 … 1) of what the server allows that is left to the live traffic on the same key. A fixed rate is
    the user's word and taken as it is."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.reserve <= 1.0:
            raise ValueError(f"the reserve is {self.reserve}: it is a share from 0 to 1, such as 0.1")


@dataclass(frozen=True, slots=True)
class PacerState:
    """The pace as seen now."""

    limit: int | None
    """Requests per window that may leave, the reserve taken off; None: any number."""
    window: float
    """Seconds."""
    left: int | None
    """How many of them may leave now, ≥ 0; None: any number."""
    paused: float
    """Seconds that everyone still waits because the service asked for it; 0 where it did not."""
    paused_by: int | None
    """The status that asked for it, 429 or 503; None where nobody is paused."""
    since_throttled: float | None
    """Seconds since the last 429; None: there was none."""
    throttled: int
    """How many answers were 429."""

    def words(self) -> str:
        """For people: `135 a minute`, `paused 12 s: the service said 429`."""
        if self.paused > 0.0:
            return f"paused {math.ceil(self.paused)} s: the service said {self.paused_by}"
        if self.limit is None:
            return "no limit"
        units = {1.0: "a second", 60.0: "a minute", 3600.0: "an hour"}
        return f"{self.limit} {units.get(self.window, f'per {self.window:g} s')}"


@dataclass(slots=True, eq=False)
class Turn:
    """Leave to send one request; to be given back exactly once."""

    leaves: tuple[tuple[Bucket, Leave], ...]
    subject: str | None = None
    """What it is about, so that a refusal of this one thing can be told from one for the rate; None: nothing alone."""
    left_at: Standing = NOBODY
    """Who had been refused, and who let through, when it was given."""
    open: bool = True
    """False once it was given back."""


class _Limits:
    """All limits that are known, and which of them bind a route.

    Whether routes share one limit or have one each is not known, so a request needs leave of both: of the key's
    bucket, which hears every answer, and of its route's own. Each of them starts with one request alone.
    """

    def __init__(self, pace: Pace, throttling: Throttling) -> None:
        self._pace, self._throttling = pace, throttling
        self.key = self._bucket()
        self.shared: tuple[Bucket, ...] = (self.key,)
        """Those that bind every route."""
        if isinstance(pace.rate, Fixed):
            self.shared += (Bucket(pace.rate.requests, pace.rate.seconds, 0.0, deaf=True),)
        self._routes: dict[str, tuple[Bucket, ...]] = {}

    def opens_at(self, line: str, now: float) -> float:
        """When one more request of a route may leave; infinity where an answer must come first."""
        buckets = self._routes.get(line)
        if buckets is None:
            own = () if self._pace.rate is UNLIMITED else (self._bucket(),)
            buckets = self._routes[line] = self.shared + own
        at = self._throttling.until
        for bucket in buckets:
            at = max(at, bucket.opens_at(now))
        return at

    def let_go(self, line: str, now: float) -> Turn:
        """One request of a route leaves."""
        return Turn(tuple([(bucket, bucket.leave(now)) for bucket in self._routes[line]]))

    def take_back(self, given: Turn) -> None:
        """It did not leave after all."""
        for bucket, leave in given.leaves:
            bucket.handed_back(leave)

    def _bucket(self) -> Bucket:
        rate, reserve = self._pace.rate, self._pace.reserve
        start = allowed(START_REQUESTS, reserve) if rate is AUTO else None
        return Bucket(start, START_SECONDS, reserve, deaf=rate is UNLIMITED)


class Pacer:
    """Gives turns in the order in which they were asked for, among those whose limits have room."""

    def __init__(self, pace: Pace, clock: Clock, random: random.Random) -> None:
        self._clock, self._reserve = clock, pace.reserve
        self._throttling = Throttling(random)
        self._limits = _Limits(pace, self._throttling)
        self._waiting: Waiting[Turn] = Waiting(self._limits, clock)
        self._alone = Alone()
        self._unclear: str | None = None
        """Whose refusal may be for the rate or for itself; None: nobody's. What it teaches waits until that shows."""

    async def turn(self, route: str, subject: str | None = None) -> Turn:
        """Wait until one more request may leave. `route` is a verb and a kind of thing: `DELETE numbers`; `subject`
        is the one thing that it is about, None where that makes no difference.

        Cancelling it gives up the place in the line and nothing else.
        """
        turn = await self._waiting.turn(route)
        turn.subject, turn.left_at = subject, self._alone.standing
        return turn

    def is_given_up(self, subject: str) -> bool:
        """Whether the service refuses this subject again and again (429), and lets others through meanwhile."""
        return self._alone.is_given_up(subject)

    def a_look_tells(self, subject: str) -> bool:
        """Whether a request without a subject, if it is let through, tells a lock of this subject from the rate."""
        return self._alone.would_be_told_otherwise(subject)

    def answered(self, turn: Turn, status: int, headers: Mapping[str, str]) -> None:
        """An answer came. A 429 stops everyone for as long as it says, and so does a 503 that says how long.

        Raises ValueError where the turn was given back before.
        """
        _close(turn)
        now = self._clock.monotonic()
        said = stated(headers, self._reserve, self._our_time)
        key, place = turn.leaves[0]
        news, ours = key.is_news(place), key.counted(place, now)
        alone = status == 429 and turn.subject is not None and self._alone.refused(turn.subject, turn.left_at)
        if status != 429:
            self._alone.passed(turn.subject)
            if news:
                self._throttling.passed()
        self._ask_to_stop(turn, status, headers, said, alone=alone)
        for bucket, leave in turn.leaves:
            if status == 429 and not alone:
                bucket.refused(leave, now, self._throttling.until)
            else:
                bucket.answered(leave, now, said, ours)
        self._teach(turn, status, now, alone=alone)
        self._waiting.serve()

    def _teach(self, turn: Turn, status: int, now: float, *, alone: bool) -> None:
        """Have the limits learn from a refusal once it is clear that it was for the rate, and not before.

        It is where another subject is refused as well, or the same one is let through later, or refused again and not
        alone.
        """
        buckets = [bucket for bucket, _ in turn.leaves]
        if status != 429:
            if turn.subject is None or turn.subject != self._unclear:
                return
        elif alone:
            if turn.subject == self._unclear:
                self._unclear = None
                for bucket in buckets:
                    bucket.absolve()
            return
        elif self._unclear is None and turn.subject is not None:
            self._unclear = turn.subject
            return
        self._unclear = None
        for bucket in buckets:
            bucket.learn(now)

    def _ask_to_stop(
        self, turn: Turn, status: int, headers: Mapping[str, str], said: Stated | None, *, alone: bool
    ) -> None:
        if status not in (429, 503):
            return
        now, (key, place) = self._clock.monotonic(), turn.leaves[0]
        asked, window = retry_after(headers, self._our_time), key.log.window
        if status == 503:
            if asked is not None:
                self._throttling.unavailable(now, asked)
            return
        if said is not None:
            asked = said.whole_reset if asked is None else asked
            window = max(window, said.window)
        if alone:
            self._throttling.refused_alone(now, asked)
        else:
            self._throttling.refused(now, asked, window, again=key.is_news(place))

    def _our_time(self) -> float:
        return self._clock.now().timestamp()

    def unanswered(self, turn: Turn) -> None:
        """No answer came, or none will be waited for: it counts as spent.

        Raises ValueError where the turn was given back before.
        """
        _close(turn)
        now = self._clock.monotonic()
        for bucket, leave in turn.leaves:
            bucket.unanswered(leave, now)
        self._waiting.serve()

    def forecast(self, requests: int) -> float:
        """Seconds until the last of so many more requests may leave under the limits as seen now.

        It counts windows and pauses, not how long the answers take: where nothing limits it is 0.
        """
        now = self._clock.monotonic()
        slowest = max(bucket.forecast(now, requests) for bucket in self._limits.shared)
        return max(0.0, self._throttling.until - now) + slowest

    def state(self) -> PacerState:
        """The pace as seen now: that of the strictest limit which all requests share."""
        now = self._clock.monotonic()
        limits = [bucket for bucket in self._limits.shared if bucket.most is not None]
        strictest = min(limits, key=_requests_a_second, default=self._limits.key)
        stop = self._throttling
        paused = max(0.0, stop.until - now)
        return PacerState(
            limit=strictest.most,
            window=strictest.log.window,
            left=strictest.ready(now),
            paused=paused,
            paused_by=stop.status if paused > 0.0 else None,
            since_throttled=None if stop.last is None else now - stop.last,
            throttled=stop.count,
        )


def _requests_a_second(bucket: Bucket) -> float:
    return (bucket.most or 0) / bucket.log.window


def _close(turn: Turn) -> None:
    if not turn.open:
        raise ValueError("this turn was given back before")
    turn.open = False
