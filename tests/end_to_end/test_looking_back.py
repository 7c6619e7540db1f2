"""An end that nobody looked at is not done; and what the look back sees standing was not released."""

import signal
from collections.abc import Callable

import pytest

from tests.conftest import Command
from tests.end_to_end.readings import audit, audit_rows, deletes, ids, input_of, outcomes, released
from tests.service.faults import Rule
from tests.service.request_log import Record
from tests.service.server import Sandbox
from tests.service.world import World

Made = tuple[Sandbox, Command, list[str]]


@pytest.fixture
def made(start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]) -> Made:
    """An account, the command, and three numbers that may be released."""
    world = World.made_up(numbers=60)
    sandbox = start_sandbox(world)
    return sandbox, decom_for(sandbox), ids(world.releasable)[:3]


def at_the_look_back(sandbox: Sandbox, action: Callable[[], None]) -> None:
    """Do something, once, when the first question comes after everything was released."""

    def hook(phase: str, record: Record) -> None:
        if phase == "arrival" and record.method == "GET" and len(deletes(sandbox)) == 3:
            sandbox.on_phase = None
            action()

    sandbox.on_phase = hook


@pytest.mark.parametrize("fault", ["202_before", "reappear"])
def test_a_confirmed_release_that_the_look_back_sees_standing_is_failed_and_says_both(made: Made, fault: str) -> None:
    sandbox, decom, chosen = made
    sandbox.faults = [Rule.of(fault, ids=chosen[:1])]
    ran = decom("run", input_of(decom.folder, chosen), "--execute", "--yes", DECOM_TIMEOUT="1")
    assert ran.code == 4, ran.err
    assert outcomes(decom.run_folder()) == {"released": 2, "failed": 1}
    (row,) = [row for row in audit_rows(decom.run_folder()) if row["outcome"] == "failed"]
    assert (row["number_id"], row["evidence"], row["billing_stops_on"]) == (chosen[0], "still_present", "")
    assert row["reason"] == (
        f"the service confirmed the release ({row['http_status']}); but verification found it on the account twice"
    )
    assert audit(decom.run_folder())["verification"]["differences"] == []
    assert decom("verify", decom.run_folder()).code == 0
    assert (decom.run_folder() / "retry.csv").exists()


def test_a_look_back_that_cannot_be_had_is_said_everywhere_and_resume_has_it(made: Made) -> None:
    sandbox, decom, chosen = made
    at_the_look_back(sandbox, lambda: setattr(sandbox, "faults", [Rule.of("500_before", method="GET")]))
    ran = decom("run", input_of(decom.folder, chosen), "--execute", "--yes")
    assert ran.code == 4, ran.err
    assert "Incomplete: not verified: run" in ran.out and "decom resume" in ran.out
    assert (
        "Not verified:" in ran.out
        and "<strong>Not verified:</strong>" in (decom.run_folder() / "audit.html").read_text()
    )
    assert outcomes(decom.run_folder()) == {"released": 3}
    assert "done, not verified" in decom("runs").out

    sandbox.faults = []
    ran = decom("resume", "--yes")

    assert ran.code == 0, ran.err
    assert "everything matches" in ran.out and len(deletes(sandbox)) == 3
    assert "not verified" not in decom("runs").out


def test_a_key_that_is_refused_at_the_look_back_stops_the_run_and_the_right_one_finishes_it(made: Made) -> None:
    sandbox, decom, chosen = made
    at_the_look_back(sandbox, lambda: setattr(sandbox, "faults", [Rule.of("401", method="GET")]))
    ran = decom("run", input_of(decom.folder, chosen), "--execute", "--yes")
    assert ran.code == 6, ran.err
    assert released(decom.run_folder()) == set(chosen) and "Not verified:" in ran.out
    sandbox.faults = []
    assert decom("resume", "--yes").code == 0


@pytest.mark.parametrize(
    ("number", "code", "status"), [(signal.SIGTERM, 143, "stopped"), (signal.SIGKILL, -9, "interrupted")]
)
def test_a_run_that_ends_in_its_look_back_is_not_done_and_resume_finishes_it(
    made: Made, number: int, code: int, status: str
) -> None:
    sandbox, decom, chosen = made
    sandbox.faults = [Rule.of("latency:0.5", method="GET", nth=range(3, 99))]
    with decom.begun("run", input_of(decom.folder, chosen), "--execute", "--yes", "--concurrency", "1") as process:
        at_the_look_back(sandbox, lambda: process.send_signal(number))
        process.communicate(timeout=60)
    assert process.returncode == code
    (line,) = [line for line in decom("runs").out.splitlines() if decom.run_folder().name in line]
    assert f" {status} " in line
    assert (decom.run_folder() / "audit.csv").exists() is (status == "stopped")

    sandbox.faults = []
    ran = decom("resume", "--yes")

    assert ran.code == 0, ran.err
    assert released(decom.run_folder()) == set(chosen) == set(sandbox.removed)
    assert len(deletes(sandbox)) == 3
    assert " done " in decom("runs").out


def test_a_missing_row_that_is_there_after_all_is_a_difference(made: Made) -> None:
    sandbox, decom, chosen = made
    gone = sandbox.world.take_away(chosen[0])
    numbers = decom.folder / "numbers.csv"
    numbers.write_text(f"number\n{gone['phone_number']}\n{chosen[1]}\n")
    ran = decom("run", numbers, "--execute", "--yes")
    assert ran.code == 0, ran.err
    assert outcomes(decom.run_folder()) == {"released": 1, "missing": 1}
    sandbox.world.put_back(gone)
    ran = decom("verify", decom.run_folder(), DECOM_TIMEOUT="1")
    assert ran.code == 4
    assert f"{gone['phone_number']} is reported as missing, and is still on the account" in ran.out
