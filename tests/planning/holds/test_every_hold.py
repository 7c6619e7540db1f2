"""Every source of conflicts: it says what it read, or that it did not; it never calls silence "no conflict"."""

from collections.abc import Callable

import pytest

from decom.errors import KeyRefused
from decom.planning.holds.batch_calls import BatchCalls
from decom.planning.holds.campaigns import Campaigns
from decom.planning.holds.default_number import DefaultNumber
from decom.planning.holds.interface import Finding, Hold
from decom.planning.holds.kinds import HOLDS
from decom.planning.holds.workflows import Workflows
from decom.planning.plan import Conflict, Source
from decom.sandbox.account import World, a_number
from decom.sandbox.faults import Fault, FaultPlan, Rule
from decom.sandbox.server import Sandbox
from tests.dialnexa.speaking import asked, reading

Start = Callable[..., Sandbox]

PHONE, OTHER = "+14155550101", "+14155550102"
NAMES = [hold.name for hold in HOLDS]
ASKING = [hold for hold in HOLDS if hold.name != "default-number"]
"""The sources that ask the service at all."""
OF_GENERATION = {"campaigns": "first", "batch-calls": "second", "workflows": "second"}


def empty(generation: str = "first") -> World:
    return World([a_number("phn_1", PHONE), a_number("phn_2", OTHER)], generation=generation)  # type: ignore[arg-type]


def found(sandbox: Sandbox, hold: Hold) -> Finding:
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
    if not finding.source.checked:
        assert finding.held == {}


@pytest.mark.parametrize("hold", HOLDS, ids=NAMES)
def test_only_reading_is_done(start_sandbox: Start, hold):
    sandbox = start_sandbox(World.made_up(seed=1))
    found(sandbox, hold)
    assert {request.split()[0] for request in asked(sandbox)} <= {"GET"}


@pytest.mark.parametrize("hold", ASKING, ids=[hold.name for hold in ASKING])
@pytest.mark.parametrize("status", [400, 403, 404, 405, 500, 501])
def test_a_source_that_answers_an_error_is_not_checked(start_sandbox: Start, hold, status):
    world = empty(OF_GENERATION[hold.name])
    world.refuse(hold.name, status)
    finding = found(start_sandbox(world), hold)
    assert not finding.source.checked and finding.held == {}
    assert str(status) in finding.source.why


@pytest.mark.parametrize("hold", ASKING, ids=[hold.name for hold in ASKING])
@pytest.mark.parametrize(
    "fault",
    [
        "html_200",
        "html_404",
        "route_404",
        "half_body",
        "not_json",
        "empty_200",
        "drop_before",
        "redirect_307",
        "204",
        "429_bare",
        "total_mismatch",
        Fault("body", text="{}"),
        Fault("body", text='{"data": [{"name": "no ID"}], "meta": {"total": 1}}'),
        Fault("body", text='{"data": [7]}'),
    ],
    ids=str,
)
def test_a_source_that_answers_strangely_is_not_checked(start_sandbox: Start, hold, fault):
    finding = found(start_sandbox(empty(OF_GENERATION[hold.name]), faults=broken(fault)), hold)
    assert not finding.source.checked and finding.source.why != ""
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
    assert finding.held == ({PHONE: (conflict,)} if holds else {})
    assert finding.source == Source("campaigns", True, f"1 campaigns, {int(holds)} of them not over")


def test_a_number_is_held_by_each_campaign_that_calls_from_it(start_sandbox: Start):
    world = empty()
    for name in ("Spring", "Summer"):
        world.start_campaign(PHONE, name=name)
    world.start_campaign(OTHER, name="Autumn")
    finding = found(start_sandbox(world), Campaigns())
    assert [each.name for each in finding.held[PHONE]] == ["Spring", "Summer"]
    assert [each.name for each in finding.held[OTHER]] == ["Autumn"]


LISTED = '{"data": [{"id": "cmp_1", "name": "Spring", "status": "active"}], "meta": {"total": 1}}'


@pytest.mark.parametrize(
    ("single", "held", "why"),
    [
        (f'{{"id": "cmp_1", "from_phone_number": "{PHONE}"}}', [PHONE], "1 campaigns, 1 of them not over"),
        ('{"id": "cmp_1"}', [], "campaign cmp_1 (active) does not say from which number: its own record names none"),
        ("[]", [], "campaign cmp_1 (active) does not say from which number: the answer is an entry that is no object"),
        (None, [], "campaign cmp_1 (active) does not say from which number: this account has none (404)"),
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


# --- Batch calls ------------------------------------------------------------------------------------------------


def batch(number: int, status: str, *phones: str) -> dict[str, object]:
    calls = [{"from_number": phone, "to_number": "+14155559999"} for phone in phones]
    return {"id": f"bat_{number}", "title": f"Batch {number}", "status": status, "callLogs": calls}


def test_batch_calls_that_are_not_over_hold_every_number_they_call_from(start_sandbox: Start):
    world = empty("second")
    world.batch_calls += [
        batch(1, "running", PHONE, PHONE, OTHER),
        batch(2, "waiting", PHONE),
        batch(3, "scheduled"),
        batch(4, "paused", OTHER),
        batch(5, "completed", OTHER),
        batch(6, "cancelled", PHONE),
    ]
    sandbox = start_sandbox(world)
    finding = found(sandbox, BatchCalls())
    assert finding.source == Source("batch-calls", True, "4 batch calls that are not over")
    assert finding.held[PHONE] == (
        Conflict("batch-calls", "bat_1", "Batch 1", "running"),
        Conflict("batch-calls", "bat_2", "Batch 2", "waiting"),
    )
    assert [each.id for each in finding.held[OTHER]] == ["bat_1", "bat_4"]
    assert "status=running%2Cwaiting%2Cscheduled%2Cpaused" in asked(sandbox)[0]


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Fault("body", text='{"id": "bat_2"}'), "the answer is a batch call without its list of calls"),
        (
            Fault("body", text='{"callLogs": [{"to_number": "+1"}]}'),
            "the answer is a batch call whose calls do not say from which number",
        ),
        ("500_before", "500 Internal server error"),
        ("route_404", "this account has none (404)"),
    ],
)
def test_one_batch_call_that_cannot_be_read_leaves_the_source_unchecked(start_sandbox: Start, fault, why):
    world = empty("second")
    world.batch_calls += [batch(1, "running", PHONE), batch(2, "paused", OTHER)]
    finding = found(start_sandbox(world, faults=broken(fault, path="/batch-calls/bat_2")), BatchCalls())
    assert finding.source == Source("batch-calls", False, f"batch call bat_2 (paused) could not be read: {why}")
    assert list(finding.held) == [PHONE]  # what was found counts all the same


# --- Workflows, the default number ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "checked", "why"),
    [
        ([], True, "0 workflows, none of them active"),
        (["draft", "paused", "completed", "cancelled", "Canceled"], True, "5 workflows, none of them active"),
        (["draft", "active"], False, "active: W1;"),
        (["active", "active", "active"], False, "active: W0, W1, W2;"),
        (["active"] * 5, False, "active: W0, W1, W2 and 2 more;"),
        (["unheard_of"], False, "active: W0;"),
        ([""], False, "active: W0;"),
    ],
)
def test_workflows_are_checked_only_where_none_is_active(start_sandbox: Start, statuses, checked, why):
    world = empty("second")
    world.workflows += [{"id": f"wf_{n}", "name": f"W{n}", "status": status} for n, status in enumerate(statuses)]
    finding = found(start_sandbox(world), Workflows())
    assert finding.source.checked is checked and finding.source.why.startswith(why)
    assert finding.held == {}
    if not checked:
        assert finding.source.why.endswith("which numbers they use, only a refused release (409) will")


def test_a_workflow_without_a_name_is_named_by_its_id(start_sandbox: Start):
    world = empty("second")
    world.workflows.append({"id": "wf_7", "status": "active"})
    assert found(start_sandbox(world), Workflows()).source.why.startswith("active: wf_7;")


def test_the_default_number_is_never_checked_and_nobody_is_asked(start_sandbox: Start):
    sandbox = start_sandbox(empty("second"))
    finding = found(sandbox, DefaultNumber())
    why = "the API does not show it; if it is in the list, the service refuses its release (409)"
    assert finding == Finding(Source("default-number", False, why))
    assert sandbox.log == []
