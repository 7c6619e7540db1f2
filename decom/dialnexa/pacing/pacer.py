"""One pace for all workers and all kinds of requests of one key. In: who wants to send, every answer. Out: turns.

It knows no HTTP library: it is told routes, statuses and headers. What is known of one limit is in
`window.py`, the reading of headers in `headers.py`, the stop after a 429 in `throttling.py`, what is
refused for itself in `alone.py`, who waits in `queue.py`. Every wait is measured with the monotonic clock.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from decom.clock import Clock
from decom.dialnexa.pacing.alone import NOBODY, Alone, Standing
from decom.dialnexa.pacing.headers import Stated, allowed, retry_after, stated
from decom.dialnexa.pacing.queue import Queue
from decom.dialnexa.pacing.rate import AUTO, UNLIMITED, Fixed, Pace
from decom.dialnexa.pacing.throttling import Throttling
from decom.dialnexa.pacing.window import Permit, Window

START_REQUESTS = 150
START_SECONDS = 60.0
"""Where `auto` starts, until the server says more."""
LONG_ENOUGH = 5.0
"""Seconds; a shorter pause for the rate limit is told to nobody's log."""


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
    in_flight: int = 0
    """Requests that left and have no answer yet."""
    waiting: int = 0
    """Requests that wait until they may leave."""
    opens_in: float = 0.0
    """Seconds until the first of these may leave; 0 where none waits, or an answer must come first."""

    def words(self) -> str:
        """For people: `135 per minute`, `paused 12 s: the service returned 429`."""
        if self.paused > 0.0:
            return f"paused {math.ceil(self.paused)} s: the service returned {self.paused_by}"
        return self.limit_in_words()

    def limit_in_words(self) -> str:
        """`135 per minute`, `no limit`"""
        if self.limit is None:
            return "no limit"
        units = {1.0: "per second", 60.0: "per minute", 3600.0: "per hour"}
        return f"{self.limit:,} {units.get(self.window, f'per {self.window:g} s')}"


@dataclass(slots=True, eq=False)
class Turn:
    """Leave to send one request; to be given back exactly once."""

    permits: tuple[tuple[Window, Permit], ...]
    subject: str | None = None
    """What it is about, so that a refusal of this one thing can be told from one for the rate; None: nothing alone."""
    left_at: Standing = NOBODY
    """Who had been refused, and who let through, when it was given."""
    open: bool = True
    """False once it was given back."""


class _Limits:
    """All limits that are known, and which of them bind a route.

    Whether routes share one limit or have one each is not known, so a request needs leave of both: of the key's
    limit, which hears every answer, and of its route's own. Each of them starts with one request alone.
    """

    def __init__(self, pace: Pace, throttling: Throttling) -> None:
        self._pace, self._throttling = pace, throttling
        self.key = self._window()
        self.shared: tuple[Window, ...] = (self.key,)
        """Those that bind every route."""
        if isinstance(pace.rate, Fixed):
            self.shared += (Window(pace.rate.requests, pace.rate.seconds, 0.0, deaf=True),)
        self._routes: dict[str, tuple[Window, ...]] = {}

    def opens_at(self, line: str, now: float) -> float:
        """When one more request of a route may leave; infinity where an answer must come first."""
        windows = self._routes.get(line)
        if windows is None:
            own = () if self._pace.rate is UNLIMITED else (self._window(),)
            windows = self._routes[line] = self.shared + own
        at = self._throttling.until
        for window in windows:
            at = max(at, window.opens_at(now))
        return at

    def let_go(self, line: str, now: float) -> Turn:
        """One request of a route leaves."""
        return Turn(tuple([(window, window.leave(now)) for window in self._routes[line]]))

    def take_back(self, given: Turn) -> None:
        """It did not leave after all."""
        for window, permit in given.permits:
            window.handed_back(permit)

    def _window(self) -> Window:
        rate, reserve = self._pace.rate, self._pace.reserve
        start = allowed(START_REQUESTS, reserve) if rate is AUTO else None
        return Window(start, START_SECONDS, reserve, deaf=rate is UNLIMITED)


class Pacer:
    """Gives turns in the order in which they were asked for, among those whose limits have room."""

    def __init__(self, pace: Pace, clock: Clock, random: random.Random) -> None:
        self._clock, self._reserve = clock, pace.reserve
        self._throttling = Throttling(random)
        self._limits = _Limits(pace, self._throttling)
        self._queue: Queue[Turn] = Queue(self._limits, clock)
        self._alone = Alone()
        self._unclear: str | None = None
        """Whose refusal may be for the rate or for itself; None: nobody's. What it teaches waits until that shows."""

    async def turn(self, route: str, subject: str | None = None) -> Turn:
        """Wait until one more request may leave. `route` is a verb and a kind of thing: `DELETE numbers`; `subject`
        is the one thing that it is about, None where that makes no difference.

        Cancelling it gives up the place in the line and nothing else.
        """
        now = self._clock.monotonic()
        self._tell_of_wait(now, self._limits.opens_at(route, now))
        turn = await self._queue.turn(route)
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
        key, place = turn.permits[0]
        news, ours = key.is_news(place), key.counted(now)
        alone = status == 429 and turn.subject is not None and self._alone.refused(turn.subject, turn.left_at)
        if status != 429:
            self._alone.passed(turn.subject)
            if news:
                self._throttling.passed()
        self._ask_to_stop(turn, status, headers, said, alone=alone)
        for window, permit in turn.permits:
            if status == 429 and not alone:
                window.refused(permit, now, self._throttling.until)
            else:
                window.answered(permit, now, said, ours)
        self._teach(turn, status, now, alone=alone)
        self._queue.serve()
        self._tell_of_wait(now, self._queue.next_at(now))

    def _teach(self, turn: Turn, status: int, now: float, *, alone: bool) -> None:
        """Have the limits learn from a refusal once it is clear that it was for the rate, and not before.

        It is where another subject is refused as well, or the same one is let through later, or refused again and not
        alone.
        """
        windows = [window for window, _ in turn.permits]
        if status != 429:
            if turn.subject is None or turn.subject != self._unclear:
                return
        elif alone:
            if turn.subject == self._unclear:
                self._unclear = None
                for window in windows:
                    window.absolve()
            return
        elif self._unclear is None and turn.subject is not None:
            self._unclear = turn.subject
            return
        self._unclear = None
        for window in windows:
            window.learn(now)

    def _ask_to_stop(
        self, turn: Turn, status: int, headers: Mapping[str, str], said: Stated | None, *, alone: bool
    ) -> None:
        if status not in (429, 503):
            return
        now, (key, place) = self._clock.monotonic(), turn.permits[0]
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
        for window, permit in turn.permits:
            window.unanswered(permit, now)
        self._queue.serve()
        self._tell_of_wait(now, self._queue.next_at(now))

    def _tell_of_wait(self, now: float, until: float | None) -> None:
        """Tell the log that nothing leaves before `until`, unless the service asked for that; None: nobody waits."""
        if (
            until is not None
            and not math.isinf(until)
            and until - now >= LONG_ENOUGH
            and until > self._throttling.until
        ):
            self._throttling.wait_log.tell(now, until, f"the rate limit ({self.state().limit_in_words()})")

    def forecast(self, requests: int) -> float:
        """Seconds until the last of so many more requests may leave under the limits as seen now.

        It counts windows and pauses, not how long the answers take: where nothing limits it is 0.
        """
        now = self._clock.monotonic()
        slowest = max(window.forecast(now, requests) for window in self._limits.shared)
        return max(0.0, self._throttling.until - now) + slowest

    def state(self) -> PacerState:
        """The pace as seen now: that of the strictest limit which all requests share."""
        now = self._clock.monotonic()
        limits = [window for window in self._limits.shared if window.most is not None]
        strictest = min(limits, key=_requests_a_second, default=self._limits.key)
        stop = self._throttling
        paused = max(0.0, stop.until - now)
        next_at = self._queue.next_at(now)
        return PacerState(
            limit=strictest.most,
            window=strictest.log.window,
            left=strictest.ready(now),
            paused=paused,
            paused_by=stop.status if paused > 0.0 else None,
            since_throttled=None if stop.last is None else now - stop.last,
            throttled=stop.count,
            in_flight=self._limits.key.log.in_flight,
            waiting=self._queue.waiting,
            opens_in=0.0 if next_at is None or math.isinf(next_at) else max(0.0, next_at - now),
        )


def _requests_a_second(window: Window) -> float:
    return (window.most or 0) / window.log.window


def _close(turn: Turn) -> None:
    if not turn.open:
        raise ValueError("this turn was given back before")
    turn.open = False
