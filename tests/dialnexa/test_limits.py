"""The pace against every kind of limit: no 429 of our making, and hardly slower than anybody could be. Simulated."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.dialnexa.pacing.rate import UNLIMITED, Fixed
from tests.dialnexa.limits import Run, Scenario, efficiencies, simulate
from tests.service.limits import ANNOUNCING, KINDS, SILENT, ByClock, FromFirst, LimitKind, Rolling, Style, Tokens

WINDOW = 60.0
BY_THE_CLOCK = [kind for kind in KINDS if kind.startswith("fixed by the clock")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_that_announces_itself_costs_a_thousand_requests_no_429_and_little_time(kind: str) -> None:
    for line in efficiencies(1_000, {kind: KINDS[kind]}, tuple(ANNOUNCING)):
        assert (line.throttled, line.ratio <= 1.12) == (0, True), line


@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_that_announces_itself_costs_ten_thousand_requests_no_429_and_next_to_no_time(kind: str) -> None:
    for line in efficiencies(10_000, {kind: KINDS[kind]}, ("seconds, rounded up", "Unix time, rounded up")):
        assert (line.throttled, line.ratio <= 1.02) == (0, True), line


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_is_said_150_a_minute_are_kept_all_the_same(kind: str) -> None:
    """Where windows follow a clock that nobody speaks of, the first one may be lost; nothing else is."""
    for line in efficiencies(1_000, {kind: KINDS[kind]}, tuple(SILENT)):
        ideal = KINDS[kind]().fastest(1_000)
        assert line.throttled == 0
        assert line.ratio * ideal <= 1.12 * ideal + (WINDOW if kind in BY_THE_CLOCK else 0.0), line


MOMENTS = [style for style in ANNOUNCING if style.startswith(("Unix time", "milliseconds"))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("off", [0.0, 0.9, -0.9])
def test_moments_without_a_date_are_read_by_our_own_clock(kind: str, off: float) -> None:
    for style in MOMENTS:
        run = simulate(Scenario((KINDS[kind],), ANNOUNCING[style], requests=1_000, our_clock=off))
        assert (run.throttled, run.excess, run.ratio <= 1.15) == (0, 0, True), (style, run)


@pytest.mark.parametrize("style", MOMENTS)
def test_a_short_window_is_used_though_the_answers_have_no_date(style: str) -> None:
    run = simulate(Scenario((lambda: FromFirst(40, 15.0),), ANNOUNCING[style], requests=600, our_clock=0.0))
    assert (run.throttled, run.excess) == (0, 0)
    assert run.ratio <= 1.25


@pytest.mark.parametrize("off", [5.0, -5.0, 40.0, -40.0, 3_000.0, 3e7, -3e7])
def test_a_clock_of_ours_that_is_wrong_costs_some_time_or_a_few_429s(off: float) -> None:
    for kind in KINDS.values():
        run = simulate(Scenario((kind,), ANNOUNCING["Unix time, rounded up"], requests=600, our_clock=off))
        assert run.throttled <= 4
        assert run.excess <= 1
        assert run.ratio <= 2.0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("style", [*ANNOUNCING, *SILENT])
def test_every_window_of_the_server_holds_no_more_than_the_limit(kind: str, style: str) -> None:
    run = simulate(Scenario((KINDS[kind],), {**ANNOUNCING, **SILENT}[style], requests=700, seed=5))
    assert (run.excess, run.throttled, len(run.answered)) == (0, 0, 700)


@pytest.mark.parametrize("kind", KINDS)
def test_the_reserve_stays_untouched_in_every_window(kind: str) -> None:
    run = simulate(Scenario((KINDS[kind],), requests=700, reserve=0.2))
    spared = KINDS[kind]()
    spared.limit = 120
    assert run.throttled == 0
    if not isinstance(spared, Tokens):  # a bucket of 120 fills more slowly than one of 150 of which 30 stay
        assert spared.excess(list(run.arrivals)) == 0
    assert run.seconds <= 1.12 * max(spared.fastest(700), 1.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("style", ["seconds, rounded up", "nothing at all"])
def test_a_hundred_requests_take_seconds(kind: str, style: str) -> None:
    assert simulate(Scenario((KINDS[kind],), {**ANNOUNCING, **SILENT}[style], requests=100)).seconds < 5.0


@pytest.mark.parametrize("kind", KINDS)
def test_who_does_not_pace_is_caught_by_the_same_check(kind: str) -> None:
    run = simulate(Scenario((KINDS[kind],), SILENT["nothing at all"], requests=400, rate=UNLIMITED))
    assert run.excess > 0
    assert run.throttled > 0


@pytest.mark.parametrize("style", ["only Retry-After", "only Retry-After, a date"])
def test_after_a_429_nothing_arrives_before_the_server_said(style: str) -> None:
    run = simulate(Scenario((FromFirst,), SILENT[style], requests=400, rate=UNLIMITED, blocks=True))
    stopped_at, longest_in_flight = run.refused[0], 0.45
    quiet = [at for at in run.arrivals if stopped_at + longest_in_flight < at < stopped_at + WINDOW - 0.5]
    assert quiet == []


@pytest.mark.parametrize("limit", [1, 5, 40, 100, 149])
@pytest.mark.parametrize("style", SILENT)
def test_a_lower_limit_that_nobody_speaks_of_costs_fewer_429s_than_there_are_windows(limit: int, style: str) -> None:
    run = simulate(Scenario((lambda: FromFirst(limit),), SILENT[style], requests=20 * limit, blocks=True))
    assert run.throttled < 20
    assert run.seconds < 1.3 * run.ideal


def test_a_limit_that_a_429_taught_while_others_spent_is_found_out_to_be_higher() -> None:
    """Nobody says what is left, and once others take nearly all of a window."""
    others = (181.0,) * 145
    run = simulate(Scenario(style=SILENT["only Retry-After"], requests=3_000, reserve=0.1, others=others, blocks=True))
    assert 1 <= run.throttled <= 8
    assert run.ratio <= 1.3


@pytest.mark.parametrize("kind", KINDS)
def test_routes_that_share_one_limit_keep_it_together(kind: str) -> None:
    run = simulate(Scenario((KINDS[kind],), routes=("GET numbers", "DELETE numbers", "GET campaigns")))
    assert (run.throttled, run.excess) == (0, 0)
    assert run.ratio <= 1.12


@pytest.mark.parametrize("kind", KINDS)
def test_routes_that_have_a_limit_each_use_both(kind: str) -> None:
    run = simulate(Scenario((KINDS[kind],), routes=("GET numbers", "DELETE numbers"), per_route=True))
    assert (run.throttled, run.excess) == (0, 0)
    assert run.ratio <= 0.62


SEVERAL: list[tuple[Callable[[], LimitKind], ...]] = [
    (lambda: Rolling(3, 1.0), lambda: FromFirst(20, 10.0), lambda: FromFirst(100, 60.0)),
    (lambda: Rolling(10, 1.0), lambda: Rolling(150, 60.0)),
]


@pytest.mark.parametrize("kinds", SEVERAL)
@pytest.mark.parametrize("style", ANNOUNCING)
def test_of_several_named_limits_each_is_kept(kinds: tuple[Callable[[], LimitKind], ...], style: str) -> None:
    run = simulate(Scenario(kinds, ANNOUNCING[style], requests=500, workers=16))
    assert (run.throttled, run.excess) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "most"),
    [(FromFirst(20, 10.0), 1.12), (FromFirst(50, 5.0), 1.15), (Rolling(20, 10.0), 1.25), (FromFirst(10, 1.0), 1.7)],
)
def test_a_short_window_is_found_out_and_used(kind: LimitKind, most: float) -> None:
    run = simulate(Scenario((lambda: replace(kind),), requests=20 * kind.limit, latency=(0.05, 0.15)))  # type: ignore[type-var]
    assert run.throttled == 0
    assert run.ratio <= most


@pytest.mark.parametrize("window", [300.0, 3600.0])
def test_tokens_that_drip_more_slowly_than_we_would_guess_are_waited_for(window: float) -> None:
    run = simulate(Scenario((lambda: Tokens(150, window, "next"),), requests=200, workers=4, latency=(0.5, 3.0)))
    assert (run.throttled, run.excess) == (0, 0)
    assert run.ratio <= 1.12


@pytest.mark.parametrize("kind", KINDS)
def test_what_others_spent_before_us_is_seen_in_the_first_answer(kind: str) -> None:
    others = (0.0,) * 40
    for style in ANNOUNCING.values():
        run = simulate(Scenario((KINDS[kind],), style, requests=400, workers=64, latency=(0.1, 0.1), others=others))
        assert (run.throttled, run.excess) == (0, 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("limit", "slower"), [(60, (1.9, 2.6)), (600, (0.28, 0.4))])
def test_a_limit_that_changes_in_the_middle_is_followed(kind: str, limit: int, slower: tuple[float, float]) -> None:
    requests = 1_000 if limit == 60 else 3_000
    run = simulate(Scenario((KINDS[kind],), requests=requests, changes=((100.0, limit),)))
    assert slower[0] <= run.ratio <= slower[1]
    assert run.throttled <= (2 if limit == 60 else 0)


@pytest.mark.parametrize("kind", KINDS)
def test_others_who_spend_no_more_than_the_reserve_are_never_refused(kind: str) -> None:
    others = tuple(5.0 * n for n in range(200))
    run = simulate(Scenario((KINDS[kind],), requests=1_000, reserve=0.1, others=others, blocks=True))
    assert (run.throttled, run.others_refused, run.excess) == (0, 0, 0)
    assert run.ratio <= 1.35


def test_others_who_need_more_than_the_reserve_are_left_more_after_the_first_429() -> None:
    others = tuple(2.0 * n for n in range(500))
    run = simulate(Scenario(requests=1_000, reserve=0.1, others=others, blocks=True))
    assert run.throttled <= 2
    assert run.others_refused <= 30


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate", [Fixed(100, 60.0), Fixed(1_000, 60.0), Fixed(20, 5.0)])
def test_a_fixed_rate_is_held_back_by_the_servers_limit_and_by_its_own(kind: str, rate: Fixed) -> None:
    run = simulate(Scenario((KINDS[kind],), requests=500, rate=rate))
    assert (run.throttled, run.excess) == (0, 0)
    assert Rolling(rate.requests, rate.seconds).excess(list(run.arrivals)) == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reserve", [0.0, 0.1])
def test_the_forecast_made_after_a_tenth_comes_true(kind: str, reserve: float) -> None:
    run = simulate(Scenario((KINDS[kind],), requests=3_000, reserve=reserve))
    assert run.forecast == pytest.approx(run.seconds, rel=0.08)


def test_the_same_seed_gives_the_same_run() -> None:
    assert simulate(Scenario(requests=300)) == simulate(Scenario(requests=300))


USUAL = st.sampled_from([1.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 3600.0])


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Any limit of a kind that says when it frees something, any network, any number of workers."""
    limit, window = draw(st.integers(1, 300)), draw(USUAL)
    phase = draw(st.floats(0.0, window, exclude_max=True))
    kinds: list[Callable[[], LimitKind]] = [
        lambda: FromFirst(limit, window),
        lambda: ByClock(limit, window, phase),
        lambda: Rolling(limit, window, draw_once),
        lambda: Tokens(limit, window),
    ]
    draw_once = draw(st.sampled_from(["oldest", "window", "as fixed"]))
    style: Style = draw(st.sampled_from(list(ANNOUNCING.values())))
    quick = draw(st.floats(0.01, 1.0))
    return Scenario(
        (draw(st.sampled_from(kinds)),),
        style,
        requests=draw(st.integers(1, min(4 * limit, 400))),
        workers=draw(st.integers(1, 64)),
        routes=draw(st.sampled_from([("a",), ("a", "b")])),
        per_route=draw(st.booleans()),
        latency=(quick, quick * draw(st.floats(1.0, 4.0))),
        reserve=draw(st.sampled_from([0.0, 0.1, 0.5])),
        blocks=draw(st.booleans()),
        seed=draw(st.integers(0, 10**6)),
    )


@given(scenario=scenarios())
def test_no_limit_that_announces_itself_is_ever_exceeded(scenario: Scenario) -> None:
    run: Run = simulate(scenario)
    assert (run.throttled, run.excess, len(run.answered)) == (0, 0, scenario.requests)
    assert math.isfinite(run.seconds)
