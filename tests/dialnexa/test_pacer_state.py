"""What people are told of the pace: forecasts, words, the last 429. No test here waits."""

import asyncio

import pytest

from decom.dialnexa.pacing.pacer import PacerState
from decom.dialnexa.pacing.rate import AUTO, UNLIMITED, Fixed, Pace, Rate
from tests.dialnexa.sending import auto, limit, one, pass_by, seeded
from tests.dialnexa.virtual_time import virtually


@pytest.mark.parametrize(
    ("requests", "seconds"),
    [(0, 0.0), (134, 0.0), (135, 60.0), (269, 60.0), (270, 120.0), (1_240, 540.0), (10_000, 4_440.0)],
)
def test_the_forecast_counts_the_windows_that_are_still_needed(requests: int, seconds: float) -> None:
    async def main() -> None:
        pacer = auto()
        await one(pacer, headers=limit(150, 149))
        assert pacer.forecast(requests) == pytest.approx(seconds, rel=0.002, abs=0.01)

    virtually(main())


def test_the_forecast_knows_pauses_and_windows_that_have_begun() -> None:
    async def main() -> None:
        pacer = seeded(Pace(Fixed(10, 60.0)))
        await asyncio.gather(*(one(pacer) for _ in range(10)))
        await pass_by(20.0)
        assert pacer.forecast(5) == pytest.approx(39.9, abs=1.0)
        assert pacer.forecast(25) == pytest.approx(159.9, abs=1.0)
        unlimited = seeded(Pace(UNLIMITED))
        assert unlimited.forecast(10**6) == 0.0
        await one(unlimited, 429, {"Retry-After": "100"})
        assert 100.0 < unlimited.forecast(10**6) < 107.0

    virtually(main())


@pytest.mark.parametrize(
    ("rate", "headers", "words"),
    [
        (AUTO, {}, "135 per minute"),
        (AUTO, limit(200, 199), "180 per minute"),
        (AUTO, limit(150, 149, 3600), "135 per hour"),
        (AUTO, limit(150, 149, 300), "135 per 300 s"),
        (UNLIMITED, limit(150, 149), "no limit"),
        (Fixed(5, 1.0), {}, "5 per second"),
        (Fixed(5, 2.5), {}, "5 per 2.5 s"),
        (Fixed(150, 60.0), limit(100, 99), "90 per minute"),
        (Fixed(50, 60.0), limit(100, 99), "50 per minute"),
    ],
)
def test_the_pace_is_said_in_words(rate: Rate, headers: dict[str, str], words: str) -> None:
    async def main() -> None:
        pacer = seeded(Pace(rate, 0.1))
        await one(pacer, headers=headers)
        assert pacer.state().words() == words

    virtually(main())


def test_the_state_tells_of_a_429_and_how_long_ago_it_was() -> None:
    async def main() -> None:
        pacer = auto()
        assert pacer.state() == PacerState(135, 60.0, 135, 0.0, None, None, 0)
        await one(pacer, 429, {"Retry-After": "11"})
        state = pacer.state()
        assert (state.paused_by, state.throttled, state.since_throttled) == (429, 1, 0.0)
        assert state.words() in ("paused 13 s: the service returned 429", "paused 14 s: the service returned 429")
        await pass_by(20.0)
        state = pacer.state()
        assert (state.paused, state.paused_by, state.since_throttled) == (0.0, None, 20.0)

    virtually(main())
