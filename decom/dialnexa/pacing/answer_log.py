"""How many requests count at an instant. In: requests that leave, and when their answers came. Out: a number, a time.

A request counts from its grant until a window after its answer. The server counted it somewhere between the two,
so that within any window there it never counted more than are counted here.
"""

import math
from collections import deque

CLOCKS_APART = 1.001
"""Windows are held this much longer: our clock and the server's need not run equally fast."""


class AnswerLog:
    """The requests of the last `window` seconds, counted from their answers, and those in flight."""

    def __init__(self, window: float) -> None:
        self.window = window
        """Seconds; may be changed at any time, though what was forgotten stays so."""
        self.in_flight = 0
        """Requests that left and have no answer yet."""
        self._answers: deque[float] = deque()

    @property
    def held(self) -> float:
        """Seconds for which an answer counts."""
        return self.window * CLOCKS_APART

    def add(self, now: float) -> None:
        """An answer came, or the wait for one ended; it no longer counts as in flight."""
        self.in_flight -= 1
        self._answers.append(now)
        self.answers(now)

    def answers(self, now: float) -> int:
        """Answers that still count."""
        gone = now - self.held
        while self._answers and self._answers[0] <= gone:
            self._answers.popleft()
        return len(self._answers)

    def opens_at(self, now: float, most: int) -> float:
        """When fewer than `most` will count: now or later; infinity where an answer must come first."""
        over = self.answers(now) + self.in_flight - most
        if over < 0:
            return now
        return self._answers[over] + self.held if over < len(self._answers) else math.inf

    def oldest_ends_in(self, now: float) -> float:
        """Seconds until the oldest answer no longer counts; a whole window where there is none."""
        return self._answers[0] + self.held - now if self.answers(now) > 0 else self.held
