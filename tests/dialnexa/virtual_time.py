"""An event loop on which a night passes in a second. In: a coroutine. Out: its result, and nothing left running."""

import asyncio
import math
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")


class _Jump(selectors.SelectSelector):
    """Waits by moving the clock."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("everybody waits, and nothing will ever happen")
        self.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop, but its time is what the timers say."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now


class VirtualClock:
    """The running loop's time. Whoever paces must not ask it for the wall clock, which may jump by a year, but where
    an answer names a moment and has no `Date`."""

    def __init__(self, unix: float | None = None) -> None:
        """`unix` is what the wall clock says when the loop starts; None: it must not be asked."""
        self._unix = unix

    def now(self) -> datetime:
        assert self._unix is not None, "the pace must not depend on the wall clock"
        return datetime.fromtimestamp(self._unix + self.monotonic(), UTC)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        assert 0.0 <= seconds < math.inf, seconds
        await asyncio.sleep(seconds)


def virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` on a virtual loop of its own."""
    loop = VirtualLoop()
    try:
        result = loop.run_until_complete(main)
        assert not asyncio.all_tasks(loop), "something was left running"
        return result
    finally:
        loop.close()
