"""A stop is prompt in every phase: nothing that the service asked to be waited for is waited for any more."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.end_to_end.readings import audit_rows, deletes, ids, input_of
from tests.in_process import Desk
from tests.service.faults import Fault, FaultPlan, Rule
from tests.service.hooks import Phase
from tests.service.request_log import Record
from tests.service.server import Sandbox
from tests.service.world import World

Start = Callable[..., Sandbox]

AT_ONCE = 8.0
"""Seconds on a machine that has much else to do; what is not waited for would take 40 and more."""
WAIT = Fault("429", text="40")
"""The service asks to come back in 40 seconds."""
HANG = Fault("hang_before", 40.0)
"""No answer for 40 seconds."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def sandbox(start_sandbox: Start) -> Sandbox:
    return start_sandbox(World.made_up(numbers=60))


def troubled(sandbox: Sandbox, fault: Fault, method: str) -> None:
    """From now on every request with this method meets the fault."""
    before = () if sandbox.faults is None else sandbox.faults.rules
    sandbox.faults = FaultPlan((Rule.of(fault, method=method), *before))


def stops_at(sandbox: Sandbox, phase: Phase, method: str) -> list[float]:
    """Send SIGTERM to this process at that phase of the next request with this method; when that was."""
    at: list[float] = []

    def hook(reached: Phase, record: Record) -> None:
        if reached == phase and record.method == method and len(at) == 0:
            at.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGTERM)

    sandbox.on_phase = hook
    return at


@pytest.mark.parametrize(("fault", "phase"), [(WAIT, "answered"), (HANG, "arrival")], ids=["429", "slow"])
def test_a_stop_during_the_look_just_before_ends_the_run_at_once(
    desk: Desk, sandbox: Sandbox, fault: Fault, phase: Phase
):
    def from_now_on() -> None:
        troubled(sandbox, fault, "GET")
        stopped.append(stops_at(sandbox, phase, "GET"))

    stopped: list[list[float]] = []
    desk.before_leave = from_now_on
    finished = desk.run(sandbox, input_of(desk.folder, ids(sandbox.world.releasable)[:3]))
    assert time.monotonic() - stopped[0][0] < AT_ONCE
    assert finished.exit_code == 143 and deletes(sandbox) == []
    assert {row["evidence"] for row in audit_rows(finished.folder)} == {"stopped:sigterm"}


def test_a_stop_while_the_service_is_asked_whether_it_is_there_ends_the_run_at_once(desk: Desk, sandbox: Sandbox):
    """Five releases in a row without an answer, then questions that nobody answers either."""
    sandbox.faults = [Rule.of("502_before")]
    stopped: list[float] = []

    def hook(reached: Phase, record: Record) -> None:
        if record.method == "DELETE" and record.nth == 5 and reached == "arrival":
            troubled(sandbox, HANG, "GET")
        if record.method == "GET" and len(deletes(sandbox)) >= 5 and reached == "arrival" and len(stopped) == 0:
            stopped.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGTERM)

    sandbox.on_phase = hook
    numbers = input_of(desk.folder, ids(sandbox.world.releasable)[:12])
    finished = desk.run(sandbox, numbers, concurrency=5, DECOM_TIMEOUT="2")
    assert time.monotonic() - stopped[0] < AT_ONCE
    assert finished.exit_code == 143 and len(deletes(sandbox)) == 5


def test_a_number_in_doubt_is_asked_about_for_no_longer_than_one_request_takes(desk: Desk, sandbox: Sandbox):
    """Its release had no answer, and the question what became of it is told to come back in 40 seconds."""
    sandbox.faults = [Rule.of("html_200")]
    troubled_at: list[list[float]] = []

    def hook(reached: Phase, record: Record) -> None:
        if record.method == "DELETE" and reached == "arrival":
            troubled(sandbox, WAIT, "GET")
            troubled_at.append(stops_at(sandbox, "answered", "GET"))

    sandbox.on_phase = hook
    numbers = input_of(desk.folder, ids(sandbox.world.releasable)[:1])
    finished = desk.run(sandbox, numbers, DECOM_TIMEOUT="2")
    assert time.monotonic() - troubled_at[0][0] < AT_ONCE
    assert finished.exit_code == 143
    assert [row["outcome"] for row in audit_rows(finished.folder)] == ["unknown"]
    sandbox.on_phase, sandbox.faults = None, ()
    assert desk.resume(sandbox).exit_code == 0


@pytest.mark.parametrize(
    ("number", "code", "arguments"),
    [(signal.SIGTERM, 143, ("plan",)), (signal.SIGINT, 130, ("run", "--execute", "--yes"))],
    ids=["plan", "run"],
)
def test_a_stop_while_the_account_is_read_for_a_plan_is_not_kept_waiting(
    sandbox: Sandbox, decom_for: Callable[[Sandbox], Command], number: int, code: int, arguments: tuple[str, ...]
):
    decom = decom_for(sandbox)
    troubled(sandbox, WAIT, "GET")
    answered = threading.Event()
    sandbox.on_phase = lambda reached, _: answered.set() if reached == "answered" else None
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:3])
    with decom.begun(arguments[0], numbers, *arguments[1:]) as process:
        assert answered.wait(60)
        stopped = time.monotonic()
        process.send_signal(number)
        _, error = process.communicate(timeout=60)
    assert time.monotonic() - stopped < AT_ONCE
    assert process.returncode == code and b"Traceback" not in error
    named = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
    assert f"interrupted ({named})".encode() in error, error
    assert decom("runs").code == 0
