"""One number that is refused for ever is told from the rate, and costs the others no more than its answers ask."""

import pytest

from decom.dialnexa.pacing.alone import MOST_ALONE, NOBODY, Alone
from decom.dialnexa.pacing.pacer import Pacer
from decom.dialnexa.pacing.rate import AUTO, UNLIMITED, Pace
from tests.dialnexa.limits import Scenario, simulate
from tests.dialnexa.sending import limit, now, pass_by, seeded
from tests.dialnexa.virtual_time import virtually
from tests.service.limits import ANNOUNCING, KINDS, SILENT

# --- What is told from what ------------------------------------------------------------------------------------------


def test_who_is_refused_again_while_others_are_let_through_is_alone() -> None:
    alone = Alone()
    told = []
    for n in range(MOST_ALONE + 2):
        left_at = alone.standing
        alone.passed(f"other {n}")
        told.append(alone.refused("x", left_at))
        assert alone.is_given_up("x") == (n >= MOST_ALONE)
    assert told == [False] + [True] * (MOST_ALONE + 1)


def test_where_all_are_refused_nobody_is_alone() -> None:
    alone = Alone()
    for n in range(100):
        alone.passed(None)
        assert not alone.refused(f"phn_{n % 3}", alone.standing)


@pytest.mark.parametrize(("passed", "told"), [(1, False), (2, False), (3, True)])
def test_a_third_of_the_others_refused_speaks_for_the_rate(passed: int, told: bool) -> None:
    alone = Alone()
    alone.refused("x", NOBODY)
    for n in range(20):
        left_at = alone.standing
        alone.refused("y", left_at)
        for other in range(passed):
            alone.passed(f"other {n} {other}")
        assert alone.refused("x", left_at) is told


def test_where_no_other_number_is_left_looks_that_are_let_through_tell_it() -> None:
    alone = Alone()
    assert not alone.refused("x", alone.standing)
    assert not alone.refused("x", alone.standing), "nobody has told anything since"
    for n in range(MOST_ALONE):
        assert not alone.is_given_up("x")
        assert alone.would_be_told_otherwise("x")
        alone.passed(None)
        assert alone.refused("x", alone.standing), n
    assert alone.is_given_up("x")


def test_a_look_tells_nothing_where_others_are_refused_as_well() -> None:
    alone = Alone()
    for subject in ("x", "y"):
        alone.refused(subject, alone.standing)
    assert not alone.would_be_told_otherwise("x")
    alone.passed(None)
    assert not alone.refused("x", NOBODY)
    for n in range(20):
        alone.passed(f"other {n}")
    assert alone.would_be_told_otherwise("x"), "nearly all were let through: what is left is not the rate's doing"


def test_being_let_through_ends_the_series() -> None:
    alone = Alone()
    alone.refused("x", NOBODY)
    for _ in range(MOST_ALONE):
        alone.passed("y")
        alone.refused("x", alone.standing)
    assert alone.is_given_up("x")
    alone.passed("x")
    assert not alone.is_given_up("x")
    assert not alone.refused("x", alone.standing)


@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_of_the_rate_is_never_taken_for_a_lock(kind: str) -> None:
    """Not even where nobody paces, others spend, and the key is blocked past the limit."""
    others = tuple(2.0 * n for n in range(100))
    for style in (ANNOUNCING["seconds, rounded up"], SILENT["nothing at all"], SILENT["only Retry-After"]):
        run = simulate(Scenario((KINDS[kind],), style, requests=600, rate=UNLIMITED, others=others, blocks=True))
        assert run.throttled > 0
        assert run.given_up == 0


# --- What it costs the others ----------------------------------------------------------------------------------------


async def sent(pacer: Pacer, subject: str, status: int, headers: dict[str, str]) -> float:
    """One request, and how long it had to wait for leave."""
    asked = now()
    turn = await pacer.turn("DELETE numbers", subject)
    waited = now() - asked
    await pass_by(0.1)
    pacer.answered(turn, status, headers)
    return waited


@pytest.mark.parametrize("rate", [AUTO, UNLIMITED])
@pytest.mark.parametrize("announced", [{}, limit(150, 140)], ids=["nothing announced", "a limit announced"])
def test_the_others_wait_as_long_as_its_own_answers_say_and_are_slowed_down_no_further(rate, announced) -> None:
    async def main() -> None:
        pacer = seeded(Pace(rate, 0.1))
        await sent(pacer, "phn_0", 200, announced)
        before = pacer.state().limit
        waits = []
        for n in range(1, 30):
            if n % 4 == 1 and not pacer.is_given_up("locked"):
                await sent(pacer, "locked", 429, {"Retry-After": "1", **announced})
            waits.append(await sent(pacer, f"phn_{n}", 200, announced))
        assert pacer.is_given_up("locked")
        assert pacer.state().limit == before
        assert sorted(waits)[-7:][0] <= 3.0
        assert sum(waits) < 20.0

    virtually(main())


def test_a_lock_that_does_not_say_for_how_long_stops_nobody_once_it_is_known() -> None:
    async def main() -> None:
        pacer = seeded(Pace(UNLIMITED))
        waits = []
        for n in range(6):
            await sent(pacer, "locked", 429, {})
            waits.append(await sent(pacer, f"phn_{n}", 200, {}))
        assert waits[0] >= 60.0
        assert waits[1:] == [0.0] * 5

    virtually(main())
