"""What is tried again, how often, and how long it waits; nothing takes any time here."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.dialnexa.replies import Answered, Unanswered
from decom.dialnexa.retrying import MOST_ATTEMPTS, RetryPolicy, is_temporary, is_throttled
from tests.quick_clock import QuickClock


def tried(results: Iterator[str], policy: RetryPolicy, pause: Callable[[float], Awaitable[None]] | None = None) -> str:
    """Try for a result that is not `again`, nor `at once`."""

    async def once() -> str:
        return next(results)

    async def main() -> str:
        return await policy.call_with_retries(
            once, lambda found: found in ("again", "at once"), lambda found: found == "at once", pause
        )

    return asyncio.run(main())


def test_a_good_first_result_is_taken_without_waiting():
    clock = QuickClock()
    assert tried(iter(["good"]), RetryPolicy(clock, random.Random(1))) == "good"
    assert clock.waits == []


def test_it_goes_on_until_the_result_is_good():
    clock = QuickClock()
    assert tried(iter(["again"] * 5 + ["good", "never asked for"]), RetryPolicy(clock, random.Random(1))) == "good"
    assert len(clock.waits) == 5


@given(seed=st.integers(), tries=st.integers(1, 12), base=st.floats(0.01, 5.0), cap=st.floats(0.1, 60.0))
def test_a_wait_is_drawn_from_all_of_a_span_that_doubles_up_to_a_cap(seed, tries, base, cap):
    clock = QuickClock()
    tried(iter(["again"] * tries + ["good"]), RetryPolicy(clock, random.Random(seed), base, cap))
    expected = random.Random(seed)
    assert clock.waits == [expected.uniform(0.0, min(cap, base * 2.0**n)) for n in range(1, tries + 1)]


def test_the_first_wait_is_up_to_a_second_and_no_wait_is_over_twenty():
    clock = QuickClock()
    for seed in range(200):
        tried(iter(["again"] * 10 + ["good"]), RetryPolicy(clock, random.Random(seed)))
    first, last = clock.waits[::10], clock.waits[9::10]
    assert max(first) <= 1.0 < max(first) * 1.1
    assert max(last) <= 20.0 < max(last) * 1.1


def test_after_some_results_nothing_is_waited():
    clock = QuickClock()
    assert tried(iter(["at once", "at once", "good"]), RetryPolicy(clock, random.Random(1))) == "good"
    assert clock.waits == [0.0, 0.0]


def test_waits_can_be_someone_elses():
    waits: list[float] = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)

    clock = QuickClock()
    assert tried(iter(["again", "good"]), RetryPolicy(clock, random.Random(1)), pause=pause) == "good"
    assert clock.waits == [] and len(waits) == 1


def test_even_after_two_thousand_tries_there_is_a_next_wait():
    clock = QuickClock()
    assert tried(iter(["again"] * 2_000 + ["good"]), RetryPolicy(clock, random.Random(1))) == "good"


@pytest.mark.parametrize("error", [ValueError("ours"), KeyboardInterrupt(), asyncio.CancelledError()])
def test_an_exception_is_never_tried_again(error):
    tries = 0

    async def once() -> str:
        nonlocal tries
        tries += 1
        raise error

    async def main() -> str:
        return await RetryPolicy(QuickClock(), random.Random(1)).call_with_retries(once, lambda _: True, lambda _: True)

    with pytest.raises(type(error)):
        asyncio.run(main())
    assert tries == 1


def test_an_answer_is_temporary_by_its_status_or_where_it_broke_off():
    assert {status for status in range(1000) if is_temporary(Answered(status))} == {408, 423, 425, 500, 502, 503, 504}
    assert all(is_temporary(Answered(status, complete=False)) for status in range(1000))
    assert not is_temporary(Answered(200, {"content-encoding": "gzip"}, complete=False))
    assert is_temporary(Answered(503, {"content-encoding": "gzip"}, complete=False))
    assert {status for status in range(1000) if is_throttled(Answered(status))} == {429}


@pytest.mark.parametrize("sent", [True, False])
def test_no_answer_is_temporary_but_for_a_certificate_that_will_not_get_better(sent):
    assert is_temporary(Unanswered(sent, "cut off"))
    assert not is_temporary(Unanswered(sent, "expired", certificate=True))
    assert not is_throttled(Unanswered(sent, "cut off"))


def test_one_thing_is_asked_for_four_times_at_most():
    assert MOST_ATTEMPTS == 4
