"""The spine, by the installed command against a real server: plan, release, audit, and the server agrees."""

from collections.abc import Callable
from typing import Literal

import pytest

from tests.conftest import Command
from tests.end_to_end.readings import audit, audit_rows, deletes, ids, input_of, outcomes, released
from tests.service.server import Sandbox
from tests.service.world import World

Generation = Literal["first", "second"]


@pytest.mark.parametrize("generation", ["first", "second"])
def test_the_audit_of_400_rows_and_the_servers_own_memory_agree(
    generation: Generation, start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    """300 releasable, 25 conflicts known beforehand, 5 only to the server, 15 missing, 1 duplicate, 54 more."""
    sandbox = start_sandbox(World.made_up(seed=7, numbers=400, generation=generation, held=25, secretly_held=5))
    decom, world = decom_for(sandbox), sandbox.world
    free, held, secret = ids(world.releasable)[:300], ids(world.held_openly), ids(world.held_secretly)
    assert (len(free), len(held), len(secret)) == (300, 25, 5)
    gone = [f"phn_gone{n}" for n in range(15)]
    odd = [f"odd cell {n}" for n in range(54)]
    numbers = input_of(decom.folder, [*free, *held, *secret, *gone, free[0], *odd])

    first = decom("run", numbers, "--execute", "--yes", "--max-release", "305", "--max-share", "1")

    assert first.code == 3, first.err
    folder = decom.run_folder()
    expected = {"released": 300, "conflicted": 30, "missing": 15, "duplicate": 1, "invalid": 54}
    assert outcomes(folder) == expected
    assert released(folder) == set(sandbox.removed) == set(free)
    assert [row["input_value"] for row in audit_rows(folder)] == [*free, *held, *secret, *gone, free[0], *odd]
    answered = {row["number_id"] for row in audit_rows(folder) if row["evidence"] == "answered_409"}
    assert answered == set(secret)
    assert len(deletes(sandbox)) == 305

    second = decom("run", numbers, "--execute", "--yes", "--max-release", "305", "--max-share", "1")

    assert second.code == 3, second.err
    again = decom.run_folder()
    assert outcomes(again) == {"missing": 315, "conflicted": 30, "duplicate": 1, "invalid": 54}
    assert released(again) == set()
    by_us = {row["number_id"]: row["evidence"] for row in audit_rows(again) if row["number_id"] in set(free)}
    assert {by_us[number_id] for number_id in free[1:]} == {f"earlier_run:{folder.name}"}


def test_planning_300_rows_on_an_account_of_400_takes_few_requests(decom: Command, sandbox: Sandbox) -> None:
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:300])
    assert decom("plan", numbers, "--max-release", "300", "--max-share", "1").code == 0
    assert len(sandbox.log) <= 40
    assert {record.method for record in sandbox.log} == {"GET"}


def test_few_rows_of_a_large_account_are_asked_for_one_by_one(
    start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    sandbox = start_sandbox(World.made_up(numbers=3000))
    decom = decom_for(sandbox)
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:5])
    assert decom("plan", numbers).code == 0
    listed = [record for record in sandbox.log if record.target.startswith("/v1/organization-phone-numbers?")]
    assert len(listed) == 1


def test_a_plan_is_released_once_and_its_second_release_is_refused(decom: Command, sandbox: Sandbox) -> None:
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:3])
    assert decom("plan", numbers).code == 0
    run_id = decom.run_folder().name
    assert decom("release", run_id, "--yes").code == 0
    assert audit(decom.run_folder())["counts"]["released"] == 3
    refused = decom("release", decom.run_folder() / "plan.json", "--yes")
    assert refused.code == 5
    assert "can be applied once" in refused.err
    assert len(deletes(sandbox)) == 3


def test_a_report_is_written_again_from_the_ledger_alone(decom: Command, sandbox: Sandbox) -> None:
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:3])
    assert decom("run", numbers, "--execute", "--yes").code == 0
    folder = decom.run_folder()
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.name.startswith("audit")}
    for path in folder.iterdir():
        if path.name.startswith("audit"):
            path.unlink()
    asked = len(sandbox.log)
    assert decom("report", folder.name, DIALNEXA_API_KEY="").code == 0
    assert len(sandbox.log) == asked
    after = {path.name: path.read_bytes() for path in folder.iterdir() if path.name.startswith("audit")}
    assert after["audit.csv"] == before["audit.csv"]
    assert set(after) == set(before)


def test_verify_finds_a_number_that_came_back_and_a_file_that_was_changed(decom: Command, sandbox: Sandbox) -> None:
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:3])
    row = sandbox.world.releasable[0]
    assert decom("run", numbers, "--execute", "--yes").code == 0
    folder = decom.run_folder()
    assert decom("verify", folder.name).code == 0
    sandbox.world.put_back(row)
    report = folder / "audit.csv"
    report.write_bytes(report.read_bytes().replace(b"released", b"Released", 1))
    seen = decom("verify", folder.name, DECOM_TIMEOUT="1")
    assert seen.code == 4
    assert row["id"] in seen.out + seen.err
    assert "audit.csv" in seen.out + seen.err
