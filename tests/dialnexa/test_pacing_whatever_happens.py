"""Promises of the pace over requests and servers of every sort, made up by Hypothesis. No test here waits."""

import asyncio
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from decom.dialnexa.pacing.rate import AUTO, UNLIMITED, Fixed, Pace, Rate
from tests.dialnexa.sending import now, pass_by, seeded
from tests.dialnexa.virtual_time import virtually


@dataclass(frozen=True)
class Life:
    """What becomes of one request."""

    latency: float
    fate: str
    """`answered`, `unanswered`, or `cancelled` so many seconds after it began to wait."""
    route: str


LIVES = st.lists(
    st.builds(
        Life,
        latency=st.floats(0.0, 30.0),
        fate=st.sampled_from(["answered", "answered", "answered", "unanswered", "cancelled"]),
        route=st.sampled_from(["GET numbers", "DELETE numbers"]),
    ),
    min_size=1,
    max_size=80,
)


@given(lives=LIVES, most=st.integers(1, 12), window=st.sampled_from([1.0, 10.0, 60.0]), workers=st.integers(1, 20))
def test_never_more_than_allowed_are_in_flight_or_were_answered_within_a_window(
    lives: list[Life], most: int, window: float, workers: int
) -> None:
    async def main() -> list[tuple[float, float]]:
        pacer = seeded(Pace(Fixed(most, window)))
        todo, spans = list(lives), []

        async def live(life: Life) -> None:
            turn = await pacer.turn(life.route)
            left = now()
            try:
                await pass_by(life.latency)
            finally:
                spans.append((left, now()))
                pacer.answered(turn, 200, {}) if life.fate == "answered" else pacer.unanswered(turn)

        async def work() -> None:
            while todo:
                life = todo.pop()
                task = asyncio.create_task(live(life))
                await asyncio.wait([task], timeout=life.latency if life.fate == "cancelled" else None)
                task.cancel()
                await asyncio.wait([task])

        await asyncio.gather(*(work() for _ in range(workers)))
        return spans

    spans = virtually(main())
    for left, _ in spans:
        counted = sum(earlier <= left and left < answered + window for earlier, answered in spans)
        assert counted <= most


HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "X-RateLimit-Limit": st.integers(0, 200).map(str),
        "X-RateLimit-Remaining": st.integers(0, 200).map(str),
        "X-RateLimit-Reset": st.one_of(st.integers(0, 100).map(str), st.just("1800000060"), st.text(max_size=5)),
        "Retry-After": st.one_of(st.integers(0, 100).map(str), st.text(max_size=5)),
        "Date": st.just("Fri, 15 Jan 2027 08:00:00 GMT"),
    },
)


@given(
    answers=st.lists(
        st.tuples(st.sampled_from([200, 200, 200, 404, 429, 500, 503, 0]), HEADERS), min_size=1, max_size=60
    ),
    rate=st.sampled_from([AUTO, UNLIMITED, Fixed(7, 3.0)]),
    workers=st.integers(1, 40),
)
def test_whatever_a_server_says_nobody_waits_for_ever(
    answers: list[tuple[int, dict[str, str]]], rate: Rate, workers: int
) -> None:
    async def main() -> None:
        pacer = seeded(Pace(rate), unix=1_800_000_000.0)
        todo = list(answers)

        async def work() -> None:
            while todo:
                status, headers = todo.pop()
                turn = await pacer.turn("r")
                await pass_by(0.1)
                pacer.unanswered(turn) if status == 0 else pacer.answered(turn, status, headers)
                state = pacer.state()
                assert state.words() != ""
                assert pacer.forecast(1000) >= 0.0

        await asyncio.gather(*(work() for _ in range(workers)))
        assert now() <= len(answers) * 1_000.0

    virtually(main())
