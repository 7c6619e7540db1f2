"""After a run: is what we call released gone, and is every other number still there?"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from decom.errors import KeyRefused, Unreachable
from decom.releasing.events import Event, Paused
from decom.releasing.verification import CLAIMING, GONE, STAYED, Claim, Difference, differences
from decom.vocabulary import Outcome
from tests.dialnexa.speaking import asked, reading
from tests.quick_clock import QuickClock
from tests.releasing.at_work import SETTLE, phone, small
from tests.service.faults import Fault, FaultPlan, Rule
from tests.service.server import Sandbox
from tests.service.world import World

Start = Callable[..., Sandbox]


def claim(number: int, outcome: Outcome) -> Claim:
    return Claim(f"phn_{number}", phone(number), outcome)


def seen(sandbox: Sandbox, *claims: Claim, clock: QuickClock | None = None) -> tuple[Difference, ...]:
    ours = clock or QuickClock()
    return reading(sandbox, lambda account: differences(account, claims, ours, SETTLE), ours)


def found(sandbox: Sandbox, *claims: Claim, clock: QuickClock | None = None) -> tuple[str, ...]:
    return tuple(map(str, seen(sandbox, *claims, clock=clock)))


def without(*numbers: int) -> World:
    world = small(5)
    for number in numbers:
        world.take_away(f"phn_{number}")
    return world


def test_of_these_outcomes_something_is_claimed():
    assert {*STAYED} == {"conflicted", "failed", "protected", "not_attempted"}
    assert {*GONE} == {"released", "missing"}
    assert {*CLAIMING} == {*STAYED, *GONE}


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


def test_whoever_listens_is_told_that_a_second_look_is_waited_for_and_how_long(start_sandbox: Start):
    claims, heard, clock = [claim(1, Outcome.RELEASED), claim(2, Outcome.RELEASED)], list[Event](), QuickClock()
    sandbox = start_sandbox(small(5))
    reading(sandbox, lambda account: differences(account, claims, clock, SETTLE, heard.append), clock)
    assert heard == [Paused("a second look at 2 numbers", SETTLE)]


@pytest.mark.parametrize(
    "missing",
    [
        Claim("phn_1", phone(1), Outcome.MISSING),
        Claim("phn_1", None, Outcome.MISSING),
        Claim(None, phone(1), Outcome.MISSING),
    ],
)
def test_a_missing_number_that_is_there_is_named_however_the_list_named_it(start_sandbox: Start, missing):
    assert found(start_sandbox(without(1)), missing) == ()
    (difference,) = seen(start_sandbox(small(5)), missing)
    assert difference.standing and str(difference).endswith("is reported as missing, and is still on the account")


def test_a_missing_number_that_has_only_its_e164_makes_the_whole_listing_be_read(start_sandbox: Start):
    sandbox = start_sandbox(small(350))
    assert found(sandbox, Claim(None, "+14155559999", Outcome.MISSING)) == ()
    assert {request.partition("&")[0].rpartition("=")[2] for request in asked(sandbox)} == {"1", "2", "3", "4"}


def test_a_number_that_slipped_from_the_listing_alarms_nobody(start_sandbox: Start):
    slipped = Fault("body", text=json.dumps({"data": [], "meta": {"total": 0}}))
    sandbox = start_sandbox(small(5), faults=[Rule.of(slipped, method="GET", path="?page=")])
    assert found(sandbox, claim(1, Outcome.FAILED)) == ()


def test_only_what_was_seen_there_twice_is_standing(start_sandbox: Start):
    faults = [Rule.of("500_before", method="GET", path="/phn_2")]
    both = seen(start_sandbox(small(5), faults=faults), claim(1, Outcome.RELEASED), claim(2, Outcome.RELEASED))
    assert [difference.standing for difference in both] == [True, False]
    assert [each.standing for each in seen(start_sandbox(without(1)), claim(1, Outcome.FAILED))] == [False]


def test_a_row_that_does_not_say_its_number_is_taken_for_the_claimed_one(start_sandbox: Start):
    world = small(5)
    nobody: Any = None
    world.reassign("phn_1", nobody)
    assert len(found(start_sandbox(world), claim(1, Outcome.RELEASED))) == 1


def test_where_nothing_is_claimed_nothing_is_asked(start_sandbox: Start):
    sandbox = start_sandbox(small(5))
    assert found(sandbox) == () and sandbox.log == []


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
        f"{phone(1)} (phn_1) is reported as released, and could not be looked up again: 500 Internal server error",
    )


def test_few_claims_on_a_large_account_are_asked_for_one_by_one(start_sandbox: Start):
    sandbox = start_sandbox(small(350))
    sandbox.world.take_away("phn_7")
    assert found(sandbox, claim(7, Outcome.RELEASED), claim(8, Outcome.FAILED)) == ()
    assert len(sandbox.log) == 3


def test_a_number_without_its_e164_is_named_by_its_id(start_sandbox: Start):
    lonely = Claim("phn_1", None, Outcome.FAILED)
    assert found(start_sandbox(without(1)), lonely) == (
        "phn_1 is reported as failed, and is not on the account any more",
    )


@pytest.mark.parametrize(("fault", "error"), [("500_before", Unreachable), ("401", KeyRefused), ("403", KeyRefused)])
def test_an_account_that_cannot_be_asked_is_no_account_without_differences(start_sandbox: Start, fault, error):
    sandbox = start_sandbox(small(5), faults=FaultPlan((Rule.of(fault, method="GET"),)))
    with pytest.raises(error):
        found(sandbox, claim(1, Outcome.RELEASED))
