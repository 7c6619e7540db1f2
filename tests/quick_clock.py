"""A clock for tests that wait: no wait takes any time, and all of them are remembered."""

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 23, 18, 57, 57, 120_000, tzinfo=UTC)


class QuickClock:
    """Time passes only by waiting for it, or by `pass_by`."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self.waits: list[float] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds - 1_000.0)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        assert 0.0 <= seconds < 1e9, seconds
        self.waits.append(seconds)
        self.pass_by(seconds)
        await asyncio.sleep(0)

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds
