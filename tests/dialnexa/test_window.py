"""What is concluded from single answers: what may be the latest, whose requests count, when the log may be trusted."""

import math

import pytest

from decom.dialnexa.pacing.headers import Stated
from decom.dialnexa.pacing.remaining import ROUNDING, Remaining
from decom.dialnexa.pacing.window import PATIENCE, Permit, Window

HELD = 60.0 * 1.001


def window(start: int | None = 150, reserve: float = 0.0) -> Window:
    return Window(start, 60.0, reserve)


def hear(limit: Window, permit: Permit, at: float, said: Stated | None) -> None:
    limit.answered(permit, at, said, limit.counted(at))


def told(limit: Window, at: float, said: Stated | None) -> Permit:
    """One request leaves and is answered at once."""
    leave = limit.leave(at)
    hear(limit, leave, at, said)
    return leave


def minute(remaining: int, reset: float | None = 60.0, limit: int | None = 150) -> Stated:
    return Stated(limit, remaining, reset)


# What may be the latest


def test_of_two_answers_that_may_be_the_latest_the_later_reset_counts() -> None:
    remaining = Remaining()
    remaining.expect(tick=3, granted=1, now=10.0, reset=50.0)
    remaining.expect(tick=4, granted=2, now=11.0, reset=5.0)
    assert remaining.reset_at == 60.0 + ROUNDING
    remaining.expect(tick=6, granted=5, now=12.0, reset=5.0)
    assert remaining.reset_at == 17.0 + ROUNDING


def test_an_answer_is_out_of_date_once_a_later_request_is_answered() -> None:
    remaining = Remaining()
    remaining.hear(tick=3, granted=1, now=0.0, left=5)
    remaining.hear(tick=4, granted=2, now=0.0, left=90)
    assert remaining.least == 5
    remaining.hear(tick=6, granted=5, now=0.0, left=80)
    assert remaining.least == 80


def test_after_a_429_nothing_is_left_whatever_stragglers_say() -> None:
    remaining = Remaining()
    remaining.hear(tick=3, granted=1, now=0.0, left=50)
    remaining.used_up(tick=4, now=1.0, until=31.0)
    remaining.hear(tick=5, granted=2, now=1.1, left=49)
    assert (remaining.least, remaining.reset_at) == (0, 31.0)
    remaining.hear(tick=7, granted=6, now=31.0, left=149)
    assert remaining.least == 149


# When one may leave


def test_what_remains_without_a_limit_never_speeds_up() -> None:
    limit = window(start=1)
    told(limit, 0.0, Stated(None, 1_000, None))
    assert limit.opens_at(1.0) == pytest.approx(HELD)


def test_the_log_may_send_one_to_ask_ahead_of_a_reset_as_long_as_it_explains_the_count() -> None:
    limit = window()
    told(limit, 0.0, minute(1, limit=2))
    told(limit, 2.0, minute(0, limit=2))
    assert limit.opens_at(3.0) == pytest.approx(HELD)


def test_where_others_were_counted_only_the_reset_lets_one_go_to_ask() -> None:
    limit = window()
    told(limit, 0.0, minute(100))
    told(limit, 2.0, minute(0))
    assert limit.opens_at(3.0) == pytest.approx(2.0 + 60.0 + ROUNDING)


def test_others_stay_counted_though_later_answers_hide_them() -> None:
    """Requests in flight may or may not have been counted, so an answer among many can explain a good deal."""
    limit = window(start=None, reserve=0.1)
    told(limit, 0.0, minute(10, limit=20))
    flight = [limit.leave(0.1) for _ in range(8)]
    for number, leave in enumerate(flight):
        hear(limit, leave, 2.0, minute(2 + number, limit=20))
    assert limit.opens_at(3.0) == pytest.approx(HELD)


@pytest.mark.parametrize(("left", "opens"), [(15, HELD), (1, 2.0 + HELD), (0, 2.0 + 60.0 + ROUNDING + PATIENCE)])
def test_as_long_as_some_of_the_reserve_is_there_the_log_may_send_one_to_ask_in_spite_of_others(
    left: int, opens: float
) -> None:
    limit = window(reserve=0.1)
    told(limit, 0.0, minute(20))
    told(limit, 2.0, minute(left))
    assert limit.opens_at(3.0) == pytest.approx(opens)


def test_where_the_window_was_not_heard_in_full_the_log_does_not_go_ahead() -> None:
    limit = window()
    told(limit, 0.0, minute(1, reset=24.0, limit=2))
    told(limit, 40.0, minute(0, reset=24.0, limit=2))
    assert limit.opens_at(61.0) == pytest.approx(40.0 + 24.0 + ROUNDING)


def test_where_several_limits_are_stated_the_log_of_one_does_not_go_ahead() -> None:
    limit = window()
    told(limit, 0.0, Stated(2, 1, 60.0, alone=False))
    told(limit, 2.0, Stated(2, 0, 60.0, alone=False))
    assert limit.opens_at(3.0) == pytest.approx(62.0 + ROUNDING)


def test_requests_of_other_routes_may_explain_what_a_route_is_told() -> None:
    limit = window()
    for at in (0.0, 2.0):
        limit.answered(limit.leave(at), at, minute(round(50 - 25 * at), limit=100), 100)
    assert limit.opens_at(3.0) == 3.0


def test_a_reset_may_free_one_place_that_those_in_flight_can_take() -> None:
    limit = window(start=None)
    told(limit, 0.0, minute(2, reset=1.0, limit=3))
    flight = [limit.leave(0.5), limit.leave(0.5)]
    hear(limit, limit.leave(0.6), 0.7, minute(0, reset=1.0, limit=3))
    assert limit.left == -2
    assert limit.opens_at(0.8) >= 1.7 + ROUNDING + PATIENCE
    for leave in flight:
        hear(limit, leave, 0.9, minute(0, reset=1.0, limit=3))
    assert limit.opens_at(1.0) == pytest.approx(1.9 + ROUNDING)


def test_a_request_that_went_to_ask_and_was_handed_back_leaves_the_reset_as_it_was() -> None:
    limit = window(start=None)
    told(limit, 0.0, minute(100))
    told(limit, 1.0, minute(0))
    leave = limit.leave(62.5)
    assert limit.opens_at(62.6) == pytest.approx(62.5 + PATIENCE)
    limit.handed_back(leave)
    assert limit.opens_at(62.7) == pytest.approx(62.0)


def test_a_window_that_is_empty_right_after_its_reset_is_as_long_as_was_said() -> None:
    limit = window()
    told(limit, 0.0, minute(149, reset=10.0))
    told(limit, 1.0, minute(0, reset=9.0))
    assert limit.log.window == 60.0
    told(limit, 11.5, minute(149, reset=10.0))
    assert limit.log.window == 10.0


def test_a_window_that_is_empty_long_after_its_reset_proves_nothing() -> None:
    limit = window()
    told(limit, 0.0, minute(149, reset=10.0))
    told(limit, 1.0, minute(0, reset=9.0))
    told(limit, 30.0, minute(149, reset=10.0))
    assert limit.log.window == 60.0


# What a 429 teaches


def test_after_a_429_the_start_is_slow_even_where_much_is_left() -> None:
    limit = window(start=None)
    told(limit, 0.0, minute(100))
    limit.refused(limit.leave(1.0), 1.0, until=31.0)
    limit.learn(1.0)
    told(limit, 31.0, minute(149))
    limit.leave(31.0)
    assert limit.opens_at(31.0) == 31.0
    limit.leave(31.0)
    assert limit.opens_at(31.0) == math.inf


def test_after_a_429_a_window_that_was_only_assumed_does_not_hold_anybody_back() -> None:
    limit = window(start=None)
    told(limit, 0.0, minute(2, reset=1.0, limit=3))
    limit.refused(limit.leave(0.5), 0.5, until=2.5)
    limit.learn(0.5)
    told(limit, 2.5, minute(1, reset=1.0, limit=3))
    assert limit.opens_at(3.0) == 3.0


def test_stragglers_of_a_429_teach_nothing_more() -> None:
    limit = window(reserve=0.1)
    told(limit, 0.0, minute(100, limit=100))
    leaves = [limit.leave(1.0) for _ in range(3)]
    for leave in leaves:
        limit.refused(leave, 1.2, until=31.0)
        limit.learn(1.2)
    assert limit.most == 80


def test_a_429_that_was_not_for_the_limit_teaches_nothing() -> None:
    limit = window(reserve=0.1)
    told(limit, 0.0, minute(100, limit=100))
    limit.refused(limit.leave(1.0), 1.2, until=31.0)
    limit.absolve()
    limit.learn(1.2)
    assert limit.most == 90
