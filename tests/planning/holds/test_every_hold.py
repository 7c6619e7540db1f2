"""Every source of conflicts: it says what it read, or that it did not; it never calls silence "no conflict"."""

from collections.abc import Callable

import pytest

from decom.errors import KeyRefused
from decom.planning.holds.batch_calls import BatchCalls
from decom.planning.holds.campaigns import Campaigns
from decom.planning.holds.default_number import DefaultNumber
from decom.planning.holds.interface import Hold, HoldResult
from decom.planning.holds.kinds import HOLDS
from decom.planning.holds.workflows import Workflows
from decom.planning.plan import Conflict, Source
from decom.vocabulary import SourceState
from tests.dialnexa.speaking import asked, reading
from tests.service.faults import Fault, FaultPlan, Rule
from tests.service.server import Sandbox
from tests.service.shapes import ENVELOPES, Shape
from tests.service.world import World, a_number

Start = Callable[..., Sandbox]

PHONE, OTHER = "+14155550101", "+14155550102"
NAMES = [hold.name for hold in HOLDS]
ASKING = [hold for hold in HOLDS if hold.name != "default-number"]
"""The sources that ask the service at all."""
OF_GENERATION = {"campaigns": "first", "batch-calls": "second", "workflows": "second"}


def empty(generation: str = "first") -> World:
    return World([a_number("phn_1", PHONE), a_number("phn_2", OTHER)], generation=generation)  # type: ignore[arg-type]


def found(sandbox: Sandbox, hold: Hold) -> HoldResult:
    return reading(sandbox, hold.find)


def broken(*faults: str | Fault, path: str = "") -> FaultPlan:
    return FaultPlan((Rule.of(*faults, method="GET", path=path),))


# --- All of them ------------------------------------------------------------------------------------------------


def test_the_plan_names_the_sources_in_this_order():
    assert NAMES == ["campaigns", "batch-calls", "workflows", "default-number"]


@pytest.mark.parametrize("hold", HOLDS, ids=NAMES)
@pytest.mark.parametrize("generation", ["first", "second"])
def test_a_source_names_itself_and_says_what_it_did(start_sandbox: Start, hold, generation):
    finding = found(start_sandbox(World.made_up(seed=1, generation=generation)), hold)
    assert finding.source.name == hold.name and finding.source.why != ""
    assert all(each.source == hold.name for conflicts in finding.held.values() for each in conflicts)
    assert finding.source.state is not SourceState.NOT_CHECKED
    if not finding.source.checked:
        assert finding.held == {}


@pytest.mark.parametrize("hold", HOLDS, ids=NAMES)
def test_only_reading_is_done(start_sandbox: Start, hold):
    sandbox = start_sandbox(World.made_up(seed=1))
    found(sandbox, hold)
    assert {request.split()[0] for request in asked(sandbox)} <= {"GET"}


@pytest.mark.parametrize("hold", ASKING, ids=[hold.name for hold in ASKING])
@pytest.mark.parametrize(
    ("status", "state"),
    [
        (400, SourceState.NOT_CHECKED),
        (403, SourceState.NOT_CHECKED),
        (404, SourceState.NOT_APPLICABLE),
        (405, SourceState.NOT_APPLICABLE),
        (500, SourceState.NOT_CHECKED),
        (501, SourceState.NOT_CHECKED),
    ],
)
def test_a_source_that_answers_an_error_is_not_checked_and_one_that_is_not_there_does_not_apply(
    start_sandbox: Start, hold, status, state
):
    world = empty(OF_GENERATION[hold.name])
    world.refuse(hold.name, status)
    finding = found(start_sandbox(world), hold)
    assert finding.source.state is state and not finding.source.checked and finding.held == {}
    assert str(status) in finding.source.why


@pytest.mark.parametrize("hold", ASKING, ids=[hold.name for hold in ASKING])
@pytest.mark.parametrize(
    "fault",
    [
        "html_200",
        "html_404",
        Fault("gateway_404", text="kong"),
        "half_body",
        "not_json",
        "empty_200",
        "drop_before",
        "redirect_307",
        "204",
        "206",
        "429_bare",
        "total_mismatch",
        Fault("says_failed", text="statusCode"),
        Fault("says_failed", text="success"),
        Fault("says_failed", text="errors"),
        Fault("says_failed", text="partial"),
        Fault("body", text="{}"),
        Fault("body", text='{"data": [{"name": "no ID"}], "meta": {"total": 1}}'),
        Fault("body", text='{"data": [7]}'),
    ],
    ids=str,
)
def test_a_source_that_answers_strangely_is_not_checked(start_sandbox: Start, hold, fault):
    finding = found(start_sandbox(empty(OF_GENERATION[hold.name]), faults=broken(fault)), hold)
    assert finding.source.state is SourceState.NOT_CHECKED and finding.source.why != ""
    assert finding.held == {}


@pytest.mark.parametrize("hold", ASKING, ids=[hold.name for hold in ASKING])
def test_a_refused_key_is_nothing_that_a_source_may_keep_to_itself(start_sandbox: Start, hold):
    with pytest.raises(KeyRefused):
        found(start_sandbox(empty(), faults=broken("401")), hold)


@pytest.mark.parametrize("hold", ASKING, ids=[hold.name for hold in ASKING])
def test_trouble_that_passes_is_no_reason_not_to_check(start_sandbox: Start, hold):
    rules = FaultPlan((Rule.of("500_before", method="GET", nth=[1, 2]),))
    assert found(start_sandbox(empty(OF_GENERATION[hold.name]), faults=rules), hold).source.checked


# --- Campaigns --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "holds"),
    [
        ("active", True),
        ("running", True),
        ("scheduled", True),
        ("paused", True),
        ("ACTIVE", True),
        ("", True),
        ("warming_up", True),
        ("completed", False),
        ("cancelled", False),
        ("canceled", False),
        (" Completed ", False),
        ("uncompleted", True),
    ],
)
def test_a_campaign_holds_its_number_unless_it_is_over(start_sandbox: Start, status, holds):
    world = empty()
    campaign = world.start_campaign(PHONE, name="Spring", status=status)
    finding = found(start_sandbox(world), Campaigns())
    conflict = Conflict("campaigns", campaign["id"], "Spring", status.strip().lower())
    assert finding.held == ({PHONE: [conflict]} if holds else {})
    assert finding.source == Source("campaigns", SourceState.CHECKED, f"1 campaign, {int(holds)} open")


def test_a_number_is_held_by_each_campaign_that_calls_from_it(start_sandbox: Start):
    world = empty()
    for name in ("Spring", "Summer"):
        world.start_campaign(PHONE, name=name)
    world.start_campaign(OTHER, name="Autumn")
    finding = found(start_sandbox(world), Campaigns())
    assert [each.name for each in finding.held[PHONE]] == ["Spring", "Summer"]
    assert [each.name for each in finding.held[OTHER]] == ["Autumn"]


def test_two_campaigns_of_one_id_hold_both_their_numbers(start_sandbox: Start):
    world = empty()
    world.start_campaign(PHONE, name="Spring")
    world.campaigns.append({**world.campaigns[0], "from_phone_number": OTHER})
    world.shapes["campaigns"] = Shape("list")
    finding = found(start_sandbox(world), Campaigns())
    assert list(finding.held) == [PHONE, OTHER] and finding.source.checked


LISTED = '{"data": [{"id": "cmp_1", "name": "Spring", "status": "active"}], "meta": {"total": 1}}'


@pytest.mark.parametrize(
    ("single", "held", "why"),
    [
        (f'{{"id": "cmp_1", "from_phone_number": "{PHONE}"}}', [PHONE], "1 campaign, 1 open"),
        ('{"id": "cmp_1"}', [], "campaign cmp_1 (active) does not say from which number: its own record names none"),
        ("[]", [], "campaign cmp_1 (active) does not say from which number: the answer is an entry that is no object"),
        (
            None,
            [],
            "campaign cmp_1 (active) does not say from which number: 404 Campaign with ID cmp_1 not found",
        ),
    ],
)
def test_a_listing_that_leaves_the_number_out_is_not_the_last_word(start_sandbox: Start, single, held, why):
    world = empty()
    if single is not None:
        world.campaigns.append({"id": "cmp_1", "name": "x", "status": "active", "from_phone_number": "x"})
    rules = [Rule.of(Fault("body", text=LISTED), method="GET", path="/campaigns?")]
    if single is not None:
        rules.append(Rule.of(Fault("body", text=single), method="GET", path="/campaigns/"))
    finding = found(start_sandbox(world, faults=rules), Campaigns())
    assert sorted(finding.held) == held
    assert (finding.source.checked, finding.source.why) == (held != [], why)


@pytest.mark.parametrize("odd", ["no_number", "null", "text"])
def test_one_campaign_that_is_not_understood_drops_no_hold_of_the_others(start_sandbox: Start, odd):
    world = empty()
    for number in (PHONE, OTHER):
        world.start_campaign(number, name=f"From {number}")
    rules = [
        Rule.of(Fault("odd_row", amount=1, text=odd), method="GET", path="/campaigns?"),
        Rule.of("500_before", method="GET", path="/campaigns/"),
    ]
    finding = found(start_sandbox(world, faults=rules), Campaigns())
    assert list(finding.held) == [OTHER] and finding.source.state is SourceState.NOT_CHECKED


def test_a_campaign_without_an_id_holds_its_number_and_leaves_its_source_not_checked(start_sandbox: Start):
    world = empty()
    world.start_campaign(PHONE, name="Spring")
    world.start_campaign(OTHER, name="Autumn")
    rule = Rule.of(Fault("odd_row", amount=1, text="no_id"), method="GET", path="/campaigns?")
    finding = found(start_sandbox(world, faults=[rule]), Campaigns())
    assert [(each.id, each.name) for each in finding.held[PHONE]] == [("", "Spring")] and OTHER in finding.held
    assert finding.source.state is SourceState.NOT_CHECKED


def test_a_batch_call_without_an_id_holds_the_number_that_it_names_itself(start_sandbox: Start):
    body = f'[{{"status": "running", "from_number": "{PHONE}"}}, {{"status": "running"}}]'
    rule = Rule.of(Fault("body", text=body), method="GET", path="/batch-calls")
    sandbox = start_sandbox(empty("second"), faults=[rule])
    finding = found(sandbox, BatchCalls())
    assert list(finding.held) == [PHONE] and finding.source.state is SourceState.NOT_CHECKED
    assert [record.target for record in sandbox.log if "/batch-calls/" in record.target] == []


def test_a_campaign_whose_id_is_a_whole_number_holds_as_any_other(start_sandbox: Start):
    world = empty()
    world.start_campaign(PHONE, name="Spring")
    rule = Rule.of(Fault("odd_row", amount=1, text="integer_id"), method="GET", path="/campaigns?")
    finding = found(start_sandbox(world, faults=[rule]), Campaigns())
    assert [each.id for each in finding.held[PHONE]] == ["17"] and finding.source.checked


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("500_before", "500 Internal server error"),
        ("route_404", "404 Cannot GET"),
        (Fault("says_failed", text="errors"), "the answer is a failure, as its own body says"),
        (
            "repeat_page",
            "the account changed while it was read, or its total counts rows that it does not list:"
            " 100 rows where its total says 121",
        ),
    ],
)
def test_what_the_first_page_said_holds_whatever_became_of_the_second(start_sandbox: Start, fault, why):
    world = empty()
    world.start_campaign(PHONE, name="First", status="scheduled")
    for n in range(120):
        world.start_campaign(OTHER, name=f"Campaign {n}", status="completed")
    finding = found(start_sandbox(world, faults=broken(fault, path="/campaigns?page=2")), Campaigns())
    assert [each.name for each in finding.held[PHONE]] == ["First"]
    assert finding.source.state is SourceState.NOT_CHECKED and finding.source.why.startswith(why)


def test_a_campaign_that_slips_between_two_pages_is_not_overlooked(start_sandbox: Start):
    world = empty()
    for n in range(120):
        world.start_campaign(OTHER, name=f"Campaign {n}", status="completed")
    world.start_campaign(PHONE, name="Last but one", status="scheduled")
    world.start_campaign(OTHER, name="Last", status="completed")
    # When the first leaves and another comes, what was first on page 2 goes up to page 1, which has been read.
    world.campaigns.insert(100, world.campaigns.pop(-2))
    sandbox = start_sandbox(world, faults=[Rule.of("swap", method="GET", path="/campaigns?page=2", nth=1)])
    finding = found(sandbox, Campaigns())
    assert [each.name for each in finding.held[PHONE]] == ["Last but one"] and finding.source.checked


# --- Batch calls ------------------------------------------------------------------------------------------------


def batch(number: int, status: str, *phones: str) -> dict[str, object]:
    calls = [{"from_number": phone, "to_number": "+14155559999"} for phone in phones]
    return {"id": f"bat_{number}", "title": f"Batch {number}", "status": status, "callLogs": calls}


def test_batch_calls_that_are_not_over_hold_every_number_they_call_from(start_sandbox: Start):
    world = empty("second")
    world.batch_calls += [
        batch(1, "running", PHONE, PHONE, OTHER),
        batch(2, "waiting", PHONE),
        batch(3, "paused", OTHER),
        batch(4, "completed", OTHER),
        batch(5, "cancelled", PHONE),
    ]
    sandbox = start_sandbox(world)
    finding = found(sandbox, BatchCalls())
    assert finding.source == Source("batch-calls", SourceState.CHECKED, "5 batch calls, 3 open")
    assert finding.held[PHONE] == [
        Conflict("batch-calls", "bat_1", "Batch 1", "running"),
        Conflict("batch-calls", "bat_2", "Batch 2", "waiting"),
    ]
    assert [each.id for each in finding.held[OTHER]] == ["bat_1", "bat_3"]
    assert asked(sandbox)[0] == "GET /v1/batch-calls?page=1&limit=100"  # no status is asked for: who knows them all?


@pytest.mark.parametrize(
    ("status", "holds"),
    [
        ("draft", True),
        ("waiting", True),
        ("scheduled", True),
        ("running", True),
        ("paused", True),
        ("active", True),
        ("initiated", True),
        ("queued", True),
        ("processing", True),
        (" Running ", True),
        ("warming_up", True),
        ("", True),
        ("completed", False),
        (" FAILED", False),
        ("cancelled", False),
        ("Canceled", False),
        ("deleted", False),
    ],
)
def test_a_batch_call_holds_its_numbers_unless_its_status_says_that_it_is_over(start_sandbox: Start, status, holds):
    world = empty("second")
    world.batch_calls.append(batch(1, status, PHONE))
    finding = found(start_sandbox(world), BatchCalls())
    assert (list(finding.held), finding.source.checked) == ([PHONE] if holds else [], True)


ENVELOPES_OF_CALLS = [None, "calls", "list", "wrapped_list", "data_meta", "items_total", "counted", "wrapped_data_meta"]


@pytest.mark.parametrize("paged", [True, False])
@pytest.mark.parametrize("envelope", ENVELOPES_OF_CALLS)
def test_every_page_of_a_batch_calls_calls_is_read_in_any_form(start_sandbox: Start, envelope, paged):
    world = empty("second")
    many = [f"+1415556{n:04}" for n in range(250)]
    world.batch_calls.append(batch(1, "active", many[0], *many, PHONE, PHONE))
    world.shapes["batch-calls"] = Shape("list", paged=paged)
    world.shapes["batch-call"] = Shape(envelope, paged=paged, wrapped=True)
    finding = found(start_sandbox(world), BatchCalls())
    assert len(finding.held) == 251 and PHONE in finding.held
    assert finding.source == Source("batch-calls", SourceState.CHECKED, "1 batch call, 1 open")


def test_calls_on_pages_that_are_cut_in_silence_are_all_read(start_sandbox: Start):
    world = empty("second")
    world.batch_calls.append(batch(1, "active", *(f"+1415555{n:04}" for n in range(50)), PHONE))
    world.shapes["batch-call"] = Shape("list", most=20)
    assert PHONE in found(start_sandbox(world), BatchCalls()).held


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (
            Fault("body", text='{"id": "bat_2"}'),
            "batch call bat_2 (paused) could not be read: the answer is a page without its rows",
        ),
        (
            Fault("body", text='{"callLogs": [{"to_number": "+1"}]}'),
            "batch call bat_2 (paused) has calls that do not say from which number they are made",
        ),
        (
            Fault("body", text="[]"),
            "batch call bat_2 (paused) shows no calls, and so not from which numbers it calls",
        ),
        ("500_before", "batch call bat_2 (paused) could not be read: 500 Internal server error"),
        ("route_404", "batch call bat_2 (paused) could not be read: this account has none (404)"),
    ],
)
def test_one_batch_call_that_cannot_be_read_leaves_the_source_unchecked_and_the_others_holding(
    start_sandbox: Start, fault, why
):
    world = empty("second")
    world.batch_calls += [batch(1, "running", PHONE), batch(2, "paused", OTHER), batch(3, "active", PHONE)]
    finding = found(start_sandbox(world, faults=broken(fault, path="/batch-calls/bat_2")), BatchCalls())
    assert finding.source == Source("batch-calls", SourceState.NOT_CHECKED, why)
    assert [each.id for each in finding.held[PHONE]] == ["bat_1", "bat_3"]  # what was found counts all the same


def test_of_calls_that_name_a_number_in_part_those_that_do_hold(start_sandbox: Start):
    world = empty("second")
    world.batch_calls.append(batch(1, "running", PHONE, OTHER))
    body = Fault("body", text=f'[{{"id": "c1", "from_number": "{PHONE}"}}, {{"id": "c2"}}]')
    finding = found(start_sandbox(world, faults=broken(body, path="/batch-calls/bat_1?page=1")), BatchCalls())
    assert list(finding.held) == [PHONE] and finding.source.state is SourceState.NOT_CHECKED


def test_a_service_that_is_gone_is_not_asked_for_every_batch_call(start_sandbox: Start):
    world = empty("second")
    world.batch_calls += [batch(n, "running", PHONE) for n in range(60)]
    sandbox = start_sandbox(world, faults=broken("403", path="/batch-calls/"))
    finding = found(sandbox, BatchCalls())
    assert finding.source.why == (
        "batch call bat_0 (running) could not be read: the key may not read it (403) (and 9 more)"
    )
    assert len(sandbox.log) == 11


# --- Workflows, the default number ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "state", "why"),
    [
        ([], SourceState.CHECKED, "0 workflows, none of them active"),
        (["draft"], SourceState.CHECKED, "1 workflow, none of them active"),
        (["draft", "paused", "completed", "cancelled", "Canceled"], SourceState.CHECKED, "5 workflows, none of them"),
        (["draft", "active"], SourceState.REFUSED_BY_SERVICE, "active: W1;"),
        (["active", "ACTIVE ", "active"], SourceState.REFUSED_BY_SERVICE, "active: W0, W1, W2;"),
        (["active"] * 5, SourceState.REFUSED_BY_SERVICE, "active: W0, W1, W2 and 2 more;"),
        (["active", "unheard_of"], SourceState.NOT_CHECKED, "of an unknown status (unheard_of): W1;"),
        ([""], SourceState.NOT_CHECKED, "of an unknown status (none): W0;"),
    ],
)
def test_active_workflows_are_left_to_the_service_and_unknown_ones_are_not(start_sandbox: Start, statuses, state, why):
    world = empty("second")
    world.workflows += [{"id": f"wf_{n}", "name": f"W{n}", "status": status} for n, status in enumerate(statuses)]
    finding = found(start_sandbox(world), Workflows())
    assert finding.source.state is state and finding.source.why.startswith(why)
    assert finding.held == {}
    if state is SourceState.REFUSED_BY_SERVICE:
        assert finding.source.why.endswith("which numbers they use; the release of such a number is refused (409)")


def test_a_workflow_without_a_name_is_named_by_its_id(start_sandbox: Start):
    world = empty("second")
    world.workflows.append({"id": "wf_7", "status": "active"})
    assert found(start_sandbox(world), Workflows()).source.why.startswith("active: wf_7;")


def test_the_default_number_is_left_to_the_service_and_nobody_is_asked(start_sandbox: Start):
    sandbox = start_sandbox(empty("second"))
    finding = found(sandbox, DefaultNumber())
    why = "the API does not show it; if it is in the list, its release is refused (409)"
    assert finding == HoldResult(Source("default-number", SourceState.REFUSED_BY_SERVICE, why))
    assert sandbox.log == []


# --- All envelopes, all sources -----------------------------------------------------------------------------------


@pytest.mark.parametrize("paged", [True, False])
@pytest.mark.parametrize("envelope", sorted(ENVELOPES))
def test_campaigns_workflows_and_numbers_are_understood_in_every_envelope(start_sandbox: Start, envelope, paged):
    first, second = empty(), empty("second")
    first.start_campaign(PHONE, name="Spring")
    second.workflows.append({"id": "wf_1", "name": "Intake", "status": "active"})
    for world in (first, second):
        world.shapes.update(dict.fromkeys(("numbers", "campaigns", "workflows"), Shape(envelope, paged=paged)))
    campaigns = found(start_sandbox(first), Campaigns())
    assert list(campaigns.held) == [PHONE] and campaigns.source.checked
    workflows = start_sandbox(second)
    assert found(workflows, Workflows()).source.state is SourceState.REFUSED_BY_SERVICE
    numbers = reading(workflows, lambda account: account.numbers())
    assert [number.phone_number for number in numbers] == [PHONE, OTHER]
