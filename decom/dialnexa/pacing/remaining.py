"""What the server says is left of a limit. In: its words, in the order in which they come. Out: a number, a time.

Answers overtake each other, so the last one heard need not be the latest. Taken is the least of those that may be: an
answer is out of date only when a request that left after it is answered.
"""

from collections import deque

ROUNDING = 1.0
"""Seconds that a `Reset` may be too short: nearly all are whole seconds, and some are rounded down."""
MOST_SILENT = 20
"""So many answers in a row without `Remaining`, and the server is held to have stopped saying it."""


class Remaining:
    """What is left, and when something is freed. Ticks number requests as they leave and answers as they come."""

    def __init__(self) -> None:
        self.reset_at: float | None = None
        """When something is freed, as far as was said; None: it was not, or a request has gone to see."""
        self.heard_at = 0.0
        """When `Remaining` was last heard."""
        self._lows: deque[tuple[int, int]] = deque()
        """(tick of the answer, what it left), ascending: the least of the answers that may be the latest."""
        self._latest_granted = 0
        self._reset_tick = 0
        self._silent = 0

    @property
    def least(self) -> int | None:
        """What is left before anything in flight is taken off; None where the server does not say."""
        return self._lows[0][1] if self._lows else None

    def hear(self, tick: int, granted: int, now: float, left: int) -> None:
        """The answer to the request that left at tick `granted` leaves so much."""
        self.heard_at, self._silent = now, 0
        self._remember(tick, granted, left)

    def expect(self, tick: int, granted: int, now: float, reset: float) -> None:
        """The same answer says that something is freed in `reset` seconds. Of two that may be the latest, the later."""
        at = now + reset + ROUNDING
        overlap = self.reset_at is not None and granted <= self._reset_tick
        self.reset_at = max(at, self.reset_at or at) if overlap else at
        self._reset_tick = tick

    def hear_nothing(self, tick: int, granted: int) -> None:
        """An answer that does not say what is left has taken one; after many such nothing is known."""
        if not self._lows:
            return
        self._silent += 1
        if self._silent > MOST_SILENT:
            self._lows.clear()
        else:
            self._remember(tick, granted, self._lows[0][1] - 1)

    def used_up(self, tick: int, now: float, until: float) -> None:
        """A 429: whatever was said, nothing is left before `until`."""
        if self._lows:
            self._lows = deque([(tick, 0)])
            self.heard_at, self.reset_at = now, until

    def _remember(self, tick: int, granted: int, left: int) -> None:
        self._latest_granted = max(self._latest_granted, granted)
        while self._lows and self._lows[-1][1] >= left:
            self._lows.pop()
        self._lows.append((tick, left))
        while self._lows[0][0] <= self._latest_granted:
            self._lows.popleft()
