"""One pace for all workers: how many may leave, and who of them. No test here waits."""

import asyncio

import pytest

from decom.dialnexa.pacing.rate import UNLIMITED, Fixed, Pace
from tests.dialnexa.sending import auto, how_many_leave, limit, now, one, pass_by, seeded
from tests.dialnexa.virtual_time import virtually


def test_the_first_request_goes_alone() -> None:
    assert virtually(how_many_leave(auto())) == 1


@pytest.mark.parametrize(
    ("headers", "leave"),
    [
        (limit(150, 149), 134),
        (limit(600, 599), 539),
        (limit(40, 39), 35),
        (limit(150, 20), 5),
        (limit(150, 16), 1),
        (limit(150, 15), 0),
        (limit(150, 0), 0),
        (limit(1, 0), 0),
        ({"X-RateLimit-Limit": "40"}, 2),
        ({"X-RateLimit-Remaining": "3"}, 2),
        ({}, 2),
    ],
)
def test_as_many_leave_as_the_answer_left_beside_the_reserve(headers: dict[str, str], leave: int) -> None:
    async def main() -> None:
        pacer = auto()
        await one(pacer, headers=headers)
        assert await how_many_leave(pacer, of=1_000) == leave

    virtually(main())


def test_a_limit_that_changes_is_followed_down_and_up() -> None:
    async def main() -> None:
        pacer = auto(reserve=0.0)
        seen = []
        for most in (150, 20, 400):
            await one(pacer, headers=limit(most, most - 1))
            seen.append((pacer.state().limit, pacer.state().left))
        assert seen == [(150, 149), (20, 19), (400, 399)]

    virtually(main())


def test_the_least_of_the_answers_that_may_be_the_latest_counts() -> None:
    async def main() -> None:
        pacer = auto(reserve=0.0)
        await one(pacer, headers=limit(150, 149))
        first, second = await pacer.turn("r"), await pacer.turn("r")
        pacer.answered(second, 200, limit(150, 10))
        pacer.answered(first, 200, limit(150, 100))
        assert pacer.state().left == 10
        await one(pacer, headers=limit(150, 80))
        assert pacer.state().left == 80

    virtually(main())


@pytest.mark.parametrize(("route", "leave"), [("DELETE numbers", 10), ("GET numbers", 100), ("GET campaigns", 1)])
def test_what_a_route_was_told_is_remembered_while_another_one_is_used(route: str, leave: int) -> None:
    async def main() -> None:
        pacer = auto(reserve=0.0)
        await one(pacer, headers=limit(150, 10), route="DELETE numbers")
        await one(pacer, headers=limit(150, 100), route="GET numbers")
        assert await how_many_leave(pacer, route) == leave

    virtually(main())


def test_somebody_else_who_spends_is_followed_down_at_once() -> None:
    async def main() -> None:
        pacer = auto()
        await one(pacer, headers=limit(150, 149))
        assert pacer.state().left == 134
        await one(pacer, headers=limit(150, 30))
        assert pacer.state().left == 15
        assert await how_many_leave(pacer) == 15

    virtually(main())


def test_what_the_server_no_longer_says_is_counted_down_and_then_forgotten() -> None:
    async def main() -> None:
        pacer = auto(reserve=0.0)
        await one(pacer, headers=limit(150, 100))
        for spent in range(1, 21):
            await one(pacer)
            assert pacer.state().left == 100 - spent
        await one(pacer)
        assert pacer.state().left == 150 - 22

    virtually(main())


def test_once_all_is_spent_one_goes_to_ask_when_the_reset_has_passed() -> None:
    async def main() -> None:
        pacer = auto(reserve=0.0)
        await one(pacer, headers=limit(150, 100))
        await one(pacer, headers=limit(150, 0, 20))
        asked = await one(pacer, headers=limit(150, 0, 30))
        assert asked == pytest.approx(0.2 + 20 + 1)
        asked = await one(pacer, headers=limit(150, 149))
        assert asked == pytest.approx(21.3 + 30 + 1)
        assert await how_many_leave(pacer) == 149

    virtually(main())


def test_a_request_that_went_to_ask_and_hangs_holds_the_others_up_for_seconds_only() -> None:
    async def main() -> None:
        pacer = auto(reserve=0.0)
        await one(pacer, headers=limit(2, 1, 60))
        await one(pacer, headers=limit(2, 0, 60))
        hanging = await pacer.turn("r")
        went = now()
        assert await one(pacer, headers=limit(2, 0, 60)) == pytest.approx(went + 5.0)
        pacer.unanswered(hanging)

    virtually(main())


def test_a_hundred_requests_under_150_a_minute_leave_in_seconds() -> None:
    async def main() -> None:
        pacer = auto()
        left = 150

        async def work() -> None:
            nonlocal left
            left -= 1
            await one(pacer, headers=limit(150, left))

        await asyncio.gather(*(work() for _ in range(100)))
        assert now() < 2.0

    virtually(main())


def test_where_nothing_is_announced_few_are_in_flight_and_no_minute_holds_more_than_135() -> None:
    async def main() -> list[float]:
        pacer = auto()
        flying, most, left = 0, 0, []

        async def work() -> None:
            nonlocal flying, most
            for _ in range(10):
                turn = await pacer.turn("r")
                left.append(now())
                flying += 1
                most = max(most, flying)
                await pass_by(0.3)
                flying -= 1
                pacer.answered(turn, 200, {})

        await asyncio.gather(*(work() for _ in range(40)))
        assert most == 8
        return left

    left = virtually(main())
    assert left[134] < 10.0
    assert all(later - earlier > 60.0 for earlier, later in zip(left, left[135:], strict=False))


@pytest.mark.parametrize(
    ("headers", "leave"), [(limit(150, 149), 19), (limit(150, 30), 15), (limit(10, 6), 5), (limit(10, 0), 0)]
)
def test_a_fixed_rate_is_a_ceiling_that_no_server_raises_and_any_server_lowers(
    headers: dict[str, str], leave: int
) -> None:
    async def main() -> None:
        pacer = seeded(Pace(Fixed(20, 10.0), 0.1))
        await one(pacer, headers=headers)
        assert await how_many_leave(pacer) == leave

    virtually(main())


def test_an_unlimited_pace_gives_turns_without_giving_way() -> None:
    async def main() -> None:
        pacer = seeded(Pace(UNLIMITED))
        for _ in range(10_000):
            with pytest.raises(StopIteration) as given:
                pacer.turn("r").send(None)
            pacer.answered(given.value.value, 200, limit(1, 0))

    virtually(main())


def test_turns_are_given_in_the_order_in_which_they_were_asked_for() -> None:
    async def main() -> None:
        pacer = seeded(Pace(Fixed(3, 5.0)))
        order: list[int] = []

        async def work(number: int) -> None:
            turn = await pacer.turn(f"route {number % 3}")
            order.append(number)
            await pass_by(0.01)
            pacer.answered(turn, 200, {})

        await asyncio.gather(*(work(number) for number in range(50)))
        assert order == list(range(50))

    virtually(main())


def test_whoever_is_cancelled_while_waiting_loses_nothing_and_blocks_nobody() -> None:
    async def main() -> None:
        pacer = seeded(Pace(Fixed(1, 10.0)))
        await one(pacer)
        waiting = [asyncio.create_task(one(pacer)) for _ in range(5)]
        await pass_by(1.0)
        for task in waiting[:3]:
            task.cancel()
        left = await asyncio.gather(*waiting[3:])
        assert left == [pytest.approx(10.11, abs=0.01), pytest.approx(20.22, abs=0.01)]

    virtually(main())


def test_a_turn_that_is_given_in_the_moment_of_a_cancellation_goes_to_the_next_one() -> None:
    async def main() -> None:
        pacer = auto(reserve=0.0)
        held = await pacer.turn("r")
        first, second = asyncio.create_task(pacer.turn("r")), asyncio.create_task(pacer.turn("r"))
        await pass_by(1.0)
        pacer.answered(held, 200, limit(2, 1))
        first.cancel()
        await second
        assert (now(), first.cancelled()) == (1.0, True)

    virtually(main())


def test_a_request_without_an_answer_counts_as_spent() -> None:
    async def main() -> None:
        pacer = seeded(Pace(Fixed(2, 10.0)))
        first = await pacer.turn("r")
        pacer.unanswered(first)
        await one(pacer)
        assert await one(pacer) == pytest.approx(10.01)

    virtually(main())


@pytest.mark.parametrize("again", ["answered", "unanswered"])
def test_a_turn_is_given_back_once(again: str) -> None:
    async def main() -> None:
        pacer = auto()
        turn = await pacer.turn("r")
        pacer.answered(turn, 200, {})
        with pytest.raises(ValueError, match="given back before"):
            pacer.answered(turn, 200, {}) if again == "answered" else pacer.unanswered(turn)

    virtually(main())
