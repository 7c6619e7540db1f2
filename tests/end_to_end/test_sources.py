"""Sources of conflicts from outside: what holds a number is seen, in production's own forms, or a person decides."""

import csv
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Command, Ran
from tests.end_to_end.readings import audit, audit_rows, deletes, ids, input_of, outcomes
from tests.service.faults import Fault, FaultPlan, Rule
from tests.service.server import Sandbox
from tests.service.shapes import Shape
from tests.service.world import World, a_number

Start = Callable[..., Sandbox]
Point = Callable[[Sandbox], Command]

DOWN = Fault("status_before", 501)
"""An error that no second try is for: these tests need not wait."""
HELD, FREE = "+14155550101", "+14155550102"


def two_numbers(generation: str = "first", **others: Any) -> World:
    others_there = (a_number(f"phn_x{n}", f"+1312555010{n}") for n in range(4))
    rows = [a_number("phn_1", HELD), a_number("phn_2", FREE), *others_there]
    return World(rows, generation=generation, **others)  # type: ignore[arg-type]  # whatever a world may be told


def batch(status: str, *phones: str) -> dict[str, Any]:
    calls = [{"id": f"call_{n}", "from_number": phone, "to_number": "+14155559999"} for n, phone in enumerate(phones)]
    return {"id": "bat_1", "title": "June", "status": status, "callLogs": calls}


def both(decom: Command) -> str:
    return str(input_of(decom.folder, ["phn_1", "phn_2"]))


def refused(ran: Ran, source: str) -> bool:
    return ran.code == 5 and f"not checked in {source}" in ran.err and f"--accept-unchecked {source}" in ran.err


def sources_of(ran: Ran) -> dict[str, dict[str, Any]]:
    return {source["name"]: source for source in json.loads(ran.out)["sources"]}


PRODUCTION = {
    "numbers": Shape("wrapped_counted"),
    "batch-calls": Shape("list"),
    "batch-call": Shape("list"),
    "workflows": Shape("wrapped_data_meta"),
}
"""The forms that were seen in production."""


def test_a_number_on_the_second_page_of_an_active_batch_call_in_productions_form_stays(
    start_sandbox: Start, decom_for: Point
) -> None:
    many = [f"+1415556{n:04}" for n in range(250)]
    world = two_numbers("second", batch_calls=[batch("initiated", *many, HELD)], shapes=PRODUCTION)
    sandbox = start_sandbox(world)
    ran = (decom := decom_for(sandbox))("run", both(decom), "--execute", "--yes")
    assert ran.code == 3, ran.err
    assert {row["number_id"]: row["outcome"] for row in audit_rows(decom.run_folder())} == {
        "phn_1": "conflicted",
        "phn_2": "released",
    }
    assert [target.rpartition("/")[2] for target in deletes(sandbox)] == ["phn_2"]


def test_a_scheduled_campaign_holds_its_number_however_it_writes_it(start_sandbox: Start, decom_for: Point) -> None:
    world = two_numbers()
    written = ["13125550100", "(312) 555-0101", "+1 312.555.0102", "3125550103"]
    world.campaigns += [
        {"id": f"cmp_{n}", "name": "Spring", "status": "scheduled", "from_phone_number": number}
        for n, number in enumerate(written)
    ]
    decom = decom_for(start_sandbox(world))
    numbers = input_of(decom.folder, ["phn_1", "phn_x0", "phn_x1", "phn_x2", "phn_x3"])
    ran = decom("plan", numbers, "--json")
    assert ran.code == 3, ran.err
    counts = json.loads(ran.out)["counts"]
    assert (counts["conflicted"], counts["release"]) == (4, 1)


def test_a_source_that_is_down_all_night_stops_a_quiet_run_and_says_so(start_sandbox: Start, decom_for: Point) -> None:
    world = two_numbers()
    world.start_campaign(HELD, name="Spring", status="scheduled")
    sandbox = start_sandbox(world, faults=FaultPlan((Rule.of(DOWN, method="GET", path="/campaigns"),)))
    decom = decom_for(sandbox)
    for command in ("plan", "run"):
        execute = ("--execute", "--yes") if command == "run" else ()
        ran = decom(command, both(decom), "--quiet", *execute)
        assert refused(ran, "campaigns"), ran.err
    assert deletes(sandbox) == []
    assert refused(decom("release", decom.run_folder(), "--yes", "--quiet"), "campaigns")
    assert deletes(sandbox) == []


def test_it_is_accepted_by_name_alone_and_is_told_all_the_same(start_sandbox: Start, decom_for: Point) -> None:
    sandbox = start_sandbox(two_numbers(), faults=FaultPlan((Rule.of("403", method="GET", path="/campaigns"),)))
    decom = decom_for(sandbox)
    ran = decom("plan", both(decom), "--accept-unchecked", "batch-calls")
    assert refused(ran, "campaigns"), ran.err
    ran = decom("plan", both(decom), "--accept-unchecked", "campaign")
    assert ran.code == 2 and "campaigns, batch-calls, workflows" in ran.err
    flags = ("--accept-unchecked", "campaigns", "--accept-unchecked", "batch-calls")
    ran = decom("run", both(decom), "--execute", "--yes", "--quiet", *flags)
    assert ran.code == 0, ran.err
    assert "Not checked campaigns" in ran.out and "the key may not read it (403)" in ran.out
    assert outcomes(decom.run_folder()) == {"released": 2}
    told = {source["name"]: source for source in audit(decom.run_folder())["sources"]}
    assert (told["campaigns"]["state"], told["campaigns"]["checked"]) == ("not_checked", False)


def test_it_may_be_accepted_for_good_in_the_environment(start_sandbox: Start, decom_for: Point) -> None:
    sandbox = start_sandbox(two_numbers(), faults=FaultPlan((Rule.of("403", method="GET", path="/campaigns"),)))
    decom = decom_for(sandbox)
    assert decom("plan", both(decom), DECOM_ACCEPT_UNCHECKED="campaigns").code == 0


def test_the_approval_of_a_plan_holds_for_what_it_accepts_and_for_nothing_else(
    start_sandbox: Start, decom_for: Point
) -> None:
    sandbox = start_sandbox(two_numbers(), faults=FaultPlan((Rule.of("403", method="GET", path="/campaigns"),)))
    decom = decom_for(sandbox)
    assert decom("plan", both(decom), "--accept-unchecked", "campaigns").code == 0
    ran = decom("release", decom.run_folder(), "--yes")
    assert ran.code == 0, ran.err
    assert "Not checked campaigns: just before releasing: the key may not read it (403)" in ran.out


def test_a_source_that_cannot_be_read_any_more_just_before_stops_the_release_and_resume_goes_on(
    start_sandbox: Start, decom_for: Point
) -> None:
    sandbox = start_sandbox(two_numbers())
    decom = decom_for(sandbox)
    assert decom("plan", both(decom)).code == 0
    sandbox.faults = FaultPlan((Rule.of(DOWN, method="GET", path="/campaigns"),))
    ran = decom("release", decom.run_folder(), "--yes", "--quiet")
    assert ran.code == 5, ran.err
    assert "Not checked campaigns" in ran.out and deletes(sandbox) == []
    assert audit(decom.run_folder())["sources"][0]["state"] == "not_checked"
    sandbox.faults = FaultPlan()
    ran = decom("resume", "--yes")
    assert ran.code == 0, ran.err
    assert outcomes(decom.run_folder()) == {"released": 2}


@pytest.mark.parametrize(
    ("fault", "path"),
    [
        (DOWN, "/campaigns?page=2"),
        (Fault("odd_row", amount=2, text="no_id"), "/campaigns?page=1"),
    ],
)
def test_what_a_source_said_before_it_failed_holds_even_where_it_is_accepted(
    start_sandbox: Start, decom_for: Point, fault: str | Fault, path: str
) -> None:
    world = two_numbers()
    world.start_campaign(HELD, name="First", status="scheduled")
    for n in range(120):
        world.start_campaign("+13125550100", name=f"Campaign {n}", status="completed")
    sandbox = start_sandbox(world, faults=FaultPlan((Rule.of(fault, method="GET", path=path),)))
    decom = decom_for(sandbox)
    assert refused(decom("plan", both(decom)), "campaigns")
    ran = decom("run", both(decom), "--execute", "--yes", "--accept-unchecked", "campaigns")
    assert ran.code == 3, ran.err
    assert outcomes(decom.run_folder()) == {"conflicted": 1, "released": 1}
    assert [target.rpartition("/")[2] for target in deletes(sandbox)] == ["phn_2"]


def test_the_four_states_as_people_and_programs_see_them(start_sandbox: Start, decom_for: Point) -> None:
    world = two_numbers("second", batch_calls=[batch("completed", HELD)])
    world.workflows.append({"id": "wf_1", "name": "Night", "status": "active"})
    decom = decom_for(start_sandbox(world))
    ran = decom("plan", both(decom))
    assert ran.code == 0, ran.err
    for line in (
        "Not applicable campaigns: this account has no campaigns (404)",
        "Checked batch-calls: 1 batch call, 0 open",
        "Refused by service workflows: active: Night; the API does not say which numbers they use;",
        "Refused by service default-number: the API does not show it",
    ):
        assert line in ran.out, line
    found = sources_of(decom("plan", both(decom), "--json"))
    assert {name: (source["state"], source["checked"]) for name, source in found.items()} == {
        "campaigns": ("not_applicable", False),
        "batch-calls": ("checked", True),
        "workflows": ("refused_by_service", False),
        "default-number": ("refused_by_service", False),
    }
    kept = json.loads((decom.run_folder() / "plan.json").read_bytes())["plan"]["sources"]
    assert {source["name"]: source for source in kept} == found


def test_an_account_on_which_no_source_answers_was_not_checked(start_sandbox: Start, decom_for: Point) -> None:
    world = two_numbers()
    world.refuse("campaigns", 404)
    decom = decom_for(start_sandbox(world))
    ran = decom("plan", both(decom))
    assert ran.code == 5 and "no other source of conflicts answers" in ran.err
    flags = [word for name in ("campaigns", "batch-calls", "workflows") for word in ("--accept-unchecked", name)]
    assert decom("plan", both(decom), *flags).code == 0


def test_credits_are_never_dollars(start_sandbox: Start, decom_for: Point) -> None:
    prices = [{"telephony_provider_id": "tp_1", "country_iso": "US", "country_name": "USA", "credit_cost": 3}]
    world = two_numbers("second", batch_calls=[batch("completed", HELD)], prices=prices)
    decom = decom_for(start_sandbox(world))
    assert decom("run", both(decom), "--execute", "--yes").code == 0
    found = audit(decom.run_folder())
    assert (found["money"]["stopping"], found["money"]["unknown_stopping"]) == ("0.00", 2)
    assert {row["monthly_cost_usd"] for row in found["rows"]} == {None}


def test_a_number_that_a_thousand_campaigns_hold_is_told_of_in_few_words_and_listed_once_a_campaign(
    start_sandbox: Start, decom_for: Point
) -> None:
    world = two_numbers()
    for n in range(1_000):
        world.start_campaign(HELD, name=f"Campaign number {n}", status="paused")
    decom = decom_for(start_sandbox(world))
    assert decom("run", both(decom), "--execute", "--yes").code == 3
    folder = decom.run_folder()
    (held,) = [row for row in audit_rows(folder) if row["outcome"] == "conflicted"]
    assert "in use by 1,000 campaigns" in held["reason"] and "and 997 more" in held["conflicts"]
    assert len(held["reason"]) < 500
    with (folder / "conflicts.csv").open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["name"] for line in lines] == [f"Campaign number {n}" for n in range(1_000)]
    assert (folder / "conflicts.csv").stat().st_size < 400 * 1_000
    (whole,) = [row for row in audit(folder)["rows"] if row["outcome"] == "conflicted"]
    assert len(whole["conflicts"]) == 1_000


def test_numbers_that_two_agreeing_readings_show_are_found_though_they_slip_between_pages(
    start_sandbox: Start, decom_for: Point
) -> None:
    world = World.made_up(seed=1, numbers=150, held=0, secretly_held=0)
    rows = list(world.numbers.values())
    sandbox = start_sandbox(world, faults=FaultPlan((Rule.of("swap", method="GET", path="numbers?page=2", nth=1),)))
    decom = decom_for(sandbox)
    numbers = decom.folder / "numbers.csv"
    numbers.write_text(f"phone number\n{rows[100]['phone_number']}\n")  # goes up to page 1 while page 2 is read
    ran = decom("plan", numbers, "--json")
    assert json.loads(ran.out)["counts"]["release"] == 1, ran.err
    assert ids(rows)[100] in json.dumps(json.loads((decom.run_folder() / "plan.json").read_bytes())["rows"])
