"""Those who wait for leave. In: lines, and a rule for when one of them may move. Out: leave, first come first served.

Nobody polls: one alarm is set for the next instant at which something can change by itself, and whoever changes
anything else calls `serve`. While nobody waits nothing runs.
"""

import asyncio
import math
from collections import deque
from dataclasses import dataclass
from itertools import count
from typing import Generic, Protocol, TypeVar

from decom.clock import Clock

T = TypeVar("T")

SHORTEST_SLEEP = 0.001
"""Seconds; clocks round, and a wait that ends a hair too early must not spin."""


class Admission(Protocol[T]):
    """Says when a line may move, and what is given to whoever goes."""

    def opens_at(self, line: str, now: float) -> float:
        """When the first of `line` may go: now or earlier, later, or infinity where `serve` will be called."""
        ...

    def let_go(self, line: str, now: float) -> T:
        """What the first of `line` is given."""
        ...

    def take_back(self, given: T) -> None:
        """Whoever was given it was cancelled in that very moment, and did not go."""
        ...


@dataclass(slots=True, eq=False)
class _Place(Generic[T]):
    number: int
    """Places are numbered as they are taken, over all lines."""
    given: asyncio.Future[T]


class Queue(Generic[T]):
    """All lines under one rule; among those that may move the one whose first has waited longest moves."""

    def __init__(self, rule: Admission[T], clock: Clock) -> None:
        self._rule, self._clock = rule, clock
        self._lines: dict[str, deque[_Place[T]]] = {}
        self._numbers = count()
        self._alive = 0
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at = math.inf

    async def turn(self, line: str) -> T:
        """Wait in `line` for one's turn. Cancelling it gives up the place and nothing else."""
        if self._alive == 0:
            now = self._clock.monotonic()
            if self._rule.opens_at(line, now) <= now:
                return self._rule.let_go(line, now)
        place: _Place[T] = _Place(next(self._numbers), asyncio.get_running_loop().create_future())
        self._lines.setdefault(line, deque()).append(place)
        self._alive += 1
        self.serve()
        try:
            return await place.given
        except asyncio.CancelledError:
            if place.given.cancelled():
                self._alive -= 1
            else:
                self._rule.take_back(place.given.result())
            self.serve()
            raise

    def next_at(self, now: float) -> float | None:
        """When the first of those who wait may go: now, later, or infinity where an answer must come first.

        None where nobody waits.
        """
        if self._alive == 0:
            return None
        waiting = (name for name, line in self._lines.items() if any(not place.given.done() for place in line))
        return min((self._rule.opens_at(name, now) for name in waiting), default=None)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self._alive

    def serve(self) -> None:
        """Let go whoever may go now, and see to it that the next one is woken in time."""
        while self._alive > 0:
            now = self._clock.monotonic()
            first, soonest = "", math.inf
            longest = math.inf
            for name, line in self._lines.items():
                while line and line[0].given.done():
                    line.popleft()
                if not line:
                    continue
                at = self._rule.opens_at(name, now)
                soonest = min(soonest, at)
                if at <= now and line[0].number < longest:
                    first, longest = name, line[0].number
            if math.isinf(longest):
                self._wake_at(soonest, now)
                return
            self._alive -= 1
            self._lines[first].popleft().given.set_result(self._rule.let_go(first, now))
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _wake_at(self, at: float, now: float) -> None:
        """An alarm that rings too early does no harm: it finds nobody who may go, and is set again."""
        if math.isinf(at) or (self._alarm is not None and self._alarm_at <= at):
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = asyncio.create_task(self._ring(max(at - now, SHORTEST_SLEEP)))

    async def _ring(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._alarm = None
        self.serve()
