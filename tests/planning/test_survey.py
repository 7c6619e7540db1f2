"""What a plan must know of the live account, by as few requests as possible."""

from collections.abc import Callable
from typing import Any

import pytest

from decom.dialnexa.account import Account
from decom.dialnexa.models import Number
from decom.errors import KeyRefused, Unreachable
from decom.phone_numbers.reading import Readings
from decom.planning.holds.interface import HoldResult
from decom.planning.holds.kinds import HOLDS
from decom.planning.plan import Conflict, Source
from decom.planning.survey import Survey, find_holds, find_numbers, survey
from decom.vocabulary import SourceState
from tests.dialnexa.speaking import asked, reading
from tests.planning.oracle.rows import Row, framed
from tests.planning.plans import row
from tests.service.faults import Fault, FaultPlan, Rule
from tests.service.server import Sandbox
from tests.service.world import World, a_number

Start = Callable[..., Sandbox]


def surveyed(sandbox: Sandbox, *rows: Row) -> Survey:
    return reading(sandbox, lambda account: survey(account, framed(rows).table, HOLDS))


def about_numbers(sandbox: Sandbox) -> list[str]:
    return [target for target in asked(sandbox) if "/organization-phone-numbers" in target]


def made_up(numbers: int = 400, **others: Any) -> World:
    return World.made_up(seed=1, numbers=numbers, **others)


def listed(*pages: int) -> list[str]:
    return [f"GET /v1/organization-phone-numbers?page={n}&limit=100" for n in pages]


@pytest.mark.parametrize("count", [1, 2])
def test_few_ids_of_a_large_account_are_asked_for_one_by_one(start_sandbox: Start, count):
    sandbox = start_sandbox(made_up(400))
    ids = sorted(sandbox.world.numbers)[:count]
    found = surveyed(sandbox, *(row(place, each) for place, each in enumerate(ids, 2)))
    assert sorted(found.numbers) == ids and found.account_size == 400
    assert about_numbers(sandbox) == [*listed(1), *(f"GET /v1/organization-phone-numbers/{each}" for each in ids)]


@pytest.mark.parametrize("count", [3, 4, 40])
def test_as_soon_as_that_is_no_cheaper_all_are_listed(start_sandbox: Start, count):
    sandbox = start_sandbox(made_up(400))
    ids = sorted(sandbox.world.numbers)[:count]
    found = surveyed(sandbox, *(row(place, each) for place, each in enumerate(ids, 2)))
    assert len(found.numbers) == found.account_size == 400
    assert about_numbers(sandbox) == listed(1, 2, 3, 4)


def test_an_account_of_one_page_takes_one_request(start_sandbox: Start):
    sandbox = start_sandbox(made_up(99))
    surveyed(sandbox, row(2, "phn_gone"))
    assert about_numbers(sandbox) == listed(1)


def test_a_first_page_that_is_full_may_give_its_own_rows_for_the_total_so_the_next_is_asked_for(start_sandbox: Start):
    sandbox = start_sandbox(made_up(100))
    assert surveyed(sandbox, row(2, "phn_gone")).account_size == 100
    assert about_numbers(sandbox) == listed(1, 2)


def test_the_same_id_in_many_rows_is_asked_for_once(start_sandbox: Start):
    sandbox = start_sandbox(made_up(400))
    (first, *_) = sandbox.world.numbers
    surveyed(sandbox, *(row(place, first) for place in range(2, 50)))
    assert len(about_numbers(sandbox)) == 2


def test_a_row_that_names_its_number_alone_needs_the_listing(start_sandbox: Start):
    sandbox = start_sandbox(made_up(400))
    (first, *_) = sandbox.world.numbers.values()
    found = surveyed(sandbox, row(2, first["id"]), row(3, first["phone_number"]))
    assert len(found.numbers) == 400
    assert about_numbers(sandbox) == listed(1, 2, 3, 4, 1, 2, 3, 4)  # twice: a number may slip between two pages


def test_ids_that_a_listing_does_not_show_are_asked_for_one_by_one(start_sandbox: Start):
    sandbox = start_sandbox(made_up(400), faults=FaultPlan((Rule.of("swap", method="GET", path="page=2", nth=1),)))
    ids = list(sandbox.world.numbers)
    found = surveyed(sandbox, *(row(place, each) for place, each in enumerate(ids[1:300], 2)), row(301, "phn_gone"))
    slipped = ids[100]  # the first of page 2 went up to page 1 when another left that
    assert slipped in found.numbers and "phn_gone" not in found.numbers
    assert about_numbers(sandbox) == [
        *listed(1, 2, 3, 4),
        *(f"GET /v1/organization-phone-numbers/{each}" for each in sorted((slipped, "phn_gone"))),
    ]


def test_where_a_listing_does_not_show_many_it_is_read_again(start_sandbox: Start):
    sandbox = start_sandbox(made_up(400))
    found = surveyed(sandbox, *(row(place, f"phn_gone{place}") for place in range(2, 12)))
    assert len(found.numbers) == found.account_size == 400
    assert about_numbers(sandbox) == listed(1, 2, 3, 4, 1, 2, 3, 4)


def test_where_the_listing_never_settles_ids_are_asked_for_and_numbers_alone_cannot_be(start_sandbox: Start):
    faults = FaultPlan((Rule.of("total_mismatch", method="GET", path="/organization-phone-numbers?"),))
    sandbox = start_sandbox(made_up(120), faults=faults)
    rows = list(sandbox.world.numbers.values())
    found = surveyed(sandbox, row(2, rows[0]["id"]), row(3, "phn_gone"))
    assert rows[0]["id"] in found.numbers and "phn_gone" not in found.numbers and found.account_size == 121
    with pytest.raises(Unreachable) as raised:
        surveyed(sandbox, row(2, rows[0]["phone_number"]))
    assert raised.value.what == (
        "the account's numbers could not be listed: the account changed while it was read,"
        " or its total counts rows that it does not list: 120 rows where its total says 121"
    )
    assert "base URL" not in (raised.value.remedy or "") and "list the numbers by ID" in (raised.value.remedy or "")


def test_an_id_that_stands_for_two_numbers_tells_of_neither_which_it_is(start_sandbox: Start):
    bare = '[{"id": "phn_1", "phone_number": "+14155550101"}, {"id": "phn_1", "phone_number": "+14155550102"}]'
    rule = Rule.of(Fault("body", text=bare), method="GET", path="/organization-phone-numbers")
    sandbox = start_sandbox(made_up(100), faults=FaultPlan((rule,)))
    numbers, _ = reading(sandbox, lambda account: find_numbers(account, {"phn_1"}, listing_needed=False))
    assert numbers == {"phn_1": Number("phn_1", None)}


def test_a_row_with_a_problem_is_not_asked_about(start_sandbox: Start):
    sandbox = start_sandbox(made_up(400))
    bad = Row(3, "+1", number=Readings(("+14155550100",)), problem="too few digits")
    found = surveyed(sandbox, bad)
    assert found.numbers == {} and found.account_size == 400
    assert about_numbers(sandbox) == listed(1)


def test_an_id_that_the_account_does_not_have_is_left_out(start_sandbox: Start):
    sandbox = start_sandbox(made_up(400))
    assert surveyed(sandbox, row(2, "phn_gone")).numbers == {}


def test_without_a_total_there_is_nothing_to_choose(start_sandbox: Start):
    sandbox = start_sandbox(made_up(100))
    bare = Fault("body", text='[{"id": "phn_1", "phone_number": "+14155550101"}]')
    sandbox.faults = FaultPlan((Rule.of(bare, method="GET", path="/organization-phone-numbers"),))
    numbers, size = reading(sandbox, lambda account: find_numbers(account, {"phn_1"}, listing_needed=False))
    assert numbers == {"phn_1": Number("phn_1", "+14155550101")} and size == 1


ODD = ["500_before", "html_404", "403", "drop_before", Fault("gateway_404", text="aws")]


@pytest.mark.parametrize("fault", ODD)
def test_where_an_answer_does_not_say_whether_a_number_is_there_the_listing_does(start_sandbox: Start, fault):
    sandbox = start_sandbox(made_up(400))
    (first, *_) = sandbox.world.numbers
    sandbox.faults = FaultPlan((Rule.of(fault, method="GET", path="organization-phone-numbers/"),))
    assert surveyed(sandbox, row(2, first), row(3, "phn_gone")).numbers.keys() >= {first}
    assert "phn_gone" not in surveyed(sandbox, row(2, first), row(3, "phn_gone")).numbers


@pytest.mark.parametrize("fault", ODD)
def test_where_neither_says_it_nothing_is_planned(start_sandbox: Start, fault):
    sandbox = start_sandbox(made_up(400))
    (first, *_) = sandbox.world.numbers
    rules = (Rule.of(fault, method="GET", path=first), Rule.of("500_before", method="GET", path="page=2"))
    sandbox.faults = FaultPlan(rules)
    with pytest.raises(Unreachable) as raised:
        surveyed(sandbox, row(2, first))
    assert raised.value.what.startswith("the account's numbers could not be listed: 500 Internal server error")
    assert raised.value.remedy is not None


def test_a_refused_key_ends_it(start_sandbox: Start):
    sandbox = start_sandbox(made_up(400))
    sandbox.world.revoke_key()
    with pytest.raises(KeyRefused):
        surveyed(sandbox, row(2, "phn_1"))


@pytest.mark.parametrize(
    ("cost", "prices", "requests"),
    [("1.15", (), 0), (None, ("0.80",), 1)],
)
def test_the_price_list_is_read_only_where_a_number_does_not_say(start_sandbox: Start, cost, prices, requests):
    numbers = [a_number("phn_1", "+14155550101", monthly_cost_usd=cost)]
    world = World(numbers, generation="second", prices=[{"country_code": "US", "monthly_cost_usd": "0.80"}])
    if cost is not None:
        world = World(numbers, prices=world.prices)
    sandbox = start_sandbox(world)
    found = surveyed(sandbox, row(2, "phn_1"))
    assert tuple(price.monthly_cost_usd for price in found.prices) == prices
    assert len([target for target in asked(sandbox) if "pricing" in target]) == requests


def test_an_account_without_a_price_list_has_no_prices(start_sandbox: Start):
    sandbox = start_sandbox(World([a_number("phn_1", "+14155550101")]))
    assert surveyed(sandbox, row(2, "phn_1")).prices == ()


@pytest.mark.parametrize("generation", ["first", "second"])
def test_every_source_is_named_in_order_and_what_holds_a_number_is_gathered(start_sandbox: Start, generation):
    sandbox = start_sandbox(made_up(400, generation=generation))
    found = surveyed(sandbox, row(2, "phn_gone"))
    assert [source.name for source in found.sources] == [hold.name for hold in HOLDS]
    held = {each["phone_number"] for each in sandbox.world.held_openly}
    assert set(found.held) >= held and len(held) == 25
    assert {conflict.source for conflicts in found.held.values() for conflict in conflicts} == {
        "campaigns" if generation == "first" else "batch-calls"
    }


def test_a_plan_of_three_hundred_rows_on_an_account_of_four_hundred_takes_few_requests(start_sandbox: Start):
    for generation in ("first", "second"):
        sandbox = start_sandbox(made_up(400, generation=generation))
        ids = list(sandbox.world.numbers)[:300]
        surveyed(sandbox, *(row(place, each) for place, each in enumerate(ids, 2)))
        assert len(sandbox.log) <= 40


class Told:
    """A source that says what it was told to say."""

    def __init__(self, conflict: Conflict) -> None:
        self.name = conflict.source
        self.conflict = conflict

    async def find(self, account: Account) -> HoldResult:
        return HoldResult(Source(self.name, SourceState.CHECKED, "told"), {"+1 415 555 0101": (self.conflict,)})


def test_a_number_that_several_sources_hold_keeps_them_all(start_sandbox: Start):
    spring = Conflict("campaigns", "cmp_1", "Spring", "active")
    june = Conflict("batch-calls", "bat_1", "June", "running")
    sandbox = start_sandbox(made_up(100))
    sources, held = reading(sandbox, lambda account: find_holds(account, (Told(spring), Told(june)), {}, set()))
    assert held == {"+14155550101": (spring, june)}
    assert [source.name for source in sources] == ["campaigns", "batch-calls"]
