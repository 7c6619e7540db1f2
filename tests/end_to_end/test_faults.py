"""Whatever the network does to a release, the report says `released` for exactly what the service removed."""

import json
from collections.abc import Callable

import pytest

from tests.conftest import Command
from tests.end_to_end.readings import audit_rows, deletes, ids, input_of, outcomes, released
from tests.service.faults import Fault, FaultPlan, Rule
from tests.service.server import Sandbox
from tests.service.world import World

IN_DOUBT_THEN_RELEASED = [
    "drop_before",
    "drop_after",
    "reset_before",
    "reset_after",
    "500_before",
    "500_after",
    "502_before",
    "502_after",
    "503_after",
    "504_after",
    "408",
    "late_apply:0.01",
    "garbage",
    "drip_headers",
    "hang_after",
]
RELEASED_AT_ONCE = [
    "half_body",
    "wrong_length",
    "bad_gzip",
    "not_json",
    "empty_200",
    "202",
    "204",
    "surrogate",
    "big_body",
]


@pytest.mark.parametrize("fault", [*IN_DOUBT_THEN_RELEASED, *RELEASED_AT_ONCE, "close_race", "429", "latency"])
def test_a_fault_at_each_first_attempt_still_ends_in_released(
    fault: str, start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    sandbox = start_sandbox(World.made_up(numbers=60), faults=[Rule.of(fault, nth=1, per_number=True)])
    decom = decom_for(sandbox)
    chosen = ids(sandbox.world.releasable)[:3]
    ran = decom("run", input_of(decom.folder, chosen), "--execute", "--yes", DECOM_TIMEOUT="1")
    assert ran.code == 0, ran.err
    assert released(decom.run_folder()) == set(chosen) == set(sandbox.removed)
    if fault in RELEASED_AT_ONCE:
        assert len(deletes(sandbox)) == 3
        assert {row["evidence"] for row in audit_rows(decom.run_folder())} == {"answered_2xx"}


def test_a_sign_in_page_in_place_of_one_answer_is_looked_behind(
    start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    sandbox = start_sandbox(World.made_up(numbers=60), faults=[Rule.of("html_200_after", nth=1)])
    decom = decom_for(sandbox)
    chosen = ids(sandbox.world.releasable)[:3]
    ran = decom("run", input_of(decom.folder, chosen), "--execute", "--yes")
    assert ran.code == 0, ran.err
    assert released(decom.run_folder()) == set(chosen) == set(sandbox.removed)
    evidence = sorted(row["evidence"] for row in audit_rows(decom.run_folder()))
    assert evidence == ["absent_after_unconfirmed_delete", "answered_2xx", "answered_2xx"]


@pytest.mark.parametrize(
    ("fault", "outcome", "evidence", "code"),
    [
        ("422", "failed", "answered_4xx", 4),
        ("status_before:400", "failed", "answered_4xx", 4),
        ("500_before", "failed", "still_present", 4),
        ("status_before:409", "conflicted", "answered_409", 3),
        ("gateway_retry", "missing", "answered_404_after_seen", 0),
    ],
)
def test_a_fault_that_stays_is_reported_as_what_it_is(
    fault: str,
    outcome: str,
    evidence: str,
    code: int,
    start_sandbox: Callable[..., Sandbox],
    decom_for: Callable[[Sandbox], Command],
) -> None:
    world = World.made_up(numbers=60)
    first, *others = ids(world.releasable)[:3]
    sandbox = start_sandbox(world, faults=[Rule.of(fault, ids=[first])])
    decom = decom_for(sandbox)
    ran = decom("run", input_of(decom.folder, [first, *others]), "--execute", "--yes", DECOM_TIMEOUT="2")
    rows = {row["number_id"]: row for row in audit_rows(decom.run_folder())}
    assert (rows[first]["outcome"], rows[first]["evidence"]) == (outcome, evidence)
    assert {rows[number_id]["outcome"] for number_id in others} == {"released"}
    assert ran.code == code, ran.err


def test_releases_that_are_all_answered_503_are_an_outage_though_the_account_can_be_read(
    start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    sandbox = start_sandbox(World.made_up(numbers=100), faults=[Rule.of(Fault("503_before", text="0"))])
    decom = decom_for(sandbox)
    chosen = ids(sandbox.world.releasable)[:30]
    ran = decom("run", input_of(decom.folder, chosen), "--execute", "--yes", "--concurrency", "4", DECOM_TIMEOUT="1")
    assert ran.code == 4, ran.err
    rows = audit_rows(decom.run_folder())
    assert "stopped:outage" in {row["evidence"] for row in rows}
    assert {row["outcome"] for row in rows} <= {"not_attempted", "unknown", "failed"}
    assert "the service returned 503" in decom("show", decom.run_folder().name).out
    assert "base URL" not in ran.out + ran.err and "base URL" not in "".join(row["reason"] for row in rows)
    assert len(deletes(sandbox)) < 30 and sandbox.removed == {}

    sandbox.faults = FaultPlan()
    resumed = decom("resume", "--yes", DECOM_TIMEOUT="1")
    failed = {row["number_id"] for row in rows if row["outcome"] == "failed"}
    assert resumed.code == (4 if len(failed) > 0 else 0), resumed.err
    assert set(sandbox.removed) == set(chosen) - failed


@pytest.mark.parametrize("fault", ["route_404", "html_404", "html_200", "redirect_307"])
def test_an_answer_that_is_not_the_apis_never_makes_a_row_missing_and_stops_the_run(
    fault: str, start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    sandbox = start_sandbox(World.made_up(numbers=60), faults=[Rule.of(fault)])
    decom = decom_for(sandbox)
    chosen = ids(sandbox.world.releasable)[:20]
    numbers = input_of(decom.folder, chosen)
    ran = decom("run", numbers, "--execute", "--yes", "--concurrency", "2", DECOM_TIMEOUT="2")
    assert ran.code == 4, ran.err
    rows = audit_rows(decom.run_folder())
    assert {row["outcome"] for row in rows} <= {"failed", "unknown", "not_attempted"}
    assert any(row["evidence"] == "stopped:base_url" for row in rows)
    assert len(deletes(sandbox)) <= 4
    assert sandbox.removed == {}


@pytest.mark.parametrize("lost", [False, True])
def test_a_gateway_that_knows_no_number_makes_none_missing_and_none_released(
    lost: bool, start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    world = World.made_up(numbers=60)
    gateway = Fault("gateway_404", text="kong")
    chosen = ids(world.releasable)[:8]
    faults = [Rule.of(gateway), Rule.of(gateway, method="GET", path="organization-phone-numbers/")]
    faults = [Rule.of("drop_before", nth=1, per_number=True), *faults] if lost else faults
    sandbox = start_sandbox(world, faults=faults)
    decom = decom_for(sandbox)
    numbers = input_of(decom.folder, chosen)
    ran = decom("run", numbers, "--execute", "--yes", "--concurrency", "2", DECOM_TIMEOUT="0.5")
    assert ran.code == 4, ran.err
    found = outcomes(decom.run_folder())
    assert sandbox.removed == {} and set(found) <= {"failed", "unknown", "not_attempted"}, found


def test_a_dead_service_ends_the_run_after_few_requests(
    start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    sandbox = start_sandbox(World.made_up(numbers=200), faults=[Rule.of("502_before")])
    decom = decom_for(sandbox)
    chosen = ids(sandbox.world.releasable)[:80]
    numbers = input_of(decom.folder, chosen)
    flags = ("--execute", "--yes", "--max-share", "1", "--concurrency", "4")
    ran = decom("run", numbers, *flags, DECOM_TIMEOUT="2")
    assert ran.code == 4, ran.err
    assert len(deletes(sandbox)) <= 80 + 10
    assert released(decom.run_folder()) == set()


def test_a_key_revoked_in_the_middle_stops_everything_and_claims_nothing(
    start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    sandbox = start_sandbox(World.made_up(numbers=200), faults=[Rule.of("401", nth=range(11, 1000))])
    decom = decom_for(sandbox)
    chosen = ids(sandbox.world.releasable)[:60]
    ran = decom("run", input_of(decom.folder, chosen), "--execute", "--yes", "--concurrency", "4")
    assert ran.code == 6, ran.err
    assert released(decom.run_folder()) == set(sandbox.removed)
    assert len(deletes(sandbox)) <= 10 + 4
    rows = audit_rows(decom.run_folder())
    assert {row["evidence"] for row in rows if row["outcome"] != "released"} == {"stopped:key"}


def test_a_campaign_that_starts_after_the_plan_is_seen_before_anything_is_sent(
    decom: Command, sandbox: Sandbox
) -> None:
    rows = sandbox.world.releasable[:3]
    assert decom("plan", input_of(decom.folder, ids(rows))).code == 0
    sandbox.world.start_campaign(rows[0]["phone_number"], name="Night calls")
    sandbox.world.take_away(rows[1]["id"])
    ran = decom("release", decom.run_folder(), "--yes")
    assert ran.code == 3, ran.err
    found = {row["number_id"]: row for row in audit_rows(decom.run_folder())}
    assert found[rows[0]["id"]]["outcome"] == "conflicted"
    assert "Night calls" in found[rows[0]["id"]]["conflicts"]
    assert found[rows[1]["id"]]["evidence"] == "answered_404_after_seen"
    assert len(deletes(sandbox)) == 1


def test_an_id_that_has_come_to_mean_another_number_is_not_released(decom: Command, sandbox: Sandbox) -> None:
    row = sandbox.world.releasable[0]
    assert decom("plan", input_of(decom.folder, [row["id"]])).code == 0
    sandbox.world.reassign(row["id"], "+14155550199")
    ran = decom("release", decom.run_folder(), "--yes")
    assert ran.code == 4, ran.err
    assert audit_rows(decom.run_folder())[0]["evidence"] == "stopped:changed"
    assert deletes(sandbox) == []


def test_429_to_every_release_is_waited_for_and_the_log_says_so(
    start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    sandbox = start_sandbox(World.made_up(numbers=60), faults=[Rule.of(Fault("429", text="86400"))])
    decom = decom_for(sandbox)
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:5])
    ran = decom("run", numbers, "--execute", "--yes", "--deadline", "2s")
    assert ran.code == 4, ran.err
    waiting = [line for line in map(json.loads, ran.err.splitlines()) if line["event"] == "waiting"]
    assert len(waiting) == 1
    assert waiting[0]["why"] == "the service returned 429" and 86_400 < waiting[0]["seconds"] < 86_500
    assert len(deletes(sandbox)) == 5, "those that were in flight together"
    assert {row["evidence"] for row in audit_rows(decom.run_folder())} == {"stopped:deadline"}
