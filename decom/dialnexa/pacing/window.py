"""One limit, as far as it is known. In: requests that leave, what came of them. Out: when one more may leave.

Two rules give leave, and each is safe by itself while nobody else spends from the same limit:

By our own log: at most L requests within any W seconds, each counted from its grant until W after its *answer*
(see `answer_log.py`). That holds under a window fixed from its first request, one fixed by the clock, a rolling
one, and a bucket of tokens.

By the server's word: what `Remaining` says is left may be spent under every one of those kinds, because nothing
but requests makes it less (see `remaining.py`); everything in flight is taken off. Once that is used up, a single
request goes to ask, when `Reset` has passed or the log has room. Only what it is told is spent then: under a rolling
window `Reset` frees one place and not all of them.

So the word may slow down always, and speed up only as far as it was just said. A 429 takes that away: from then on
a request needs the leave of both rules. And where the server counts more than we sent, because others spend or
because the window is longer than it seems, the log may send somebody to ask ahead of `Reset` only as long as some of
the reserve is there to meet him.
"""

import math
from dataclasses import dataclass

from decom.dialnexa.pacing.answer_log import AnswerLog
from decom.dialnexa.pacing.headers import Stated, allowed
from decom.dialnexa.pacing.remaining import Remaining

PROMPT = 2.0
"""Seconds within which a request came right after a reset."""
PATIENCE = 5.0
"""Seconds after which a request that asks what remains may be followed by another one."""
MOST_UNANNOUNCED = 8
"""In flight at most under a limit that is only guessed: so many may run into the real one at once."""
FULL_SPEED = 32
"""In flight; a slow start that has come so far is over."""
LONGEST_WAIT_TO_EXPLORE = 64
"""Windows."""
LARGEST_RESERVE = 0.5
"""No 429 makes us leave a larger share than this to others."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave for one request, under one limit."""

    granted: int
    """The limit's tick when it was let go."""
    at: float
    """The instant when it was let go."""
    asks: bool
    """It left when nothing was known to remain, to be told."""
    reset_at: float | None
    """The reset that was expected then; None where none was known."""

    @property
    def is_prompt(self) -> bool:
        """It asks, and right after a reset."""
        return self.asks and self.reset_at is not None and self.reset_at <= self.at <= self.reset_at + PROMPT


class Window:
    """One limit: that of the key, that of a route, or the user's own."""

    def __init__(self, start: int | None, window: float, reserve: float, *, deaf: bool = False) -> None:
        """`start` requests per `window` seconds are allowed until the server announces more or less; None: any.

        `reserve` is the share of an announced limit, or of one that a 429 taught, that is left alone. A deaf
        one trusts its start, takes nothing from headers and is slowed down by a 429 only.
        """
        self.log = AnswerLog(window)
        self.limit: int | None = None
        """What the server announced, the reserve included; None: nothing yet."""
        self.most = start
        """Requests per window that may leave, as seen now; None: any number."""
        self._start, self._reserve, self._deaf = start, reserve, deaf
        self._tick = 0
        self._remaining = Remaining()
        self._heard_window = 0.0
        self._alone = True
        """The server speaks of one limit only."""
        self._others = 0
        self._others_until = -math.inf
        """Until then so many requests of others count, as far as the server's counts show."""
        self._asked_at: float | None = None
        self._most_in_flight: float = math.inf if deaf else 1
        self._refused_tick = 0
        self._lesson: int | None = None
        """How many had been accepted within a window when a 429 came that nothing was learnt from yet."""
        self._recovering = False
        self._strict = False
        self._explore_at = math.inf
        self._wait_to_explore = 1

    @property
    def left(self) -> int | None:
        """Requests that may leave by the server's word, ≤ 0 where none; None where it says nothing."""
        least = self._remaining.least
        return None if least is None else least - self.log.in_flight

    @property
    def _kept(self) -> int:
        """Requests of an announced limit that are left to others."""
        return 0 if self.limit is None or self.most is None else max(0, self.limit - self.most)

    def opens_at(self, now: float) -> float:
        """When one more may leave, as far as can be said now; infinity where an answer must come first."""
        if self.log.in_flight >= self._most_in_flight:
            return math.inf
        by_log = self._by_log(now)
        left = self.left
        if left is None:
            return by_log
        by_word = now if left > 0 else self._by_reset(left)
        window_is_known = self._alone and self._heard_window in (0.0, self.log.window)
        if self.limit is None or (self._strict and window_is_known):
            at = max(by_log, by_word)
        elif window_is_known and (now >= self._others_until or left + self._kept > 0):
            at = min(by_log, by_word)
        else:
            at = by_word
        if left <= 0 and self._asked_at is not None:
            at = max(at, self._asked_at + PATIENCE)
        return at

    def ready(self, now: float) -> int | None:
        """How many may leave now, were they asked for; None: any number."""
        if self.most is None:
            return None
        by_log = max(0, self.most - self.log.answers(now) - self.log.in_flight)
        left = self.left
        if left is None:
            return by_log
        return min(by_log, max(0, left)) if self._strict else max(0, left)

    def forecast(self, now: float, requests: int) -> float:
        """Seconds until the last of so many more requests may leave, if nothing changes."""
        rest = requests - (self.ready(now) or 0)
        if self.most is None or rest <= 0:
            return 0.0
        return self.log.oldest_ends_in(now) + (math.ceil(rest / self.most) - 1) * self.log.held

    def leave(self, now: float) -> Permit:
        """Let one request go."""
        self._tick += 1
        left = self.left
        asks = left is not None and left <= 0
        permit = Permit(self._tick, now, asks, self._remaining.reset_at)
        if asks:
            self._asked_at, self._remaining.reset_at = now, None
        self.log.in_flight += 1
        return permit

    def handed_back(self, permit: Permit) -> None:
        """The request was never sent."""
        self.log.in_flight -= 1
        if permit.asks:
            self._asked_at = None
            if self._remaining.reset_at is None:
                self._remaining.reset_at = permit.reset_at

    def unanswered(self, permit: Permit, now: float) -> None:
        """The server may have counted it: it is taken as spent."""
        self._spent(permit, now)
        self._remaining.hear_nothing(self._tick, permit.granted)

    def counted(self, now: float) -> int:
        """How many of our requests count now. The server may have counted some more, which then pass for others'."""
        return self.log.answers(now) + self.log.in_flight

    def answered(self, permit: Permit, now: float, said: Stated | None, ours: int) -> None:
        """An answer other than 429 came; `said` is what it said of the limit, None where nothing.

        `ours` is what `counted` says for all requests of the key: other routes may spend from the same limit.
        """
        self._spent(permit, now)
        if said is not None and not self._deaf:
            self._hear_of_limit(said)
        if said is None or said.remaining is None or self._deaf:
            self._remaining.hear_nothing(self._tick, permit.granted)
        else:
            self._hear_what_remains(permit, now, said, ours)
        if self.is_news(permit):
            self._speed_up()
        if self.limit is None and self.most is not None and now >= self._explore_at:
            self.most = max(self.most, min(self._start or 0, self.log.answers(now)))

    def refused(self, permit: Permit, now: float, until: float) -> None:
        """The server said 429; nothing is to be sent before `until`. What it teaches is for `learn` or `absolve`."""
        accepted = self.log.answers(now)
        self._spent(permit, now)
        if self.is_news(permit):
            self._lesson = accepted
        self._refused_tick = self._tick
        self._recovering = True
        self._most_in_flight = 1
        self._remaining.used_up(self._tick, now, until)

    def learn(self, now: float) -> None:
        """The last 429 was for this limit: keep to what it showed, and believe no word that goes beyond our own log."""
        self._strict = True
        if self._lesson is not None:
            self._learn(now, self._lesson)
            self._lesson = None

    def absolve(self) -> None:
        """The last 429 was not for this limit: nothing is learnt from it."""
        self._lesson = None

    def is_news(self, permit: Permit) -> bool:
        """Whether this request left after the last 429 came: only then its answer tells of the time since."""
        return permit.granted > self._refused_tick

    def _spent(self, permit: Permit, now: float) -> None:
        self._tick += 1
        if permit.asks:
            self._asked_at = None
        self.log.add(now)

    def _by_log(self, now: float) -> float:
        """When the log lets one more go. Above what a 429 taught one goes alone, now and then, to find out."""
        if self.most is None:
            return now
        others = self._others if now < self._others_until else 0
        at = self.log.opens_at(now, max(1, self.most - others))
        if at <= now or self.limit is not None or self._start is None or self.log.in_flight > 0:
            return at
        return min(at, max(now, self._explore_at)) if self.log.answers(now) < self._start else at

    def _by_reset(self, left: int) -> float:
        """When one may go to ask: a window after the server's last words they are out of date in any case.

        A reset may free one place only; where more are in flight than were left, they may take it.
        """
        reset_at, heard_at = self._remaining.reset_at, self._remaining.heard_at
        at = reset_at if reset_at is not None else heard_at + self.log.held
        return at if left >= 0 else at + PATIENCE

    def _hear_of_limit(self, said: Stated) -> None:
        if said.limit is not None and said.limit != self.limit:
            self.limit = said.limit
            self.most = allowed(said.limit, self._reserve)
            self._heard_window = 0.0
        self._heard_window = max(self._heard_window, said.window)
        self.log.window = max(self.log.window, self._heard_window)

    def _hear_what_remains(self, permit: Permit, now: float, said: Stated, ours: int) -> None:
        left = said.remaining or 0
        self._alone = said.alone
        if self.limit is not None:
            if permit.is_prompt and left >= self.limit - 1 and self._heard_window > 0.0:
                # Nothing counts any more right after a reset: the window is fixed, and as long as was said.
                self.log.window = self._heard_window
            others = self.limit - left - ours
            if others > 0:
                self._others = others if now >= self._others_until else max(others, self._others)
                self._others_until = now + self.log.held
            left = min(left, self.limit) - self._kept
        if said.reset is not None:
            self._remaining.expect(self._tick, permit.granted, now, said.reset)
        self._remaining.hear(self._tick, permit.granted, now, left)

    def _learn(self, now: float, accepted: int) -> None:
        """From a 429 that came after so many answers within a window."""
        if self.limit is not None:
            # Others spend more than was left to them, and their calls are refused as ours are: leave them more.
            self._reserve = max(self._reserve, min(2.0 * self._reserve, LARGEST_RESERVE))
            self.most = allowed(self.limit, self._reserve)
        elif self.most is not None and accepted > 0:
            self.most = min(self.most, allowed(accepted, self._reserve))
            self._explore_at = now + self._wait_to_explore * self.log.held
            self._wait_to_explore = min(2 * self._wait_to_explore, LONGEST_WAIT_TO_EXPLORE)

    def _speed_up(self) -> None:
        """A slow start doubles with every round of answers; it is over at once where the server says what is left."""
        guessed = self.limit is None and self._start is not None and not self._deaf
        full = MOST_UNANNOUNCED if guessed else FULL_SPEED
        told = self.limit is not None and self._remaining.least is not None
        if self._most_in_flight + 1 < full and (self._recovering or not told):
            self._most_in_flight += 1
            return
        self._recovering = False
        self._most_in_flight = full if guessed else math.inf
