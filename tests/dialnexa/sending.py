"""Sending requests on a virtual clock. In: a pacer, and what is answered. Out: when the requests left."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from decom.dialnexa.pacing.pacer import Pacer
from decom.dialnexa.pacing.rate import AUTO, Pace
from tests.dialnexa.virtual_time import VirtualClock

DATE = "Mon, 23 Nov 2026 18:57:57 GMT"


def limit(limit: int, remaining: int, reset: float = 60) -> dict[str, str]:
    """The three headers."""
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(reset),
    }


def seeded(pace: Pace, unix: float | None = None) -> Pacer:
    """`unix` is what the wall clock says at the beginning; None: it must not be asked."""
    return Pacer(pace, VirtualClock(unix), random.Random(7))


def auto(reserve: float = 0.1) -> Pacer:
    return seeded(Pace(AUTO, reserve))


def now() -> float:
    return asyncio.get_running_loop().time()


async def pass_by(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def one(pacer: Pacer, status: int = 200, headers: Mapping[str, str] | None = None, route: str = "r") -> float:
    """Send one request that is answered a tenth of a second later, and say when it left."""
    turn = await pacer.turn(route)
    left = now()
    await pass_by(0.1)
    pacer.answered(turn, status, headers or {})
    return left


async def how_many_leave(pacer: Pacer, route: str = "r", of: int = 200) -> int:
    """How many requests leave at this instant. They stay in flight."""
    asked = [asyncio.create_task(pacer.turn(route)) for _ in range(of)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    left = sum(task.done() for task in asked)
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    return left


@dataclass
class Departures:
    """Workers that go on for ever, and when their requests left."""

    pacer: Pacer
    answer: Callable[[int], tuple[int, Mapping[str, str]]]
    """Status and headers for the nth request, from 1."""
    times: list[float] = field(default_factory=list)

    async def until(self, requests: int, workers: int = 10) -> list[float]:
        async def work() -> None:
            while len(self.times) < requests:
                turn = await self.pacer.turn("r")
                self.times.append(now())
                status, headers = self.answer(len(self.times))
                await pass_by(0.25)
                self.pacer.answered(turn, status, headers)

        await asyncio.gather(*(work() for _ in range(workers)))
        return self.times
