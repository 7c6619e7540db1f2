"""After a run: is what we call released gone, and is every other number still there?"""

from collections.abc import Callable

import pytest

from decom.errors import KeyRefused, Unreachable
from decom.releasing.verification import CLAIMING, STAYED, Claim, differences
from decom.sandbox.account import World
from decom.sandbox.faults import FaultPlan, Rule
from decom.sandbox.server import Sandbox
from decom.vocabulary import Outcome
from tests.dialnexa.speaking import asked, reading
from tests.quick_clock import QuickClock
from tests.releasing.at_work import SETTLE, phone, small

Start = Callable[..., Sandbox]


def claim(number: int, outcome: Outcome) -> Claim:
    return Claim(f"phn_{number}", phone(number), outcome)


def found(sandbox: Sandbox, *claims: Claim, clock: QuickClock | None = None) -> tuple[str, ...]:
    ours = clock or QuickClock()
    return reading(sandbox, lambda account: differences(account, claims, ours, SETTLE), ours)


def without(*numbers: int) -> World:
    world = small(5)
    for number in numbers:
        world.take_away(f"phn_{number}")
    return world


def test_of_these_outcomes_something_is_claimed():
    assert {*STAYED} == {"conflicted", "failed", "protected", "not_attempted"}
    assert {*CLAIMING} == {*STAYED, "released"}


def test_where_all_is_as_reported_there_is_no_difference_and_no_wait(start_sandbox: Start):
    clock = QuickClock()
    sandbox = start_sandbox(without(1, 2))
    claims = [claim(1, Outcome.RELEASED), claim(2, Outcome.RELEASED), *(claim(n, Outcome.FAILED) for n in (3, 4))]
    assert found(sandbox, *claims, clock=clock) == ()
    assert clock.waits == [] and {request.split()[0] for request in asked(sandbox)} == {"GET"}


@pytest.mark.parametrize("outcome", sorted(STAYED))
def test_a_number_that_should_have_stayed_and_is_gone_is_named(start_sandbox: Start, outcome):
    assert found(start_sandbox(without(1)), claim(1, outcome), claim(2, outcome)) == (
        f"{phone(1)} (phn_1) is reported as {outcome}, and is not on the account any more",
    )


def test_a_number_that_is_still_there_is_asked_for_once_more_after_the_settle_time(start_sandbox: Start):
    clock = QuickClock()
    sandbox = start_sandbox(small(5))
    assert found(sandbox, claim(1, Outcome.RELEASED), claim(2, Outcome.RELEASED), clock=clock) == (
        f"{phone(1)} (phn_1) is reported as released, and is still on the account",
        f"{phone(2)} (phn_2) is reported as released, and is still on the account",
    )
    assert clock.waits == [SETTLE]
    assert asked(sandbox)[1:] == [f"GET /v1/organization-phone-numbers/phn_{n}" for n in (1, 2)]


def test_a_copy_that_lags_behind_alarms_nobody(start_sandbox: Start):
    world = small(5)
    row = world.take_away("phn_1")
    world.keep_showing(row, reads=1)
    assert found(start_sandbox(world), claim(1, Outcome.RELEASED)) == ()


def test_a_number_that_came_back_is_named(start_sandbox: Start):
    world = small(5)
    world.put_back(world.take_away("phn_1"))
    assert len(found(start_sandbox(world), claim(1, Outcome.RELEASED))) == 1


def test_an_id_that_means_another_number_by_now_is_not_the_released_one(start_sandbox: Start):
    world = small(5)
    world.reassign("phn_1", "+14155559999")
    clock = QuickClock()
    assert found(start_sandbox(world), claim(1, Outcome.RELEASED), clock=clock) == ()
    assert clock.waits == []


def test_a_number_that_is_another_one_at_the_second_look_is_not_the_released_one(start_sandbox: Start):
    world = small(5)
    sandbox = start_sandbox(world)

    class Changing(QuickClock):
        async def sleep(self, seconds: float) -> None:
            world.reassign("phn_1", "+14155559999")
            await super().sleep(seconds)

    assert found(sandbox, claim(1, Outcome.RELEASED), clock=Changing()) == ()


def test_a_second_look_that_cannot_be_had_is_a_difference_too(start_sandbox: Start):
    faults = FaultPlan((Rule.of("500_before", method="GET", path="/phn_1"),))
    assert found(start_sandbox(small(5), faults=faults), claim(1, Outcome.RELEASED)) == (
        f"{phone(1)} (phn_1) is reported as released, and could not be asked for again: 500 Internal server error",
    )


@pytest.mark.parametrize("outcome", sorted({*Outcome} - CLAIMING))
def test_of_other_outcomes_nothing_is_claimed(start_sandbox: Start, outcome):
    assert found(start_sandbox(without(1)), claim(1, outcome), claim(2, outcome)) == ()


def test_few_claims_on_a_large_account_are_asked_for_one_by_one(start_sandbox: Start):
    sandbox = start_sandbox(small(350))
    sandbox.world.take_away("phn_7")
    assert found(sandbox, claim(7, Outcome.RELEASED), claim(8, Outcome.FAILED)) == ()
    assert len(sandbox.log) == 3


def test_a_number_without_its_e164_is_named_by_its_id(start_sandbox: Start):
    lonely = Claim("phn_1", None, Outcome.FAILED)
    assert found(start_sandbox(without(1)), lonely) == (
        "a number (phn_1) is reported as failed, and is not on the account any more",
    )


@pytest.mark.parametrize(("fault", "error"), [("500_before", Unreachable), ("401", KeyRefused), ("403", KeyRefused)])
def test_an_account_that_cannot_be_asked_is_no_account_without_differences(start_sandbox: Start, fault, error):
    sandbox = start_sandbox(small(5), faults=FaultPlan((Rule.of(fault, method="GET"),)))
    with pytest.raises(error):
        found(sandbox, claim(1, Outcome.RELEASED))
