"""The account's verbs against a real server: facts, or a value that says why there are none."""

import asyncio
import json
from collections.abc import Callable

import pytest

from decom.dialnexa.account import MOST_THROTTLED, Looked, Sight
from decom.dialnexa.gate import RequestBlocked
from decom.dialnexa.listing import Listing, ReadFailure, Unreadable
from decom.dialnexa.models import Campaign, Number, Price, Workflow
from decom.dialnexa.replies import Answered, Proof, Unanswered, proof
from decom.dialnexa.understanding import no_such_route
from decom.errors import KeyRefused, Unreachable
from tests.dialnexa.speaking import asked, reading, service_of
from tests.quick_clock import QuickClock
from tests.service.faults import Fault, FaultPlan, Rule
from tests.service.gateways import GATEWAYS
from tests.service.server import Sandbox
from tests.service.shapes import Shape
from tests.service.world import World, a_number

Start = Callable[..., Sandbox]

GENERATIONS = ["first", "second"]
NUMBER = "/organization-phone-numbers/phn_1"


def small(**others: object) -> World:
    """An account of `phn_1` and `phn_2`."""
    rows = [a_number(f"phn_{n}", f"+1415555010{n}", country_code="US") for n in (1, 2)]
    return World(rows, **others)  # type: ignore[arg-type]  # whatever a world may be told


def getting(*faults: str | Fault, path: str = "", nth: int | list[int] | None = None) -> FaultPlan:
    """These faults strike GETs."""
    return FaultPlan((Rule.of(*faults, method="GET", path=path, nth=nth),))


# --- Numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_number_is_listed_in_either_generation(start_sandbox: Start, generation):
    sandbox = start_sandbox(World.made_up(seed=1, numbers=230, generation=generation))
    found = reading(sandbox, lambda account: account.numbers())
    assert [number.id for number in found] == list(sandbox.world.numbers)
    # Of several pages a row may slip while they are read: only two readings that agree are believed.
    assert asked(sandbox) == [f"GET /v1/organization-phone-numbers?page={n}&limit=100" for n in (1, 2, 3, 1, 2, 3)]


def test_numbers_that_fit_on_one_page_take_one_request(start_sandbox: Start):
    sandbox = start_sandbox(World.made_up(seed=1, numbers=99))
    assert len(reading(sandbox, lambda account: account.numbers())) == 99
    assert len(sandbox.log) == 1


def test_a_first_page_says_how_many_there_are_and_is_not_read_twice(start_sandbox: Start):
    sandbox = start_sandbox(World.made_up(seed=1, numbers=130))

    async def ask(account):
        first = await account.first_numbers()
        return first.total, len(await account.numbers(first))

    assert reading(sandbox, ask) == (130, 130)
    assert len(sandbox.log) == 4


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("500_before", Unreachable, "could not be listed: 500 Internal server error"),
        (
            "502_before",
            Unreachable,
            "could not be listed: a web page was returned instead of data (502): the service may be down",
        ),
        (
            "html_200",
            Unreachable,
            "a web page was returned instead of data (200): check the base URL and any proxy",
        ),
        ("route_404", Unreachable, "this account has none (404)"),
        ("half_body", Unreachable, "the response was cut off (200)"),
        ("drop_before", Unreachable, "RemoteProtocolError"),
        ("not_json", Unreachable, "the answer is a page that is neither an object nor a list"),
        (Fault("body", text='{"data": [{"id": "../x"}], "meta": {"total": 1}}'), Unreachable, "page 1 holds an entry"),
        ("total_mismatch", Unreachable, "total counts rows that it does not list: 2 rows where its total says 3"),
        (Fault("status_before", 418), Unreachable, "could not be listed: 418 The service says so."),
        ("redirect_307", Unreachable, "could not be listed: status 307"),
        ("403", KeyRefused, "this API key is not allowed to read the account's numbers (403)"),
        ("401", KeyRefused, "the service does not accept the API key (401)"),
    ],
)
def test_without_all_numbers_nothing_can_be_planned_and_the_error_says_why(start_sandbox: Start, fault, error, words):
    sandbox = start_sandbox(small(), faults=getting(fault))
    with pytest.raises(error) as raised:
        reading(sandbox, lambda account: account.numbers())
    assert words in raised.value.what
    assert raised.value.remedy is not None


def test_a_first_page_that_cannot_be_had_is_the_same_error(start_sandbox: Start):
    sandbox = start_sandbox(small(), faults=getting("500_before"))
    with pytest.raises(Unreachable, match="could not be listed: 500"):
        reading(sandbox, lambda account: account.first_numbers())


def test_a_listing_that_drifted_once_is_read_again(start_sandbox: Start):
    sandbox = start_sandbox(World.made_up(seed=1, numbers=130), faults=getting("page_drift", nth=2))
    assert len(reading(sandbox, lambda account: account.numbers())) == 130
    pages = (1, 2, 3, 1, 2, 1, 2)
    assert asked(sandbox) == [f"GET /v1/organization-phone-numbers?page={n}&limit=100" for n in pages]


def test_a_number_that_goes_while_another_comes_hides_none_though_the_total_stays(start_sandbox: Start):
    sandbox = start_sandbox(World.made_up(seed=1, numbers=130), faults=getting("swap", nth=2))
    found = reading(sandbox, lambda account: account.numbers())
    assert {number.id for number in found} == set(sandbox.world.numbers)


def test_a_reading_of_which_the_last_page_failed_gives_what_was_seen_before(start_sandbox: Start):
    world = World([a_number(f"phn_{n}", f"+1415555{n:04}") for n in range(130)])
    for n in range(120):
        world.start_campaign(f"+1415555{n:04}", name=f"Campaign {n}")
    sandbox = start_sandbox(world, faults=getting("500_before", path="/campaigns?page=2"))
    found = reading(sandbox, lambda account: account.campaigns())
    assert len(found.rows) == 100 and found.not_read == Unreadable(ReadFailure.BROKEN, "500 Internal server error")


@pytest.mark.parametrize(("refuse_above", "asked_for"), [(99, 50), (50, 50), (30, 20), (10, 10)])
def test_a_page_size_that_is_refused_is_asked_for_smaller_and_remembered(start_sandbox: Start, refuse_above, asked_for):
    world = World.made_up(seed=1, numbers=30)
    world.shapes["numbers"] = Shape(refuse_above=refuse_above)
    sandbox = start_sandbox(world)

    async def main():
        service = service_of(sandbox)
        for _ in range(2):
            async with service.reading() as account:
                assert len(await account.numbers()) == 30

    asyncio.run(main())
    sizes = [int(target.rpartition("limit=")[2]) for target in asked(sandbox)]
    smaller = sizes.index(asked_for)
    assert sizes[:smaller] == [100, 50, 20, 10][:smaller]
    assert set(sizes[smaller:]) == {asked_for}


def test_where_every_page_size_is_refused_that_is_said(start_sandbox: Start):
    world = small()
    world.shapes["campaigns"] = Shape(refuse_above=5)
    sandbox = start_sandbox(world)
    found = reading(sandbox, lambda account: account.campaigns())
    assert found.not_read == Unreadable(ReadFailure.BROKEN, "400 limit must not be greater than 5")
    assert len(sandbox.log) == 4


# --- One number -------------------------------------------------------------------------------------------------


def look(sandbox: Sandbox, number_id: str = "phn_1") -> Sight:
    return reading(sandbox, lambda account: account.look(number_id))


def test_a_number_that_is_there_is_seen(start_sandbox: Start):
    sandbox = start_sandbox(small())
    assert look(sandbox) == Sight(Number("phn_1", "+14155550101", country_code="US", status="active"))
    assert asked(sandbox) == [f"GET /v1{NUMBER}"]


def test_a_number_may_come_in_an_envelope_of_its_own(start_sandbox: Start):
    envelope = Fault("body", text='{"statusCode": 200, "data": {"id": "phn_1", "phone_number": "+14155550101"}}')
    assert look(start_sandbox(small(), faults=getting(envelope))) == Sight(Number("phn_1", "+14155550101"))


def test_a_number_of_which_the_service_says_that_it_is_not_there_is_absent(start_sandbox: Start):
    assert look(start_sandbox(small()), "phn_3") == Sight(Looked.ABSENT)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("route_404", "404 Cannot GET /v1/organization-phone-numbers/phn_1"),
        ("html_404", "a web page was returned instead of data (404): check the base URL and any proxy"),
        (Fault("status_before", 404), "404 The service says so."),
        ("403", "403 This API key lacks the right to do this."),
        ("html_200", "a web page was returned instead of data (200): check the base URL and any proxy"),
        ("half_body", "the response was cut off (200)"),
        ("bad_gzip", "the response is encoded (gzip), which was not requested: is there a proxy?"),
        ("not_json", "the answer holds an entry that is no object"),
        ("202", "status 202"),
        ("204", "status 204"),
        ("redirect_307", "status 307"),
        ("500_before", "500 Internal server error"),
        (Fault("body", text="[]"), "the answer holds an entry that is no object"),
        (Fault("body", text='{"message": "fine"}'), "the answer holds an entry whose ID is missing"),
        (Fault("body", text='{"id": "phn_2"}'), "the answer is about another number"),
        (Fault("body", text='{"data": {"id": "phn_2"}}'), "the answer is about another number"),
        (Fault("body", text='{"id": "phn_9", "data": {"id": "phn_1"}}'), "the answer is about another number"),
    ],
)
def test_whatever_else_is_answered_nothing_is_concluded_from_it(start_sandbox: Start, fault, why):
    sight = look(start_sandbox(small(), faults=getting(fault)))
    assert sight.found is Looked.NO_ANSWER and sight.why.startswith(why)


def test_nobody_is_there_to_be_asked(start_sandbox: Start):
    sight = look(start_sandbox(small(), faults=getting("reset_before")))
    assert sight.found is Looked.NO_ANSWER and "Error" in sight.why


def test_a_refused_key_ends_a_look(start_sandbox: Start):
    sandbox = start_sandbox(small())
    sandbox.world.revoke_key()
    with pytest.raises(KeyRefused):
        look(sandbox)
    assert len(sandbox.log) == 1


@pytest.mark.parametrize(
    ("fault", "requests"),
    [
        ("500_before", 4),
        ("502_before", 4),
        ("503_before", 4),
        ("504_before", 4),
        ("408", 4),
        (Fault("status_before", 423), 4),
        (Fault("status_before", 425), 4),
        ("drop_before", 4),
        ("half_body", 4),
        ("403", 1),
        ("html_404", 1),
        ("html_200", 1),
        ("bad_gzip", 1),
        ("redirect_307", 1),
        (Fault("status_before", 501), 1),
        ("429_bare", MOST_THROTTLED),
        ("429", MOST_THROTTLED),
    ],
)
def test_a_read_is_tried_again_only_where_that_may_help(start_sandbox: Start, fault, requests):
    sandbox = start_sandbox(small(), faults=getting(fault))
    assert look(sandbox).found is Looked.NO_ANSWER
    assert len(sandbox.log) == requests


@pytest.mark.parametrize("fault", ["500_before", "drop_before", "half_body", "429", "503_before"])
def test_trouble_that_passes_costs_a_read_nothing_but_time(start_sandbox: Start, fault):
    sandbox = start_sandbox(small(), faults=getting(fault, nth=[1, 2, 3]))
    assert isinstance(look(sandbox).found, Number)
    assert len(sandbox.log) == 4


def test_a_throttled_try_is_no_try(start_sandbox: Start):
    rules = (
        Rule.of("429", method="GET", nth=[1, 3, 5, 7]),
        Rule.of("500_before", method="GET", nth=[2, 4, 6]),
    )
    sandbox = start_sandbox(small(), faults=rules)
    assert isinstance(look(sandbox).found, Number)


# --- Releasing --------------------------------------------------------------------------------------------------


async def nothing() -> None:
    return None


@pytest.mark.parametrize(
    ("fault", "proved"),
    [
        (None, Proof.APPLIED),
        ("202", Proof.APPLIED),
        ("half_body", Proof.APPLIED),
        ("html_200_after", Proof.STRANGE),
        ("500_after", Proof.IN_DOUBT),
        ("drop_after", Proof.IN_DOUBT),
        ("reset_before", Proof.IN_DOUBT),
        ("429", Proof.THROTTLED),
        ("route_404", Proof.WRONG_PLACE),
        ("html_404", Proof.WRONG_PLACE),
        ("gateway_retry", Proof.GONE),
        ("401", Proof.KEY),
    ],
)
def test_a_release_is_sent_once_whatever_comes_of_it(start_sandbox: Start, fault, proved):
    sandbox = start_sandbox(small(), faults=[] if fault is None else [Rule.of(fault)])

    async def main():
        async with service_of(sandbox).releasing({"phn_1"}) as account:
            return await account.release("phn_1", nothing)

    assert proof(asyncio.run(main()), "phn_1") is proved
    assert asked(sandbox) == [f"DELETE /v1{NUMBER}"]


def test_the_intent_comes_before_the_first_byte_and_a_failing_one_sends_nothing(start_sandbox: Start):
    order: list[str] = []
    sandbox = start_sandbox(small(), on_phase=lambda phase, _: order.append(phase))

    async def intend():
        await asyncio.sleep(0.01)
        order.append("intended")

    async def fail():
        raise ZeroDivisionError

    async def main():
        async with service_of(sandbox).releasing({"phn_1"}) as account:
            with pytest.raises(ZeroDivisionError):
                await account.release("phn_1", fail)
            assert len(sandbox.log) == 0
            return await account.release("phn_1", intend)

    assert isinstance(asyncio.run(main()), Answered)
    assert order[:2] == ["intended", "arrival"]


def test_a_release_that_nobody_approved_is_not_sent(start_sandbox: Start):
    sandbox = start_sandbox(small())
    intended: list[str] = []

    async def intend():
        intended.append("phn_2")

    async def main():
        service = service_of(sandbox)
        async with service.reading() as account:
            with pytest.raises(RequestBlocked):
                await account.release("phn_1", nothing)
        async with service.releasing({"phn_1"}) as account:
            with pytest.raises(RequestBlocked):
                await account.release("phn_2", intend)

    asyncio.run(main())
    assert sandbox.log == []


def test_a_release_that_is_cancelled_gives_its_turn_back(start_sandbox: Start):
    sandbox = start_sandbox(small(), faults=[Rule.of("hang_before", nth=1)])

    async def main():
        arrived = asyncio.Event()
        loop = asyncio.get_running_loop()

        def tell(*_: object) -> None:
            loop.call_soon_threadsafe(arrived.set)

        sandbox.on_phase = tell
        service = service_of(sandbox)
        async with service.releasing({"phn_1"}) as account:
            task = asyncio.create_task(account.release("phn_1", nothing))
            await arrived.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await account.release("phn_1", nothing)

    assert proof(asyncio.run(main()), "phn_1") is Proof.APPLIED


def test_every_answer_is_told_to_the_pacer(start_sandbox: Start):
    sandbox = start_sandbox(small(), faults=[Rule.of("429", nth=1, method=None)])
    clock = QuickClock()

    async def main():
        service = service_of(sandbox, clock)
        async with service.releasing({"phn_1"}) as account:
            assert proof(await account.release("phn_1", nothing), "phn_1") is Proof.THROTTLED
            assert service.pacer.state().throttled == 1
            return await account.release("phn_1", nothing)

    assert proof(asyncio.run(main()), "phn_1") is Proof.APPLIED
    assert sum(clock.waits) >= 1.0


def test_nobody_listens_and_nothing_left(start_sandbox: Start):
    sandbox = start_sandbox(small())
    sandbox.base_url = "http://127.0.0.1:1/v1"

    async def main():
        async with service_of(sandbox).releasing({"phn_1"}) as account:
            return await account.release("phn_1", nothing)

    reply = asyncio.run(main())
    assert isinstance(reply, Unanswered) and proof(reply, "phn_1") is Proof.NOT_SENT


# --- The other sources ------------------------------------------------------------------------------------------


def test_the_sources_of_the_first_generation(start_sandbox: Start):
    world = small()
    campaign = world.start_campaign("+14155550101", name="Spring", status="Scheduled")
    sandbox = start_sandbox(world)

    async def ask(account):
        return (
            await account.campaigns(),
            await account.campaign(campaign["id"]),
            await account.batch_calls(),
            await account.workflows(),
            await account.prices(),
        )

    campaigns, one, *others = reading(sandbox, ask)
    expected = Campaign(campaign["id"], "Spring", "scheduled", "+14155550101")
    assert campaigns == Listing((expected,)) and one == expected
    none = Unreadable(ReadFailure.ABSENT, "this account has none (404)")
    assert others == [Listing((), none, pages=0), Listing((), none, pages=0), none]


def test_the_sources_of_the_second_generation(start_sandbox: Start):
    calls = [{"from_number": "+14155550101"}, {"from_number": "+14155550102"}]
    world = small(
        generation="second",
        batch_calls=[
            {"id": "bat_1", "title": "June", "status": "running", "callLogs": calls},
            {"id": "bat_2", "title": "May", "status": "completed", "callLogs": calls},
        ],
        workflows=[{"id": "wf_1", "name": "Intake", "status": "active"}],
        prices=[{"provider": "plivo", "country_code": "IN", "monthly_cost_usd": 2.5}, {"provider": "plivo"}],
    )
    sandbox = start_sandbox(world)

    async def ask(account):
        batches = await account.batch_calls()
        calls = await account.batch_call_calls("bat_1")
        return (
            [(batch.id, batch.status) for batch in batches.rows],
            {call.from_number for call in calls.rows},
            await account.workflows(),
            await account.prices(),
            await account.campaigns(),
        )

    assert reading(sandbox, ask) == (
        [("bat_1", "running"), ("bat_2", "completed")],
        {"+14155550101", "+14155550102"},
        Listing((Workflow("wf_1", "Intake", "active"),)),
        (Price("plivo", "IN", None, "2.5"),),
        Listing((), Unreadable(ReadFailure.ABSENT, "this account has none (404)"), pages=0),
    )


@pytest.mark.parametrize(
    ("status", "because", "why"),
    [
        (404, ReadFailure.ABSENT, "this account has none (404)"),
        (405, ReadFailure.ABSENT, "this account has none (405)"),
        (403, ReadFailure.FORBIDDEN, "the key may not read it (403)"),
        (500, ReadFailure.BROKEN, "500 Refused."),
        (400, ReadFailure.BROKEN, "400 Refused."),
    ],
)
def test_a_source_that_cannot_be_read_says_why(start_sandbox: Start, status, because, why):
    world = small()
    world.refuse("campaigns", status)
    sandbox = start_sandbox(world)

    async def ask(account):
        return (await account.campaigns()).not_read, await account.campaign("cmp_1")

    listed, one = reading(sandbox, ask)
    assert listed == Unreadable(because, why)
    # Of one campaign no 404 says that there are none.
    no_route = Unreadable(ReadFailure.BROKEN, f"{status} Cannot GET /v1/campaigns/cmp_1")
    assert one == (no_route if because is ReadFailure.ABSENT else listed)


@pytest.mark.parametrize("gateway", sorted(GATEWAYS))
def test_only_the_services_own_word_on_the_route_says_that_an_account_has_no_such_thing(start_sandbox: Start, gateway):
    sandbox = start_sandbox(small(), faults=getting(Fault("gateway_404", text=gateway), path="/campaigns"))
    found = reading(sandbox, lambda account: account.campaigns())
    assert found.not_read is not None
    assert (found.not_read.because is ReadFailure.ABSENT) == (gateway == "nest")


@pytest.mark.parametrize(
    ("status", "body", "absent"),
    [
        (404, {"statusCode": 404, "message": "Cannot GET /v1/campaigns?page=1&limit=100"}, True),
        (404, {"statusCode": 404, "message": "Cannot GET /campaigns"}, True),
        (404, {"statusCode": 404, "message": "Cannot GET /v1/workspaces"}, False),
        (404, {"statusCode": 500, "message": "Cannot GET /v1/campaigns"}, False),
        (404, {"message": "Cannot GET /v1/campaigns"}, False),
        (404, {"statusCode": 404, "message": "Campaign not found"}, False),
        (405, {"statusCode": 405, "message": "Method Not Allowed", "error": "Method Not Allowed"}, True),
        (405, {"statusCode": 405, "message": "Cannot GET /v1/campaigns"}, True),
        (405, {"message": "Method Not Allowed"}, False),
        (405, [], False),
        (410, {"statusCode": 410, "message": "Cannot GET /v1/campaigns"}, False),
    ],
)
def test_what_a_404_or_405_says_of_the_route(status, body, absent):
    found = no_such_route(Answered(status, body=json.dumps(body).encode()), "/campaigns")
    assert found == (Unreadable(ReadFailure.ABSENT, f"this account has none ({status})") if absent else None)


def test_a_404_to_a_later_page_does_not_say_that_there_is_no_such_thing(start_sandbox: Start):
    world = small()
    for n in range(101):
        world.start_campaign("+14155550101", name=f"Campaign {n}")
    sandbox = start_sandbox(world, faults=getting("route_404", path="/campaigns?page=2"))
    found = reading(sandbox, lambda account: account.campaigns())
    assert len(found.rows) == 100
    assert found.not_read is not None and found.not_read.because is ReadFailure.BROKEN


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("html_200", "a web page was returned instead of data (200): check the base URL and any proxy"),
        ("half_body", "the response was cut off (200)"),
        ("not_json", "the answer is a page that is neither an object nor a list"),
        (Fault("body", text='{"data": {}}'), "the answer is a page without its rows"),
        (Fault("body", text='{"data": [{"name": "Spring"}]}'), "page 1 holds an entry whose ID is missing"),
        (Fault("body", text="[7]"), "page 1 holds an entry that is no object"),
        ("empty_200", "the answer is a page that is neither an object nor a list"),
        ("surrogate", "the answer is a page without its rows"),
        (Fault("says_failed", text="statusCode"), "the answer is a failure, as its own body says (statusCode: 503)"),
        (Fault("says_failed", text="success"), "the answer is a failure, as its own body says (success: False)"),
        (Fault("says_failed", text="errors"), "the answer is a failure, as its own body says (errors: "),
        (Fault("says_failed", text="partial"), "the answer is only a part, as its own body says (partial: True)"),
        ("206", "status 206"),
    ],
)
def test_a_source_that_answers_strangely_is_broken_and_not_empty(start_sandbox: Start, fault, why):
    sandbox = start_sandbox(small(), faults=getting(fault))
    found = reading(sandbox, lambda account: account.campaigns()).not_read
    assert found is not None and found.because is ReadFailure.BROKEN
    assert found.why.startswith(why)


def test_a_refused_key_ends_the_reading_of_a_source(start_sandbox: Start):
    sandbox = start_sandbox(small(), faults=getting("401"))
    with pytest.raises(KeyRefused) as raised:
        reading(sandbox, lambda account: account.campaigns())
    assert raised.value.remedy is not None and len(sandbox.log) == 1
