"""What stops everyone, for how long, and how it goes on afterwards. No test here waits."""

import asyncio
import random
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from decom.dialnexa.pacing.pacer import Pacer
from decom.dialnexa.pacing.rate import UNLIMITED, Pace
from tests.dialnexa.sending import DATE, Departures, auto, limit, now, one, pass_by, seeded
from tests.dialnexa.virtual_time import VirtualClock, virtually


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "30"}, 30.0, 33.0),
        ({"retry-after-short": "30"}, 30.0, 33.0),
        ({"Retry-After": "Mon, 23 Nov 2026 18:58:27 GMT", "Date": DATE}, 30.0, 33.0),
        ({"Retry-After": "0"}, 1.0, 3.5),
        ({"Retry-After": "95.2"}, 95.2, 101.2),
        ({"Retry-After": "1200"}, 1_200.0, 1_261.0),
        ({"Retry-After": "999999"}, 999_999.0, 1_000_061.0),
        ({"X-RateLimit-Reset": "45"}, 45.0, 49.0),
        ({"X-RateLimit-Reset": "1200"}, 1_200.0, 1_261.0),
        ({"X-RateLimit-Reset": "7200"}, 7_200.0, 7_261.0),
        ({}, 60.0, 65.0),
        ({"Retry-After": "soon"}, 60.0, 65.0),
        ({"Retry-After": "-5"}, 60.0, 65.0),
        ({"Retry-After": "nan"}, 60.0, 65.0),
        ({"Retry-After": "1e9"}, 60.0, 65.0),
        ({"Retry-After": "5, 10"}, 60.0, 65.0),
        ({"Retry-After": DATE}, 60.0, 65.0),
    ],
)
def test_after_a_429_nobody_leaves_before_the_time_that_it_names(
    headers: dict[str, str], least: float, most: float
) -> None:
    async def main() -> None:
        pacer = seeded(Pace(UNLIMITED), unix=0.0)
        left = await Departures(pacer, lambda n: (429, headers) if n == 25 else (200, {})).until(100)
        refused_at = left[24] + 0.25
        after = [at for at in left if at > refused_at]
        assert refused_at + least <= after[0] <= refused_at + most

    virtually(main())


def test_after_a_stop_one_leaves_then_two_then_four() -> None:
    async def main() -> None:
        pacer = seeded(Pace(UNLIMITED))
        left = await Departures(pacer, lambda n: (429 if n <= 10 else 200, {"Retry-After": "30"})).until(60)
        restart = left[10]
        rounds = [sum(0.25 * n <= at - restart + 1e-6 < 0.25 * (n + 1) for at in left[10:]) for n in range(4)]
        assert rounds == [1, 2, 4, 8]
        assert pacer.state().throttled == 10

    virtually(main())


def test_429s_in_a_row_without_a_word_wait_longer_each_time_up_to_a_quarter_of_an_hour() -> None:
    async def main() -> None:
        pacer = seeded(Pace(UNLIMITED))
        left = await Departures(pacer, lambda n: (429, {})).until(8, workers=1)
        gaps = [later - earlier for earlier, later in pairwise(left)]
        for gap, wait in zip(gaps, (60, 120, 240, 480, 900, 900, 900), strict=True):
            assert wait < gap < wait * 1.05 + 2.3

    virtually(main())


def test_a_server_that_asks_for_too_little_again_and_again_is_given_more_time_by_itself() -> None:
    async def main() -> None:
        pacer = seeded(Pace(UNLIMITED))
        left = await Departures(pacer, lambda n: (429, {"Retry-After": "1"})).until(9, workers=1)
        gaps = [later - earlier for earlier, later in pairwise(left)]
        for gap, wait in zip(gaps, (1, 2, 4, 8, 16, 32, 60, 60), strict=True):
            assert wait < gap < wait * 1.05 + 2.3

    virtually(main())


def test_an_accepted_request_ends_the_series_of_429s() -> None:
    async def main() -> None:
        pacer = seeded(Pace(UNLIMITED))
        left = await Departures(pacer, lambda n: (200 if n == 4 else 429, {})).until(6, workers=1)
        assert left[3] - left[2] > 240
        assert 60 < left[5] - left[4] < 66

    virtually(main())


def test_a_straggler_that_asks_for_less_does_not_shorten_the_stop() -> None:
    async def main() -> None:
        pacer = seeded(Pace(UNLIMITED))
        first, second = await pacer.turn("r"), await pacer.turn("r")
        pacer.answered(first, 429, {"Retry-After": "100"})
        pacer.answered(second, 429, {"Retry-After": "5"})
        assert await one(pacer) > 100.0

    virtually(main())


def test_two_runs_do_not_come_back_at_the_same_instant() -> None:
    async def main(seed: int) -> float:
        pacer = Pacer(Pace(), VirtualClock(), random.Random(seed))
        await one(pacer, 429, {"Retry-After": "30"})
        return await one(pacer)

    assert len({virtually(main(seed)) for seed in range(20)}) == 20


def test_a_503_stops_everyone_where_it_says_for_how_long() -> None:
    async def main() -> None:
        pacer = seeded(Pace(UNLIMITED))
        await one(pacer, 503, {"Retry-After": "40"})
        assert pacer.state().words() == "paused 42 s: the service returned 503"
        assert 40.1 < await one(pacer, 503) < 43.5
        assert pacer.state().paused == 0.0

    virtually(main())


def test_a_429_takes_away_the_leave_to_run_ahead_of_our_own_log() -> None:
    """A server whose `Remaining` is not true is believed once."""

    async def main() -> None:
        pacer = auto(reserve=0.0)
        accepted: list[float] = []
        refused: list[float] = []

        async def work() -> None:
            while len(accepted) < 100:
                turn = await pacer.turn("r")
                await pass_by(0.2)
                if sum(at > now() - 60.0 for at in accepted) < 10:
                    accepted.append(now())
                    pacer.answered(turn, 200, limit(10, 9))
                else:
                    refused.append(now())
                    pacer.answered(turn, 429, {"Retry-After": "10"})

        await asyncio.gather(*(work() for _ in range(4)))
        assert 1 <= len(refused) <= 4
        assert refused[-1] < 60.0

    virtually(main())


def test_a_429_under_an_announced_limit_leaves_more_to_those_who_spend_beside_us() -> None:
    async def main() -> None:
        pacer = auto(reserve=0.1)
        seen = []
        for _ in range(5):
            await one(pacer, headers=limit(100, 50))
            seen.append(pacer.state().limit)
            await one(pacer, 429, {"Retry-After": "1"})
        assert seen == [90, 80, 60, 50, 50]

    virtually(main())


@pytest.mark.parametrize(
    ("status", "headers", "told"),
    [
        (429, {"Retry-After": "7"}, [("info", 9, "the service returned 429")]),
        (429, {"Retry-After": "7200"}, [("warning", 7_221, "the service returned 429")]),
        (503, {"Retry-After": "100"}, [("warning", 103, "the service returned 503")]),
        (503, {}, []),
        (500, {"Retry-After": "7"}, []),
    ],
)
def test_the_log_says_that_everyone_waits_how_long_and_why(status: int, headers: dict[str, str], told) -> None:
    async def main() -> None:
        pacer = seeded(Pace(UNLIMITED))
        turns = [await pacer.turn("r") for _ in range(10)]
        for turn in turns:
            pacer.answered(turn, status, headers)

    with capture_logs() as lines:
        virtually(main())
    assert [(line["log_level"], line["seconds"], line["why"]) for line in lines if line["event"] == "waiting"] == told
